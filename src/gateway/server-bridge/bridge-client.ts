/** The Worker's end of the bridge: sends a modern message to the object that keeps sessions with the legacy server. */

import type { UpstreamError } from "../../core/errors.ts";
import { METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { EventSplitter, parseEvent } from "../../core/mcp/sse.ts";
import { MAX_EVENT_BYTES } from "../../core/size-limits.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { CredentialRejectedError, connectionClosed } from "../../upstream/connection/errors.ts";
import { eventData, isResponse, readEvents } from "../../upstream/connection/event-stream.ts";
import { messageOutcome, toUpstreamError } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import type { BridgeRequest } from "../context/ports.ts";
import type { BridgeCall } from "./legacy-server.ts";

/** The object's methods, as its stub has them. */
export interface BridgeStub {
  serve(call: BridgeCall): Promise<Response>;
  cancel(callId: string): Promise<void>;
}

export type GetBridge = (principalId: string, serverId: string) => BridgeStub;

export async function callThroughBridge(
  { server, credential, message, acceptsStream, headers, signal }: BridgeRequest,
  context: Pick<McpContext, "principal" | "waitUntil">,
  bridgeTo: GetBridge,
): Promise<Response> {
  const stub = bridgeTo(context.principal.id, server.id);
  const callId = crypto.randomUUID();
  const cancel = () => context.waitUntil(stub.cancel(callId).catch(() => undefined));
  signal.addEventListener("abort", cancel);
  const response = await stub.serve({ callId, server, credential, message, headers: [...headers] });
  const { body } = response;
  if (body === null) throw connectionClosed(server.name);
  if (!acceptsStream) return readSoleResponse(body, server, signal);
  const { readable, writable } = new IdentityTransformStream();
  const begun = await startResponse(body, server, signal);
  context.waitUntil(pipeResponse(begun, writable, signal).catch(() => undefined));
  return new Response(readable, response);
}

interface StartedResponse {
  readonly pieces: readonly Uint8Array[];
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
}

/**
 * Reads up to the first message. If that reports that the server could not be reached, nothing has been passed on yet, and
 * another server may be tried.
 */
async function startResponse(
  body: ReadableStream<Uint8Array>,
  server: SnapshotServer,
  signal: AbortSignal,
): Promise<StartedResponse> {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  const splitter = new EventSplitter(MAX_EVENT_BYTES);
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw signal.aborted ? signal.reason : connectionClosed(server.name, error);
    });
    if (signal.aborted) throw signal.reason;
    if (done) throw connectionClosed(server.name);
    pieces.push(value);
    const blocks = splitter.push(decoder.decode(value, { stream: true }));
    const first = blocks.map((block) => eventData(parseEvent(block))).find((data) => data !== undefined);
    if (first === undefined) continue;
    const error = findFailure(first, server);
    if (error === undefined) return { pieces, reader };
    await reader.cancel();
    throw error;
  }
}

function findFailure(text: string, { name }: SnapshotServer): UpstreamError | undefined {
  const message = parseLossless(text);
  if (!isMembers(message)) return undefined;
  const error = getMember(message, "error");
  const challenge = isMembers(error) ? getMember(error, "challenge") : undefined;
  if (typeof challenge === "string") return new CredentialRejectedError(name, challenge);
  return toUpstreamError(messageOutcome(message), name);
}

async function pipeResponse(
  { pieces, reader }: StartedResponse,
  writable: WritableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const writer = writable.getWriter();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop);
  try {
    for (const piece of pieces) await writer.write(piece);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await writer.write(value);
    }
    await writer.close();
  } catch (error) {
    stop();
    await writer.abort(error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** For clients that take no stream: what comes before the answer is lost on them. */
async function readSoleResponse(
  body: ReadableStream<Uint8Array>,
  server: SnapshotServer,
  signal: AbortSignal,
): Promise<Response> {
  const reading = { server: server.name, idleMs: server.idleTimeoutMs, signal };
  for await (const event of readEvents(body, reading)) {
    const data = eventData(event);
    const message = data === undefined ? undefined : parseLossless(data);
    if (data !== undefined && isMembers(message) && isResponse(message)) {
      const failure = findFailure(data, server);
      if (failure !== undefined) throw failure;
      const error = getMember(message, "error");
      const isUnknown = isMembers(error) && getMember(error, "code") === METHOD_NOT_FOUND;
      return new Response(data, {
        status: isUnknown ? 404 : 200,
        headers: { "content-type": "application/json" },
      });
    }
  }
  throw connectionClosed(server.name);
}
