/**
 * Starts the response before the upstream has responded: the client gets an event stream with comments, and later the
 * response as an event. A client that disconnects is detected, and the upstream call is aborted.
 */
import { toGatewayError } from "../../core/errors.ts";
import { INTERNAL_ERROR, type JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { errorBody, gatewayErrorBody } from "../../core/mcp/responses.ts";
import { formatEvent } from "../../core/mcp/sse.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context/context.ts";
import { keepAliveUntil } from "../sse/keep-alive.ts";
import { openStream } from "../sse/relay.ts";

export interface DeferredResponse {
  readonly pending: Promise<Response>;
  readonly id: JsonRpcId | null;
  readonly server: SnapshotServer;
  readonly abort: () => void;
  readonly context: McpContext;
}

type Writer = WritableStreamDefaultWriter<Uint8Array>;

export function deferResponse(early: DeferredResponse): Response {
  const { readable, writer } = openStream();
  const release = early.context.record.deferCompletion();
  early.context.waitUntil(deliver(early, writer).finally(release));
  return new Response(readable, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

async function deliver({ pending, id, server, abort }: DeferredResponse, writer: Writer): Promise<void> {
  const answered = pending.catch((error: unknown) => errorMessage(id, error));
  try {
    await pipeResponse(await keepAliveUntil(answered, writer, server.keepAliveMs), id, writer);
  } catch {
    // The client has disconnected, so the pending response is aborted.
    abort();
    await answered.then((response) => response.body?.cancel()).catch(() => undefined);
  }
}

function errorMessage(id: JsonRpcId | null, error: unknown): Response {
  const known = toGatewayError(error);
  return new Response(gatewayErrorBody(id, known), { headers: { "content-type": "application/json" } });
}

/** The pipeline has read the answer under its server's limits before there was a response. */
async function readResponse(response: Response, id: JsonRpcId | null): Promise<string> {
  const text = await response.text();
  if (text.trim() !== "") return text;
  return errorBody(id, INTERNAL_ERROR, `The server returned HTTP ${response.status}.`);
}

async function pipeResponse(response: Response, id: JsonRpcId | null, writer: Writer): Promise<void> {
  if (response.body !== null && response.headers.get("content-type")?.startsWith("text/event-stream")) {
    for await (const piece of response.body) await writer.write(piece);
  } else {
    const data = await readResponse(response, id);
    await writer.write(new TextEncoder().encode(formatEvent({ event: "message", data })));
  }
  await writer.close();
}
