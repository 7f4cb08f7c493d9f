/** What comes back on a POST: one message, a stream of them, or a status that says no. */
import type { JsonObject, JsonRpcId } from "../core/mcp/json-rpc.ts";
import {
  answers,
  dataOf,
  eventsOf,
  isEventStream,
  messagesIn,
  type Reading,
  textOf,
} from "./event-stream.ts";
import { nonsense } from "./failures.ts";

export type OnMessage = (message: JsonObject) => void;

/** Where a stream stands, for whoever has to open it again. */
export interface Cursor {
  lastEventId: string | undefined;
  retryMs: number;
  heardAt: number;
  /** How often it was opened without anything coming. */
  attempts: number;
}

export const newCursor = (lastEventId?: string): Cursor => ({
  lastEventId,
  retryMs: 1000,
  heardAt: Date.now(),
  attempts: 0,
});

/** A server may name the pause before we come back; not one to hammer it with, nor one that nobody outlasts. */
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/** What the server asked for, longer each time that nothing came of it. */
export function pauseBefore(cursor: Cursor): number {
  const wanted = Math.max(cursor.retryMs, SHORTEST_PAUSE_MS) * 2 ** Math.min(cursor.attempts, 10);
  cursor.attempts += 1;
  return Math.min(wanted, LONGEST_PAUSE_MS);
}

/** The answer, with our id on it; undefined where the stream ended before it. */
export async function answerFromStream(
  body: ReadableStream<Uint8Array>,
  id: JsonRpcId,
  onMessage: OnMessage,
  reading: Reading,
  cursor: Cursor,
): Promise<JsonObject | undefined> {
  for await (const event of eventsOf(body, reading)) {
    moveTo(cursor, event);
    const data = dataOf(event);
    if (data === undefined) continue;
    const answer = sort(messagesIn(data, reading.server), id, onMessage);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

export function moveTo(cursor: Cursor, event: { readonly id?: string; readonly retry?: number }): void {
  cursor.attempts = 0;
  // An empty id takes the former one back, says the standard.
  if (event.id !== undefined) cursor.lastEventId = event.id === "" ? undefined : event.id;
  if (event.retry !== undefined) cursor.retryMs = event.retry;
}

export async function answerFromJson(
  response: Response,
  id: JsonRpcId,
  onMessage: OnMessage,
  reading: Reading,
): Promise<JsonObject> {
  const text = await textOf(response.body, reading);
  const answer = text.trim() === "" ? undefined : sort(messagesIn(text, reading.server), id, onMessage);
  if (answer === undefined) throw nonsense(reading.server, "took a request and did not answer it");
  return answer;
}

/** The JSON-RPC error that explains a status, if there is one. */
export async function explanation(
  response: Response,
  id: JsonRpcId,
  reading: Reading,
): Promise<JsonObject | undefined> {
  if (isEventStream(response) || response.headers.get("content-type")?.includes("json") !== true) {
    await response.body?.cancel();
    return undefined;
  }
  try {
    const text = await textOf(response.body, reading);
    return sort(messagesIn(text, reading.server), id, () => undefined);
  } catch {
    // The status says enough.
    return undefined;
  }
}

function sort(messages: readonly JsonObject[], id: JsonRpcId, onMessage: OnMessage): JsonObject | undefined {
  let answer: JsonObject | undefined;
  for (const message of messages) {
    if (answers(message, id)) answer = { ...message, id };
    else onMessage(message);
  }
  return answer;
}
