/**
 * The way to one upstream and back, which every endpoint takes: our credential on, the answer as a stream, kept alive
 * while it is silent, begun early where it is slow, and let go when the caller leaves.
 */

import { asGatewayError, GatewayError } from "../core/errors.ts";
import { gatewayErrorBody } from "../core/mcp/answers.ts";
import { contextHeaders, responseHeaders } from "../core/mcp/forwarding.ts";
import type { JsonRpcId } from "../core/mcp/json-rpc.ts";
import { writeBlock } from "../core/mcp/sse.ts";
import { copyOf, type Fields } from "../core/net/fields.ts";
import type { CallResult } from "../core/resilience/outcome.ts";
import { Alarms } from "../core/waiting.ts";
import { maintenanceOf } from "../policy/maintenance.ts";
import { permitRefusal } from "../policy/permit-refusal.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { refused } from "../upstream/failures.ts";
import { exchangeWhile, type Hold, type UpstreamRequest } from "../upstream/http.ts";
import { targetFor } from "../upstream/target.ts";
import { type ActiveSubject, cancelledByAdmin, trackActive } from "./active.ts";
import type { McpContext } from "./context.ts";
import { earlyStream } from "./early-stream.ts";
import { type Edit, edited } from "./edit.ts";
import { flagIsOn } from "./flags.ts";
import { MOST_BYTES, outcomeOf, StreamTail } from "./outcome.ts";
import type { CallRecord } from "./record.ts";
import { openStream, relay } from "./streams.ts";

export interface Leg {
  readonly server: SnapshotServer;
  readonly method: UpstreamRequest["method"];
  readonly headers: Fields;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Of the request that is answered; null for everything else. */
  readonly id: JsonRpcId | null;
  /** The caller takes event streams, and the answer's status and headers tell nothing that its body does not. */
  readonly mayAnswerEarly: boolean;
  /** Last word on the headers that go back to the caller. */
  readonly finishHeaders?: (headers: Fields) => Promise<void>;
  /** Changes each message on its way back. */
  readonly edit?: Edit;
  /** What admins see of it while it runs. Without it nobody sees it: a stream that is only listened to. */
  readonly about?: ActiveSubject;
  /** Asked from time to time while a stream is open; where it says no, the stream ends. */
  readonly isPermitted?: () => Promise<boolean>;
  /** The message is one of the modern era, and the server speaks the legacy one only. */
  readonly isTranslated?: boolean;
}

export async function travel(leg: Leg, context: McpContext): Promise<Response> {
  const { server } = leg;
  const hold: Hold = { abort: new AbortController(), alarms: new Alarms() };
  const { abort, alarms } = hold;
  const cancel = () => abort.abort(cancelledByAdmin());
  const untrack = leg.about && trackActive(leg.about, context, { alarms, cancel });
  const forget = () => {
    untrack?.();
    alarms.clear();
  };
  const hangUp = () => {
    forget();
    abort.abort();
  };
  const { record } = context;
  if (leg.about !== undefined) {
    record.about({ serverId: server.id, ...leg.about });
    if (server.payloads !== undefined && leg.body !== undefined) record.asked(leg.body, server.payloads);
  }
  const started = Date.now();
  const thereAndBack = async () => {
    try {
      const response = await reach(leg, context, hold);
      record.upstream(Date.now() - started);
      return await comeBack(response, leg, context, { signal: abort.signal, hangUp, forget });
    } catch (error) {
      forget();
      throw error;
    }
  };
  const pending = thereAndBack();
  if (!leg.mayAnswerEarly || !flagIsOn("mcp.early-answer", context)) return pending;
  const late = new Promise<undefined>((resolve) =>
    alarms.set(server.earlyAnswerMs, () => resolve(undefined)),
  );
  const answered = await Promise.race([pending, late]);
  return answered ?? earlyStream({ pending, id: leg.id, server, hangUp, context });
}

export type Departure = Pick<Leg, "server" | "method" | "headers" | "body" | "isTranslated">;

