/** What went wrong with an upstream, in sentences that every transport shares. */
import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { BodyLimitError } from "../../core/net/bounded-body.ts";

export class CredentialRejectedError extends UpstreamError {
  /** The challenge of the response (RFC 6750 §3), which may name the scopes that a call needs. */
  readonly challenge: string | null | undefined;

  constructor(server: string, challenge?: string | null) {
    const message = `Server ${server} rejected the configured credential. Update it in the server's settings.`;
    super("upstream_refused", server, message);
    this.challenge = challenge;
  }
}

export const credentialRejected = (server: string, response?: Response): UpstreamError =>
  new CredentialRejectedError(server, response?.headers.get("www-authenticate"));

export function invalidResponse(server: string, what: string, cause?: unknown): UpstreamError {
  return new UpstreamError("upstream_invalid", server, `Server ${server} ${what}. Contact its owner.`, cause);
}

export function connectionClosed(server: string, cause?: unknown): UpstreamError {
  const message = `Server ${server} closed the connection before responding. Retry.`;
  return new UpstreamError("upstream_unreachable", server, message, cause);
}

export function idleTimeout(server: string, ms: number): UpstreamError {
  const message = `Server ${server} sent no data for ${ms / 1000} s (idle timeout).`;
  return new UpstreamError("upstream_timeout", server, message);
}

export function responseTimeout(server: string, ms: number): UpstreamError {
  const message = `Server ${server} did not respond within ${ms / 1000} s.`;
  return new UpstreamError("upstream_timeout", server, message);
}

/** The answer is larger than the gateway reads from this server. */
export function responseTooLarge(server: string, maxBytes: number): UpstreamError {
  const message = `Server ${server} sent a response larger than ${maxBytes} bytes.`;
  return new UpstreamError("upstream_invalid", server, message);
}

function responseTooDeep(server: string, maxDepth: number): UpstreamError {
  const message = `Server ${server} sent a message that is nested deeper than ${maxDepth} levels.`;
  return new UpstreamError("upstream_invalid", server, message);
}

/** Why the body of an answer could not be read to its end. */
export function bodyError(server: string, error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  if (!(error instanceof BodyLimitError)) return connectionClosed(server, error);
  switch (error.fault) {
    case "too_large":
      return responseTooLarge(server, error.limit);
    case "too_deep":
      return responseTooDeep(server, error.limit);
    case "idle":
      return idleTimeout(server, error.limit);
    case "too_slow":
      return responseTimeout(server, error.limit);
    case "aborted":
      return requestCanceled(server);
  }
}

export function requestCanceled(server: string): UpstreamError {
  return new UpstreamError("upstream_unreachable", server, "The request was canceled.");
}

/** An unexpected HTTP status that has no more specific error. */
export class StatusError extends UpstreamError {
  /** The upstream's; `status` is what our own caller gets. */
  readonly upstreamStatus: number;
  /** The JSON-RPC error that came with it. */
  readonly response: JsonObject | undefined;

  constructor(server: string, status: number, answer?: JsonObject) {
    const isPassing = status === 408 || status === 429 || status >= 500;
    const advice = isPassing ? "Retry later" : "Check the URL of the server";
    super(
      isPassing ? "upstream_unreachable" : "upstream_invalid",
      server,
      `Server ${server} returned HTTP ${status}. ${advice}.`,
    );
    this.upstreamStatus = status;
    this.response = answer;
  }
}

export const isAuthorizationStatus = (status: number) => status === 401 || status === 403;

export function statusError(server: string, status: number, answer?: JsonObject): UpstreamError {
  return isAuthorizationStatus(status) ? credentialRejected(server) : new StatusError(server, status, answer);
}

/** Failures that another attempt may get past. */
export const isTransient = (error: unknown) =>
  error instanceof UpstreamError &&
  (error.code === "upstream_unreachable" || error.code === "upstream_timeout");

/** Sealed with a key that is gone, or for another server. */
export function credentialUnreadable(server: string): UpstreamError {
  const message = `The credential of server ${server} cannot be decrypted. Enter it again.`;
  return new UpstreamError("upstream_refused", server, message);
}

/** Converts any error inside a channel, including one thrown by an event listener. */
export const toUpstreamError = (server: string, error: unknown) =>
  error instanceof UpstreamError ? error : connectionClosed(server, error);
