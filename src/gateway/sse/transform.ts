/**
 * Changes the messages of a relayed event stream and forwards everything else unchanged. The stream fails with a
 * BodyLimitError where an event is larger, or its message deeper, than the limits allow.
 */
import { isTooDeep, mayBeDeeper } from "../../core/mcp/json-scan.ts";
import { EventCollector, EventSplitter, formatEvent, parseEvent } from "../../core/mcp/sse.ts";
import { BodyLimitError } from "../../core/net/bounded-body.ts";
import { MAX_EVENT_BYTES, MAX_JSON_DEPTH } from "../../core/size-limits.ts";

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
  // Removes a byte order mark, as every reader of events does: behind one, a message would go on unedited.
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const collector = new EventCollector(MAX_EVENT_BYTES);
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        const complete = collect(collector, decoder.decode(piece, { stream: true }));
        if (complete === "") return;
        requireShallowMessages(complete);
        controller.enqueue(encoder.encode(await editEvents(complete, edit)));
      },
      flush(controller) {
        if (collector.rest === "") return;
        requireShallowMessages(`${collector.rest}\n\n`);
        controller.enqueue(encoder.encode(collector.rest));
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

/** Recursive readers of the client exhaust their stack on deep messages. Most texts have too few brackets to be parsed. */
function requireShallowMessages(text: string): void {
  if (!mayBeDeeper(text, MAX_JSON_DEPTH)) return;
  for (const block of new EventSplitter(text.length).push(text)) {
    const { data = "" } = parseEvent(block);
    if (isTooDeep(data, MAX_JSON_DEPTH)) throw new BodyLimitError("too_deep", MAX_JSON_DEPTH);
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
