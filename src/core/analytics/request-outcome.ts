/**
 * The one definition of a failed request, shared by lists, sums, analytics, alerts and the live tail: it was answered with
 * an HTTP error, or the MCP operation in it failed, whatever the HTTP status (a JSON-RPC error, or a tool result with
 * `isError`). The SQL function `gateway_request_failed` implements the same; a test compares the two. A circuit breaker judges
 * the server, not the request: see core/resilience/outcome.ts.
 */
export interface RequestResult {
  readonly statusCode: number;
  /** Of the gateway's error or of the failed operation; null where there is none. */
  readonly errorCode: string | null;
}

export const REQUEST_OUTCOMES = ["success", "error"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

export const classifyRequest = ({ statusCode, errorCode }: RequestResult): RequestOutcome =>
  statusCode >= 400 || errorCode !== null ? "error" : "success";
