/** Changes the messages of an event stream on their way, and leaves everything else of it as it came. */
import { EventCollector, EventSplitter, formatEvent, parseEvent } from "../../core/mcp/sse.ts";
import { BodyLimitError } from "../../core/net/bounded-body.ts";
import { MAX_EVENT_BYTES } from "../../core/size-limits.ts";

/** From the text of a message to the text that goes on; the very same where nothing is to be changed. */
export interface EventTransform {
  (message: string): Promise<string>;
  /** Messages without a match are not changed: their events go on as they came, to the byte. */
  readonly only?: RegExp;
}

export function transformEvents(
  body: ReadableStream<Uint8Array>,
  edit: EventTransform,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  const encoder = new TextEncoder();
  const collector = new EventCollector(MAX_EVENT_BYTES);
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        const complete = collect(collector, decoder.decode(piece, { stream: true }));
        if (complete !== "") controller.enqueue(encoder.encode(await editEvents(complete, edit)));
      },
      flush(controller) {
        if (collector.rest !== "") controller.enqueue(encoder.encode(collector.rest));
      },
    }),
  );
}

function collect(collector: EventCollector, text: string): string {
  try {
    return collector.push(text);
  } catch {
    throw new BodyLimitError("too_large", MAX_EVENT_BYTES);
  }
}

async function editEvents(text: string, edit: EventTransform): Promise<string> {
  if (edit.only?.test(text) === false) return text;
  const splitter = new EventSplitter(MAX_EVENT_BYTES);
  const blocks = await Promise.all(splitter.push(text).map((block) => editEvent(block, edit)));
  return blocks.join("") + splitter.rest;
}

async function editEvent(block: string, edit: EventTransform): Promise<string> {
  const event = parseEvent(block);
  if (event.data === undefined || event.data === "") return `${block}\n\n`;
  const data = await edit(event.data);
  return data === event.data ? `${block}\n\n` : formatEvent({ ...event, data });
}
