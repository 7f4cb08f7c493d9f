/**
 * One HTTP exchange with an upstream: the address is judged, redirects are followed by hand and judged again, our
 * credential goes to the registered origin only, and every wait has an end. What failed comes out as an UpstreamError.
 */

import { GatewayError, UpstreamError } from "../core/errors.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import type { HeaderMap } from "../core/net/headers.ts";
import { MAX_REDIRECTS } from "../core/size-limits.ts";
import { TimerSet } from "../core/timers.ts";
import { judgeUrl, type UrlPolicy } from "./url-guard.ts";

export interface UpstreamRequest {
  readonly server: string;
  readonly url: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: HeaderMap;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly credential?: readonly [name: string, value: string];
  readonly firstByteTimeoutMs: number;
}

export interface SignalledRequest extends UpstreamRequest {
  readonly signal: AbortSignal;
}

/** Where an exchange ends before its time: aborting it aborts the answer's body too. */
export interface Hold {
  readonly abort: AbortController;
  readonly alarms: TimerSet;
}

export interface UpstreamTools {
  readonly fetch: typeof fetch;
  /** How this gateway names itself on the way of a request (core/mcp/revisions.ts, gatewayPath). */
  readonly gatewayId?: string;
  readonly urlPolicy: UrlPolicy;
}

/** The only ones that keep the method and the body. */
const KEEPS_METHOD = new Set([307, 308]);

export function exchange({ signal, ...request }: SignalledRequest, tools: UpstreamTools): Promise<Response> {
  return exchangeWhile(holdUntil(signal), request, tools);
}

/** For whoever has a signal only. */
export function holdUntil(signal: AbortSignal): Hold {
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal.reason);
  // The listener stays: it is what ends the answer's body when the caller goes.
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  return { abort, alarms: new TimerSet() };
}

export async function exchangeWhile(
  hold: Hold,
  request: UpstreamRequest,
  tools: UpstreamTools,
): Promise<Response> {
  const first = addressOf(request, request.url, tools.urlPolicy);
  let address = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const headers = headersFor(request, address.origin === first.origin, tools.gatewayId);
    const response = await send(hold, request, address.href, headers, tools);
    if (response.status < 300 || response.status >= 400) return response;
    const location = response.headers.get("location");
    if (location === null) return response;
    await response.body?.cancel();
    if (request.method !== "GET" && !KEEPS_METHOD.has(response.status)) break;
    address = addressOf(request, new URL(location, address.href).href, tools.urlPolicy);
  }
  throw new UpstreamError(
    "upstream_invalid",
    request.server,
    `${request.server} redirects in a way that cannot be followed. Register the address that it leads to.`,
  );
}

function headersFor(
  { headers, credential }: UpstreamRequest,
  isAtHome: boolean,
  gatewayId: string | undefined,
): HeaderMap {
  const all = new Map(headers);
  if (gatewayId !== undefined) all.set(HEADERS.gatewayPath, pathThrough(gatewayId, headers));
  if (credential !== undefined && isAtHome) all.set(...credential);
  return all;
}

/** The gateways that the request has passed, this one the last. */
export function pathThrough(gatewayId: string, headers: HeaderMap): string {
  const before = headers.get(HEADERS.gatewayPath);
  return before === undefined ? gatewayId : `${before}, ${gatewayId}`;
}

interface Address {
  readonly href: string;
  readonly origin: string;
}

/** What was judged before is judged alike: the judgement knows nothing but the text and the policy. */
const judged = new WeakMap<UrlPolicy, Map<string, Address>>();
const MOST_JUDGED = 5000;

function addressOf(request: UpstreamRequest, text: string, policy: UrlPolicy): Address {
  let known = judged.get(policy);
  if (known === undefined) {
    known = new Map();
    judged.set(policy, known);
  }
  let address = known.get(text);
  if (address === undefined) {
    const { href, origin } = allowed(request, text, policy);
    address = { href, origin };
    if (known.size >= MOST_JUDGED) known.clear();
    known.set(text, address);
  }
  return address;
}

function allowed(request: UpstreamRequest, text: string, policy: UrlPolicy): URL {
  const verdict = judgeUrl(text, policy);
  if (verdict.ok) return verdict.url;
  throw new UpstreamError(
    "upstream_refused",
    request.server,
    `The address of ${request.server} ${verdict.reason}. Correct it in the registry.`,
  );
}

async function send(
  { abort, alarms }: Hold,
  request: UpstreamRequest,
  url: string,
  headers: HeaderMap,
  tools: UpstreamTools,
): Promise<Response> {
  const { signal } = abort;
  const patient = alarms.set(request.firstByteTimeoutMs, () => abort.abort(late(request)));
  try {
    return await tools.fetch(url, {
      method: request.method,
      headers: Object.fromEntries(headers),
      redirect: "manual",
      signal,
      ...(request.body !== undefined && { body: request.body }),
    });
  } catch (error) {
    throw failure(request, signal, error);
  } finally {
    patient();
  }
}

function late({ server, firstByteTimeoutMs }: UpstreamRequest): UpstreamError {
  const message = `${server} did not answer within ${firstByteTimeoutMs / 1000} s. Try again, or ask its owner.`;
  return new UpstreamError("upstream_timeout", server, message);
}

function failure(request: UpstreamRequest, signal: AbortSignal, error: unknown): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  if (signal.aborted) {
    return new UpstreamError("upstream_unreachable", request.server, "The request was cancelled.", error);
  }
  const message = `${request.server} cannot be reached. Try again in a moment, or ask its owner.`;
  return new UpstreamError("upstream_unreachable", request.server, message, error);
}
