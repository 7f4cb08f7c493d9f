/**
 * One HTTP exchange with an upstream. The URL is checked, redirects are followed manually and checked again, the
 * credential is sent to the registered origin only, and every wait has a timeout. Failures are thrown as UpstreamError.
 */

import { BoundedMap } from "../../../core/bounded-map.ts";
import { GatewayError, UpstreamError } from "../../../core/errors.ts";
import { selectRequestHeaders } from "../../../core/mcp/header-filter.ts";
import { HEADERS } from "../../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../../core/net/headers.ts";
import { MAX_REDIRECTS } from "../../../core/size-limits.ts";
import { TimerSet } from "../../../core/timers.ts";
import type { UpstreamDeps } from "../../connection/channel.ts";
import { checkUrl, type UrlPolicy } from "../../connection/url-guard.ts";

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
export interface AbortScope {
  readonly abort: AbortController;
  readonly timers: TimerSet;
}

/** The only ones that keep the method and the body. */
const METHOD_PRESERVING_STATUSES = new Set([307, 308]);

export function sendHttp({ signal, ...request }: SignalledRequest, tools: UpstreamDeps): Promise<Response> {
  return sendHttpInScope(createAbortScope(signal), request, tools);
}

/** Creates a scope for callers that only have a signal. */
export function createAbortScope(signal: AbortSignal): AbortScope {
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal.reason);
  // The listener stays: it is what ends the answer's body when the caller goes.
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  return { abort, timers: new TimerSet() };
}

export async function sendHttpInScope(
  hold: AbortScope,
  request: UpstreamRequest,
  tools: UpstreamDeps,
): Promise<Response> {
  const headers = buildHeaders(request, true, tools.gatewayId);
  const { href } = parseUrl(request, request.url, tools.urlPolicy);
  const response = await sendHop(hold, request, href, headers, tools);
  return isRedirect(response) ? followRedirects(response, hold, request, tools) : response;
}

export const isRedirect = ({ status }: Response) => status >= 300 && status < 400;

/** `response`: to the request as it was first sent. */
export async function followRedirects(
  response: Response,
  hold: AbortScope,
  request: UpstreamRequest,
  tools: UpstreamDeps,
): Promise<Response> {
  const first = parseUrl(request, request.url, tools.urlPolicy);
  let last = response;
  let address = first;
  for (let followed = 0; isRedirect(last); followed += 1) {
    const location = last.headers.get("location");
    if (location === null) return last;
    await last.body?.cancel();
    const isKept = request.method === "GET" || METHOD_PRESERVING_STATUSES.has(last.status);
    if (!isKept || followed === MAX_REDIRECTS) throw redirectRefused(request);
    address = parseUrl(request, new URL(location, address.href).href, tools.urlPolicy);
    const headers = buildHeaders(request, address.origin === first.origin, tools.gatewayId);
    last = await sendHop(hold, request, address.href, headers, tools);
  }
  return last;
}

const redirectRefused = ({ server }: UpstreamRequest) =>
  new UpstreamError(
    "upstream_invalid",
    server,
    `Server ${server} returned a redirect that cannot be followed. Register the target URL.`,
  );

function buildHeaders(
  { headers, credential }: UpstreamRequest,
  isAtHome: boolean,
  gatewayId: string | undefined,
): Readonly<Record<string, string>> {
  // What a client has for one server is for that server only.
  const all = isAtHome ? new Map(headers) : selectRequestHeaders(headers);
  if (gatewayId !== undefined) all.set(HEADERS.gatewayPath, appendGatewayPath(gatewayId, headers));
  if (credential !== undefined && isAtHome) all.set(...credential);
  return Object.fromEntries(all);
}

/** The gateways that the request has passed, this one the last. */
function appendGatewayPath(gatewayId: string, headers: HeaderMap): string {
  const before = headers.get(HEADERS.gatewayPath);
  return before === undefined ? gatewayId : `${before}, ${gatewayId}`;
}

interface ParsedUrl {
  readonly href: string;
  readonly origin: string;
}

/** Results by URL: the check depends on nothing but the text and the policy. */
const checkedUrls = new WeakMap<UrlPolicy, Map<string, ParsedUrl>>();
const MAX_CHECKED_URLS = 5000;

/** Throws for a URL that must not be reached. */
export function parseUrl(
  request: Pick<UpstreamRequest, "server">,
  text: string,
  policy: UrlPolicy,
): ParsedUrl {
  let known = checkedUrls.get(policy);
  if (known === undefined) {
    known = new BoundedMap(MAX_CHECKED_URLS);
    checkedUrls.set(policy, known);
  }
  let address = known.get(text);
  if (address === undefined) {
    const { href, origin } = requireAllowedUrl(request, text, policy);
    address = { href, origin };
    known.set(text, address);
  }
  return address;
}

function requireAllowedUrl(request: Pick<UpstreamRequest, "server">, text: string, policy: UrlPolicy): URL {
  const verdict = checkUrl(text, policy);
  if (verdict.ok) return verdict.url;
  throw new UpstreamError(
    "upstream_refused",
    request.server,
    `The URL of server ${request.server} ${verdict.reason}. Correct it in the server's settings.`,
  );
}

/** The request without its headers, which depend on where it is sent. */
export type Hop = Omit<UpstreamRequest, "headers" | "credential" | "url">;

/** Sends a request to one URL, without following redirects. */
export async function sendHop(
  { abort, timers }: AbortScope,
  request: Hop,
  url: string,
  headers: Readonly<Record<string, string>>,
  tools: UpstreamDeps,
): Promise<Response> {
  const { signal } = abort;
  const patient = timers.limitWait(request.firstByteTimeoutMs, () => abort.abort(firstByteTimeout(request)));
  try {
    return await tools.fetch(url, {
      method: request.method,
      headers,
      redirect: "manual",
      signal,
      ...(request.body !== undefined && { body: request.body }),
    });
  } catch (error) {
    throw toFailure(request, signal, error);
  } finally {
    patient();
  }
}

function firstByteTimeout({ server, firstByteTimeoutMs }: Hop): UpstreamError {
  const message = `Server ${server} did not respond within ${firstByteTimeoutMs / 1000} s.`;
  return new UpstreamError("upstream_timeout", server, message);
}

function toFailure(request: Hop, signal: AbortSignal, error: unknown): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  if (signal.aborted) {
    return new UpstreamError("upstream_unreachable", request.server, "The request was canceled.", error);
  }
  const message = `Server ${request.server} is unreachable. Retry later.`;
  return new UpstreamError("upstream_unreachable", request.server, message, error);
}
