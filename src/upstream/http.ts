/**
 * One HTTP exchange with an upstream: the address is judged, redirects are followed by hand and judged again, our
 * credential goes to the registered origin only, and every wait has an end. What failed comes out as an UpstreamError.
 */
import { GatewayError, UpstreamError } from "../core/errors.ts";
import { judgeUrl, type UrlPolicy } from "./url-guard.ts";

export interface UpstreamRequest {
  readonly server: string;
  readonly url: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: Headers;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly credential?: readonly [name: string, value: string];
  readonly firstByteTimeoutMs: number;
  /** Aborting it aborts the exchange, the answer's body included. */
  readonly signal: AbortSignal;
}

export interface UpstreamTools {
  readonly fetch: typeof fetch;
  readonly urlPolicy: UrlPolicy;
}

const MAX_REDIRECTS = 3;
/** The only ones that keep the method and the body. */
const KEEPS_METHOD = new Set([307, 308]);

export async function exchange(request: UpstreamRequest, tools: UpstreamTools): Promise<Response> {
  const origin = judged(request, request.url, tools.urlPolicy).origin;
  let url = judged(request, request.url, tools.urlPolicy);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const headers = new Headers(request.headers);
    if (request.credential !== undefined && url.origin === origin) headers.set(...request.credential);
    const response = await send(request, url, headers, tools.fetch);
    const location = response.headers.get("location");
    const redirected = response.status >= 300 && response.status < 400 && location !== null;
    if (!redirected) return response;
    await response.body?.cancel();
    if (request.method !== "GET" && !KEEPS_METHOD.has(response.status)) break;
    url = judged(request, new URL(location, url).href, tools.urlPolicy);
  }
  throw new UpstreamError(
    "upstream_invalid",
    request.server,
    `${request.server} redirects in a way that cannot be followed. Register the address that it leads to.`,
  );
}

function judged(request: UpstreamRequest, text: string, policy: UrlPolicy): URL {
  const verdict = judgeUrl(text, policy);
  if (verdict.ok) return verdict.url;
  throw new UpstreamError(
    "upstream_refused",
    request.server,
    `The address of ${request.server} ${verdict.reason}. Correct it in the registry.`,
  );
}

async function send(
  request: UpstreamRequest,
  url: URL,
  headers: Headers,
  fetcher: typeof fetch,
): Promise<Response> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), request.firstByteTimeoutMs);
  const abort = () => impatience.abort();
  request.signal.addEventListener("abort", abort);
  if (request.signal.aborted) abort();
  try {
    return await fetcher(url, {
      method: request.method,
      headers,
      redirect: "manual",
      signal: impatience.signal,
      ...(request.body !== undefined && { body: request.body }),
    });
  } catch (error) {
    throw failure(request, impatience.signal.aborted, error);
  } finally {
    // The listener stays: it is what ends the answer's body when the caller goes.
    clearTimeout(timer);
  }
}

function failure(request: UpstreamRequest, aborted: boolean, error: unknown): GatewayError {
  if (request.signal.reason instanceof GatewayError) return request.signal.reason;
  if (request.signal.aborted) {
    return new UpstreamError("upstream_unreachable", request.server, "The request was cancelled.", error);
  }
  if (aborted) {
    const seconds = request.firstByteTimeoutMs / 1000;
    const message = `${request.server} did not answer within ${seconds} s. Try again, or ask its owner.`;
    return new UpstreamError("upstream_timeout", request.server, message, error);
  }
  const message = `${request.server} cannot be reached. Try again in a moment, or ask its owner.`;
  return new UpstreamError("upstream_unreachable", request.server, message, error);
}
