/**
 * Requests to authorization servers and for metadata, whose addresses come from MCP servers: each address passes the URL
 * guard, redirects are followed for reads only and checked again, and size and time of the answer are limited.
 */
import { readBoundedText } from "../core/net/bounded-body.ts";
import { MAX_REDIRECTS, MAX_RESPONSE_BYTES } from "../core/size-limits.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { checkUrl } from "../upstream/connection/url-guard.ts";

const TIMEOUT_MS = 10_000;

/** The request could not be sent, or its answer could not be read. */
export class OAuthRequestError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "OAuthRequestError";
  }
}

export interface OAuthRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface OAuthResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type OAuthFetch = (url: string, request?: OAuthRequest) => Promise<OAuthResponse>;

export const createOAuthFetch = ({ fetch, urlPolicy }: UpstreamDeps): OAuthFetch => {
  const send = async (address: string, request: OAuthRequest, signal: AbortSignal, hop: number) => {
    const decision = checkUrl(address, urlPolicy);
    if (!decision.ok) throw new OAuthRequestError(`The URL ${decision.reason}.`);
    const { method = "GET", headers = {}, body } = request;
    const response = await fetch(decision.url.href, {
      ...{ method, redirect: "manual", signal },
      headers: { accept: "application/json", ...headers },
      ...(body !== undefined && { body }),
    });
    const location = response.headers.get("location");
    const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
    if (!isRedirect) return read(response);
    await response.body?.cancel();
    if (method !== "GET" || hop >= MAX_REDIRECTS) throw new OAuthRequestError("The answer is a redirect.");
    return send(new URL(location, decision.url).href, request, signal, hop + 1);
  };
  return async (url, request = {}) => {
    try {
      return await send(url, request, AbortSignal.timeout(TIMEOUT_MS), 0);
    } catch (error) {
      if (error instanceof OAuthRequestError) throw error;
      throw new OAuthRequestError("The authorization server is not responding.", error);
    }
  };
};

async function read(response: Response): Promise<OAuthResponse> {
  const limits = { maxBytes: MAX_RESPONSE_BYTES.identityProvider, totalMs: TIMEOUT_MS };
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  // An MCP server that takes the probe answers with a stream, which contains nothing about authorization.
  if (isStream) await response.body?.cancel();
  const text = isStream ? "" : await readBoundedText(response.body, limits);
  return { status: response.status, headers: response.headers, text };
}
