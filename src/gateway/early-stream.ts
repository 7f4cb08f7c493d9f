/**
 * An answer that begins before there is one: the caller gets an event stream with comments until the upstream answers,
 * and then the answer as its event. A caller who goes away meanwhile is noticed, and the upstream spared the rest.
 */
import { asGatewayError } from "../core/errors.ts";
import { errorBody, gatewayErrorBody } from "../core/mcp/answers.ts";
import { INTERNAL_ERROR, type JsonRpcId } from "../core/mcp/json-rpc.ts";
import { isMcpMediaType } from "../core/mcp/response-content.ts";
import { writeBlock } from "../core/mcp/sse.ts";
import { readBoundedText } from "../core/net/bounded-body.ts";
import { RESPONSE_TOTAL_TIMEOUT_MS } from "../core/size-limits.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { bodyFailure, nonsense } from "../upstream/failures.ts";
import type { McpContext } from "./context.ts";
import { keepAliveUntil, openStream } from "./streams.ts";

export interface EarlyStream {
  readonly pending: Promise<Response>;
  readonly id: JsonRpcId | null;
  readonly server: SnapshotServer;
  readonly hangUp: () => void;
  readonly context: McpContext;
}

type Writer = WritableStreamDefaultWriter<Uint8Array>;

export function earlyStream(early: EarlyStream): Response {
  const { readable, writer } = openStream();
  const release = early.context.record.hold();
  early.context.background(deliver(early, writer).finally(release));
  return new Response(readable, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

async function deliver({ pending, id, server, hangUp }: EarlyStream, writer: Writer): Promise<void> {
  const answered = pending.catch((error: unknown) => failed(id, error));
  try {
    await passOn(await keepAliveUntil(answered, writer, server.keepAliveMs), id, server, writer);
  } catch {
    // The caller is gone: what is still on its way is for nobody.
    hangUp();
    await answered.then((response) => response.body?.cancel()).catch(() => undefined);
  }
}

function failed(id: JsonRpcId | null, error: unknown): Response {
  const known = asGatewayError(error);
  return new Response(gatewayErrorBody(id, known), { headers: { "content-type": "application/json" } });
}

async function wholeAnswer(
  response: Response,
  id: JsonRpcId | null,
  server: SnapshotServer,
): Promise<string> {
  try {
    if (!isMcpMediaType(response.headers.get("content-type")) && response.body !== null) {
      await response.body.cancel();
      throw nonsense(server.name, "answered with neither JSON nor an event stream");
    }
    const text = await readBoundedText(response.body, {
      maxBytes: server.maxResponseBytes,
      idleMs: server.idleTimeoutMs,
      totalMs: RESPONSE_TOTAL_TIMEOUT_MS,
    });
    if (text.trim() !== "") return text;
    return errorBody(id, INTERNAL_ERROR, `The server answered with status ${response.status}.`);
  } catch (error) {
    return gatewayErrorBody(id, bodyFailure(server.name, error));
  }
}

async function passOn(
  response: Response,
  id: JsonRpcId | null,
  server: SnapshotServer,
  writer: Writer,
): Promise<void> {
  if (response.body !== null && response.headers.get("content-type")?.startsWith("text/event-stream")) {
    for await (const piece of response.body) await writer.write(piece);
  } else {
    const data = await wholeAnswer(response, id, server);
    await writer.write(new TextEncoder().encode(writeBlock({ event: "message", data })));
  }
  await writer.close();
}
