/**
 * What became of a call to a server, as its breaker sees it. A tool that answers with an error has worked: the server
 * is there and supports the protocol. A server that cannot be reached, answers too late, or answers nonsense has not.
 */
import type { ErrorCode } from "../error-codes.ts";
import { INTERNAL_ERROR } from "../mcp/json-rpc.ts";

export type BreakerOutcome = "success" | "failure" | "ignored";

export interface CallResult {
  /** Of the upstream's answer; undefined where none came. */
  readonly status?: number | undefined;
  /** Why no answer came, or none that could be used. */
  readonly error?: ErrorCode | undefined;
  /** The code of the JSON-RPC error that the server answered with. */
  readonly rpcCode?: number | undefined;
  /** The caller disconnected first, or canceled: that is no outcome of the server. */
  readonly cancelled?: boolean;
}

/** Ours, or the caller's: the server had no part in it. */
const CLIENT_FAULTS: ReadonlySet<ErrorCode> = new Set([
  "bad_request",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "unauthorized",
  "forbidden",
  "conflict",
  "account_required",
  "too_many_requests",
  "budget_exceeded",
  "unsupported_media_type",
  "not_acceptable",
  "configuration",
  "database_unavailable",
  "upstream_unsupported",
  "internal",
  "cancelled",
]);

/**
 * 4xx is an answer: a wrong credential or an unknown session is for people to put right, and opening the breaker would
 * hide it. But 408 and 429 show that the server is overloaded.
 */
export function classifyOutcome({ status, error, rpcCode, cancelled }: CallResult): BreakerOutcome {
  if (cancelled === true) return "ignored";
  if (error !== undefined) return CLIENT_FAULTS.has(error) ? "ignored" : "failure";
  // "Internal error" reports a failure of the server; the other codes report an invalid request.
  if (rpcCode === INTERNAL_ERROR) return "failure";
  if (status === undefined) return "failure";
  return status >= 500 || status === 408 || status === 429 ? "failure" : "success";
}
