/**
 * The way to one upstream and back, which every endpoint takes: our credential on, the answer as a stream, kept alive
 * while it is silent, begun early where it is slow, and let go when the caller leaves.
 */
import { UpstreamError } from "../core/errors.ts";
import { responseHeaders } from "../core/mcp/forwarding.ts";
import type { JsonRpcId } from "../core/mcp/json-rpc.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { credentialHeader } from "../upstream/credentials.ts";
import { exchange, type UpstreamRequest } from "../upstream/http.ts";
import type { McpContext } from "./context.ts";
import { earlyStream } from "./early-stream.ts";
import { type Edit, edited } from "./edit.ts";
import { openStream, relay, within } from "./streams.ts";

export interface Leg {
  readonly server: SnapshotServer;
  readonly method: UpstreamRequest["method"];
  readonly headers: Headers;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Of the request that is answered; null for everything else. */
  readonly id: JsonRpcId | null;
  /** The caller takes event streams, and the answer's status and headers tell nothing that its body does not. */
  readonly mayAnswerEarly: boolean;
  /** Last word on the headers that go back to the caller. */
  readonly finishHeaders?: (headers: Headers) => Promise<void>;
  /** Changes each message on its way back. */
  readonly edit?: Edit;
}

export async function travel(leg: Leg, context: McpContext): Promise<Response> {
  const { server } = leg;
  const credential = await credentialHeader(context.keyring, server.id, server.auth);
  if (credential === "unreadable") {
    const message = `The credentials of ${server.name} cannot be read. Enter them again.`;
    throw new UpstreamError("upstream_refused", server.name, message);
  }
  const abort = new AbortController();
  const hangUp = () => abort.abort();
  const pending = exchange(
    {
      server: server.name,
      url: server.endpointUrl,
      method: leg.method,
      headers: leg.headers,
      firstByteTimeoutMs: server.firstByteTimeoutMs,
      signal: abort.signal,
      ...(leg.body !== undefined && { body: leg.body }),
      ...(credential !== undefined && { credential }),
    },
    context.upstream,
  ).then((response) => comeBack(response, leg, context, hangUp));
  if (!leg.mayAnswerEarly) return pending;
  const answered = await within(pending, server.earlyAnswerMs);
  return answered ?? earlyStream({ pending, id: leg.id, keepAliveMs: server.keepAliveMs, hangUp, context });
}

async function comeBack(
  response: Response,
  leg: Leg,
  context: McpContext,
  hangUp: () => void,
): Promise<Response> {
  const { server } = leg;
  if (response.status === 401 || response.status === 403) {
    // Ours was the proof that was refused. Passed on, it would send the client off to sign in with a stranger.
    await response.body?.cancel();
    const message = `${server.name} refused the gateway's credentials. Ask whoever registered it to renew them.`;
    throw new UpstreamError("upstream_refused", server.name, message);
  }
  const headers = responseHeaders(response.headers);
  await leg.finishHeaders?.(headers);
  const { status } = response;
  if (response.body === null) return new Response(null, { status, headers });
  if (!isEventStream(response)) {
    const body = leg.edit === undefined ? response.body : await leg.edit(await response.text());
    return new Response(body, { status, headers });
  }
  const { readable, writer } = openStream();
  const times = { keepAliveMs: server.keepAliveMs, silenceMs: server.idleTimeoutMs };
  const body = leg.edit === undefined ? response.body : edited(response.body, leg.edit);
  context.background(relay(body, writer, times, hangUp));
  return new Response(readable, { status, headers });
}

const isEventStream = (response: Response) =>
  response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
