/** Changes the messages of an event stream on their way, and leaves everything else of it as it came. */
import { EventSplitter, formatEvent, parseEvent } from "../../core/mcp/sse.ts";
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
  let rest = "";
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        rest += decoder.decode(piece, { stream: true });
        const length = endOfEvents(rest);
        if (rest.length - length > MAX_EVENT_BYTES) throw new RangeError("an event is larger than allowed");
        if (length === 0) return;
        const complete = rest.slice(0, length);
        rest = rest.slice(length);
        controller.enqueue(encoder.encode(await editEvents(complete, edit)));
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(encoder.encode(rest));
      },
    }),
  );
}

/** Searched from the end: a large event comes in many pieces. */
function endOfEvents(text: string): number {
  for (let at = text.length - 1; at > 0; at -= 1) {
    if (!isLineEnd(text, at)) continue;
    const before = text[at] === "\n" && text[at - 1] === "\r" ? at - 2 : at - 1;
    if (before >= 0 && isLineEnd(text, before)) return at + 1;
  }
  return 0;
}

const isLineEnd = (text: string, at: number) => text[at] === "\n" || text[at] === "\r";

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
