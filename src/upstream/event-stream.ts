/** Reads what an upstream answers, as text or as events, with an end to every silence and to every size. */
import type { JsonObject, JsonRpcId } from "../core/mcp/json-rpc.ts";
import { isMembers, memberOf, numberOf, parseLossless } from "../core/mcp/json-text.ts";
import { BlockSplitter, readBlock, type SseEvent } from "../core/mcp/sse.ts";
import { within } from "../core/waiting.ts";
import { broken, cancelled, nonsense, silent } from "./failures.ts";

/** Larger than any body that a client may send; a message beyond it is a fault. */
export const MAX_MESSAGE_LENGTH = 64 * 1024 * 1024;

export interface Reading {
  readonly server: string;
  /** No byte for this long is a failure; undefined where silence means nothing. */
  readonly idleMs: number | undefined;
  readonly signal: AbortSignal;
  /** Called with every piece, whatever is in it. */
  readonly heard?: () => void;
}

type Body = ReadableStream<Uint8Array>;

export const isEventStream = (response: Response) =>
  response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;

export async function* eventsOf(body: Body, reading: Reading): AsyncGenerator<SseEvent, void> {
  const splitter = new BlockSplitter(MAX_MESSAGE_LENGTH);
  const decoder = new TextDecoder();
  for await (const piece of piecesOf(body, reading)) {
    for (const block of split(splitter, decoder.decode(piece, { stream: true }), reading.server)) {
      yield readBlock(block);
    }
  }
}

function split(splitter: BlockSplitter, text: string, server: string): string[] {
  try {
    return splitter.push(text);
  } catch (error) {
    throw nonsense(server, "sent a message that is larger than allowed", error);
  }
}

export async function textOf(body: Body | null, reading: Reading): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of piecesOf(body, reading)) {
    length += piece.length;
    if (length > MAX_MESSAGE_LENGTH)
      throw nonsense(reading.server, "sent a message that is larger than allowed");
    pieces.push(decoder.decode(piece, { stream: true }));
  }
  return pieces.join("") + decoder.decode();
}

/** Leaving the loop early cancels the stream. */
async function* piecesOf(body: Body, reading: Reading): AsyncGenerator<Uint8Array, void> {
  const { server, idleMs, signal } = reading;
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    for (;;) {
      const next = reader.read().catch((error: unknown) => {
        throw signal.aborted ? cancelled(server) : broken(server, error);
      });
      const piece = idleMs === undefined ? await next : await within(next, idleMs);
      if (piece === undefined) throw silent(server, idleMs ?? 0);
      if (piece.done) break;
      reading.heard?.();
      yield piece.value;
    }
    if (signal.aborted) throw cancelled(server);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** One message, or the several of a batch, which revision 2025-03-26 knows. */
export function messagesIn(text: string, server: string): readonly JsonObject[] {
  const parsed = parseLossless(text);
  const messages: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const known = messages.filter((message) => isMembers(message) && message.jsonrpc === "2.0");
  if (known.length < messages.length || messages.length === 0) {
    throw nonsense(server, "sent something that is no JSON-RPC message");
  }
  return known.filter(isMembers);
}

/** Events of other names are none of the protocol's, and those without data only move the cursor. */
export function dataOf(event: SseEvent): string | undefined {
  return event.event === undefined || event.event === "message" ? event.data || undefined : undefined;
}

export const isResponse = (message: JsonObject) =>
  !("method" in message) && ("result" in message || "error" in message);

/** However a server spells the number that we sent: 7 may come back as 7.0. */
export function answeredId(response: JsonObject): JsonRpcId | undefined {
  const id = memberOf(response, "id");
  return typeof id === "string" ? id : numberOf(id);
}

/** An error without an id answers the only request there is. */
export function answers(message: JsonObject, id: JsonRpcId): boolean {
  if (!isResponse(message)) return false;
  const isNobodys = memberOf(message, "id") === null || !("id" in message);
  return answeredId(message) === id || ("error" in message && isNobodys);
}
