/** Changes the messages of an event stream on their way, and leaves everything else of it as it came. */
import { BlockSplitter, readBlock, writeBlock } from "../core/mcp/sse.ts";
import { MAX_EVENT_BYTES } from "../core/size-limits.ts";

/** From the text of a message to the text that goes on; the very same where nothing is to be changed. */
export type Edit = (message: string) => Promise<string>;

export function edited(body: ReadableStream<Uint8Array>, edit: Edit): ReadableStream<Uint8Array> {
  const splitter = new BlockSplitter(MAX_EVENT_BYTES);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        for (const block of splitter.push(decoder.decode(piece, { stream: true }))) {
          controller.enqueue(encoder.encode(await editBlock(block, edit)));
        }
      },
      flush(controller) {
        if (splitter.rest !== "") controller.enqueue(encoder.encode(splitter.rest));
      },
    }),
  );
}

async function editBlock(block: string, edit: Edit): Promise<string> {
  const event = readBlock(block);
  if (event.data === undefined || event.data === "") return `${block}\n\n`;
  const data = await edit(event.data);
  return data === event.data ? `${block}\n\n` : writeBlock({ ...event, data });
}
