/** The responses to a POST: one message, a stream of them, or an error status. */
import type { JsonObject, JsonRpcId } from "../../../core/mcp/json-rpc.ts";
import { invalidResponse } from "../../connection/errors.ts";
import {
  eventData,
  isEventStream,
  isResponseTo,
  parseMessages,
  type ReadOptions,
  readEvents,
  readText,
} from "../../connection/event-stream.ts";

export type OnMessage = (message: JsonObject) => void;

/** The position of a stream, for resuming it. */
export interface StreamCursor {
  lastEventId: string | undefined;
  retryMs: number;
  receivedAt: number;
  /** How often it was opened without anything coming. */
  attempts: number;
}

export const createCursor = (lastEventId?: string): StreamCursor => ({
  lastEventId,
  retryMs: 1000,
  receivedAt: Date.now(),
  attempts: 0,
});

/** Bounds the reconnection delay that a server can request. */
const MIN_RECONNECT_DELAY_MS = 100;
const MAX_RECONNECT_DELAY_MS = 30_000;

/** The delay that the server requested, longer after each attempt without an event. */
export function reconnectDelay(cursor: StreamCursor): number {
  const wanted = Math.max(cursor.retryMs, MIN_RECONNECT_DELAY_MS) * 2 ** Math.min(cursor.attempts, 10);
  cursor.attempts += 1;
  return Math.min(wanted, MAX_RECONNECT_DELAY_MS);
}

/** The answer, with our id on it; undefined where the stream ended before it. */
export async function readStreamResponse(
  body: ReadableStream<Uint8Array>,
  id: JsonRpcId,
  onMessage: OnMessage,
  reading: ReadOptions,
  cursor: StreamCursor,
): Promise<JsonObject | undefined> {
  for await (const event of readEvents(body, reading)) {
    advanceCursor(cursor, event);
    const data = eventData(event);
    if (data === undefined) continue;
    const answer = dispatchMessages(parseMessages(data, reading.server), id, onMessage);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

export function advanceCursor(
  cursor: StreamCursor,
  event: { readonly id?: string; readonly retry?: number },
): void {
  cursor.attempts = 0;
  // By the standard, an empty id removes the former one.
  if (event.id !== undefined) cursor.lastEventId = event.id === "" ? undefined : event.id;
  if (event.retry !== undefined) cursor.retryMs = event.retry;
}

export async function readJsonResponse(
  response: Response,
  id: JsonRpcId,
  onMessage: OnMessage,
  reading: ReadOptions,
): Promise<JsonObject> {
  const text = await readText(response.body, reading);
  const answer =
    text.trim() === "" ? undefined : dispatchMessages(parseMessages(text, reading.server), id, onMessage);
  if (answer === undefined) throw invalidResponse(reading.server, "accepted a request without responding");
  return answer;
}

/** The JSON-RPC error that explains a status, if there is one. */
export async function readErrorResponse(
  response: Response,
  id: JsonRpcId,
  reading: ReadOptions,
): Promise<JsonObject | undefined> {
  if (isEventStream(response) || response.headers.get("content-type")?.includes("json") !== true) {
    await response.body?.cancel();
    return undefined;
  }
  try {
    const text = await readText(response.body, reading);
    return dispatchMessages(parseMessages(text, reading.server), id, () => undefined);
  } catch {
    // The status suffices.
    return undefined;
  }
}

function dispatchMessages(
  messages: readonly JsonObject[],
  id: JsonRpcId,
  onMessage: OnMessage,
): JsonObject | undefined {
  let answer: JsonObject | undefined;
  for (const message of messages) {
    if (isResponseTo(message, id)) answer = { ...message, id };
    else onMessage(message);
  }
  return answer;
}