/** There, as far as the server's breaker and its queue let anybody through, and as one who counts towards both. */
export async function reach(leg: Departure, context: McpContext, hold: Hold): Promise<Response> {
  const { server } = leg;
  const { signal } = hold.abort;
  const { traffic, queues, steering, background, principal } = context;
  const maintenance = maintenanceOf(context.tenant, server, Date.now());
  if (maintenance !== undefined) throw maintenance;
  const permit = await traffic.permit(server.id, background);
  const { pass } = permit;
  if (pass === undefined) throw permitRefusal(server.name, permit);
  const leave = await queues.enter(server, principal, signal);
  const span = context.record.begin("upstream", "client");
  if (span !== undefined) leg.headers.set("traceparent", span.header);
  const started = Date.now();
  steering.loads.begin(server.id);
  const ended = (result: CallResult) => {
    const now = Date.now();
    leave();
    steering.loads.end(server.id, result.cancelled === true ? undefined : now - started, now);
    traffic.ended(server.id, pass, result, now - started, background);
  };
  try {
    const response = await send(leg, context, hold);
    ended({ status: response.status });
    span?.end({ "mcp.server": server.name, "http.response.status_code": response.status });
    return response;
  } catch (error) {
    const { code } = asGatewayError(error);
    ended({ error: code, cancelled: signal.aborted && code !== "upstream_timeout" });
    span?.end({ "mcp.server": server.name, "error.type": code }, true);
    throw error;
  }
}

/** With our credential; the answer's body is the caller's to read, or to let go by the signal. */
async function send(leg: Departure, context: McpContext, hold: Hold): Promise<Response> {
  const { server, method, headers, body } = leg;
  if (leg.isTranslated === true) {
    const acceptsStream = headers.get("accept")?.includes("text/event-stream") === true;
    const { signal } = hold.abort;
    return context.translate(
      { server, message: String(body), acceptsStream, headers: contextHeaders(headers), signal },
      context,
    );
  }
  const { url, credential } = await targetFor(server, context.keyring);
  const response = await exchangeWhile(
    hold,
    {
      server: server.name,
      url,
      method,
      headers,
      firstByteTimeoutMs: server.firstByteTimeoutMs,
      ...(body !== undefined && { body }),
      ...(credential !== undefined && { credential }),
    },
    context.upstream,
  );
  if (response.status !== 401 && response.status !== 403) return response;
  // Ours was the proof that was refused. Passed on, it would send the client off to sign in with a stranger.
  await response.body?.cancel();
  throw refused(server.name);
}

interface Way {
  readonly signal: AbortSignal;
  readonly hangUp: () => void;
  readonly forget: () => void;
}

async function comeBack(
  response: Response,
  leg: Leg,
  context: McpContext,
  { signal, hangUp, forget }: Way,
): Promise<Response> {
  const { server } = leg;
  const told = copyOf(response.headers);
  const headers = responseHeaders(told);
  await leg.finishHeaders?.(headers);
  const { status } = response;
  if (!isEventStream(told) || response.body === null) {
    const body = await whole(response, Number(told.get("content-length")), leg, context);
    forget();
    return new Response(body, { status, headers: Object.fromEntries(headers) });
  }
  const { readable, writer } = openStream();
  const release = context.record.hold();
  const tail = new StreamTail();
  const body = leg.edit === undefined ? response.body : edited(response.body, leg.edit);
  const options = {
    keepAliveMs: server.keepAliveMs,
    silenceMs: server.idleTimeoutMs,
    hangUp() {
      hangUp();
      if (leg.about !== undefined) heard(tail.text(), context.record);
      release();
    },
    heard: (piece: Uint8Array) => tail.push(piece),
    lastWords: () => lastWords(leg.id, signal.reason),
    ...(leg.isPermitted !== undefined && { isPermitted: leg.isPermitted }),
  };
  context.background(relay(body, writer, options));
  return new Response(readable, { status, headers: Object.fromEntries(headers) });
}

const decoder = new TextDecoder();

/**
 * An answer in one piece; read on its way where somebody wants to know what it says, and streamed where not. `length` is
 * what its server declared. The body itself is looked at last: each look at one makes the runtime make a stream of it.
 */
async function whole(
  response: Response,
  length: number,
  leg: Leg,
  { record }: McpContext,
): Promise<BodyInit | null> {
  if (leg.edit === undefined && leg.about !== undefined && length > 0 && length <= MOST_BYTES) {
    const bytes = await response.arrayBuffer();
    heard(decoder.decode(bytes), record);
    // Some statuses have a length and no body.
    return bytes.byteLength === 0 ? null : bytes;
  }
  if (leg.edit === undefined || response.body === null) return response.body;
  const text = await response.text();
  if (leg.about !== undefined) heard(text, record);
  return leg.edit(text);
}

function heard(text: string, record: CallRecord): void {
  record.outcome(outcomeOf(text), text);
}

/** Whoever waits for an answer on a stream that an admin has ended gets one. */
function lastWords(id: JsonRpcId | null, reason: unknown): string | undefined {
  if (id === null || !(reason instanceof GatewayError)) return undefined;
  return writeBlock({ event: "message", data: gatewayErrorBody(id, reason) });
}

const isEventStream = (told: Fields) =>
  told.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
