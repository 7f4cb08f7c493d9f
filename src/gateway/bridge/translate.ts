/** The Worker's end of the bridge: sends a modern message to the object that keeps sessions with the legacy server. */

import { METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { isMembers, memberOf, parseLossless } from "../../core/mcp/json-text.ts";
import type { Fields } from "../../core/net/fields.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { dataOf, eventsOf, isResponse } from "../../upstream/event-stream.ts";
import { broken } from "../../upstream/failures.ts";
import type { McpContext } from "../context.ts";
import type { Call } from "./legacy-server.ts";

/** The object's methods, as its stub has them. */
export interface BridgeStub {
  serve(call: Call): Promise<Response>;
  cancel(callId: string): Promise<void>;
}

export interface Translation {
  readonly server: SnapshotServer;
  /** Text of a message of the modern era. */
  readonly message: string;
  readonly acceptsStream: boolean;
  readonly headers: Fields;
  readonly signal: AbortSignal;
}

export type BridgeTo = (principalId: string, serverId: string) => BridgeStub;

export async function translate(
  { server, message, acceptsStream, headers, signal }: Translation,
  context: Pick<McpContext, "principal" | "background">,
  bridgeTo: BridgeTo,
): Promise<Response> {
  const stub = bridgeTo(context.principal.id, server.id);
  const callId = crypto.randomUUID();
  const cancel = () => context.background(stub.cancel(callId).catch(() => undefined));
  signal.addEventListener("abort", cancel);
  const response = await stub.serve({ callId, server, message, headers: [...headers] });
  const { body } = response;
  if (body === null) throw broken(server.name);
  if (acceptsStream) {
    const { readable, writable } = new IdentityTransformStream();
    context.background(body.pipeTo(writable, { signal }).catch(() => undefined));
    return new Response(readable, response);
  }
  return answerAlone(body, server, signal);
}

/** For clients that take no stream: what comes before the answer is lost on them. */
async function answerAlone(
  body: ReadableStream<Uint8Array>,
  server: SnapshotServer,
  signal: AbortSignal,
): Promise<Response> {
  const reading = { server: server.name, idleMs: server.idleTimeoutMs, signal };
  for await (const event of eventsOf(body, reading)) {
    const data = dataOf(event);
    const message = data === undefined ? undefined : parseLossless(data);
    if (data !== undefined && isMembers(message) && isResponse(message)) {
      const error = memberOf(message, "error");
      const isUnknown = isMembers(error) && memberOf(error, "code") === METHOD_NOT_FOUND;
      return new Response(data, {
        status: isUnknown ? 404 : 200,
        headers: { "content-type": "application/json" },
      });
    }
  }
  throw broken(server.name);
}
