/** Reads what an upstream answers, as text or as events, with an end to every silence and to every size. */
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, getNumber, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { EventSplitter, parseEvent, type SseEvent } from "../../core/mcp/sse.ts";
import { type BodyLimits, readBoundedPieces } from "../../core/net/bounded-body.ts";
import {
  MAX_EVENT_BYTES,
  MAX_RESPONSE_BYTES,
  RESPONSE_TOTAL_TIMEOUT_MS,
  STREAM_TOTAL_TIMEOUT_MS,
} from "../../core/size-limits.ts";
import { bodyError, invalidResponse } from "./errors.ts";

type Stream = ReadableStream<Uint8Array>;

export interface ReadOptions {
  readonly server: string;
  /** No byte for this long is a failure; undefined where silence means nothing. */
  readonly idleMs: number | undefined;
  readonly signal: AbortSignal;
  /** Called with every piece, whatever is in it. */
  readonly onActivity?: () => void;
  /** Of a body that is read as one text; by default that of the table of limits. */
  readonly maxBytes?: number | undefined;
}

export const isEventStream = (response: Response) =>
  response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;

export async function* readEvents(body: Stream, reading: ReadOptions): AsyncGenerator<SseEvent, void> {
  const splitter = new EventSplitter(MAX_EVENT_BYTES);
  const decoder = new TextDecoder();
  const limits = { maxBytes: Number.POSITIVE_INFINITY, totalMs: STREAM_TOTAL_TIMEOUT_MS };
  for await (const piece of readPieces(body, reading, limits)) {
    for (const block of split(splitter, decoder.decode(piece, { stream: true }), reading.server)) {
      yield parseEvent(block);
    }
  }
}

function split(splitter: EventSplitter, text: string, server: string): string[] {
  try {
    return splitter.push(text);
  } catch (error) {
    throw invalidResponse(server, `sent an event larger than ${MAX_EVENT_BYTES} bytes`, error);
  }
}

export async function readText(body: Stream | null, reading: ReadOptions): Promise<string> {
  const { maxBytes = MAX_RESPONSE_BYTES.mcp } = reading;
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  for await (const piece of readPieces(body, reading, { maxBytes, totalMs: RESPONSE_TOTAL_TIMEOUT_MS })) {
    pieces.push(decoder.decode(piece, { stream: true }));
  }
  return pieces.join("") + decoder.decode();
}

/** Leaving the loop early cancels the stream. */
async function* readPieces(
  body: Stream | null,
  { server, idleMs, signal, onActivity }: ReadOptions,
  limits: BodyLimits,
): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of readBoundedPieces(body, { ...limits, idleMs, signal })) {
      onActivity?.();
      yield piece;
    }
  } catch (error) {
    throw bodyError(server, error);
  }
}

/** One message, or the several of a batch of revision 2025-03-26. */
export function parseMessages(text: string, server: string): readonly JsonObject[] {
  const parsed = parseLossless(text);
  const messages: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const known = messages.filter((message) => isMembers(message) && message.jsonrpc === "2.0");
  if (known.length < messages.length || messages.length === 0) {
    throw invalidResponse(server, "sent a message that is not JSON-RPC");
  }
  return known.filter(isMembers);
}

/** Events of other names are none of the protocol's, and those without data only move the cursor. */
export function eventData(event: SseEvent): string | undefined {
  return event.event === undefined || event.event === "message" ? event.data || undefined : undefined;
}

export const isResponse = (message: JsonObject) =>
  !("method" in message) && ("result" in message || "error" in message);

/** However a server spells the number that we sent: 7 may come back as 7.0. */
export function responseId(response: JsonObject): JsonRpcId | undefined {
  const id = getMember(response, "id");
  return typeof id === "string" ? id : getNumber(id);
}

/** An error without an id answers the only request there is. */
export function isResponseTo(message: JsonObject, id: JsonRpcId): boolean {
  if (!isResponse(message)) return false;
  const hasNoId = getMember(message, "id") === null || !("id" in message);
  return responseId(message) === id || ("error" in message && hasNoId);
}
