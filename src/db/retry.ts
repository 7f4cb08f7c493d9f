/** Which database failures are worth a second try, and when. A statement that may have run is never run twice. */
import { NeonDbError } from "@neondatabase/serverless";

/** SQLSTATEs after which Postgres guarantees that nothing of the transaction has happened. */
const ROLLED_BACK_STATES = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "53300", // too_many_connections
  "57P03", // cannot_connect_now: the compute is starting
  "08001", // could not connect
  "08004", // connection rejected
]);

/** The messages of Neon's proxy when no connection was made, as while a suspended compute starts. */
const NOT_CONNECTED =
  /error connecting to server|couldn't connect to compute node|compute is (?:starting|suspended)|control plane request failed|too many connections/i;

/** Waiting does not help against these, another database may. */
const UNREACHABLE_STATES = /requested endpoint could not be found/i;

/** The fetch itself failed, or the answer was a gateway's 5xx: the statement may or may not have run. */
const UNKNOWN_RESULT_STATES = /^Error connecting to database|^Server error \(HTTP status 5\d\d\)/;

export function isRetryable(error: unknown, readOnly: boolean): boolean {
  if (!(error instanceof NeonDbError)) return false;
  if (error.code !== undefined && error.code !== null && error.code !== "")
    return ROLLED_BACK_STATES.has(error.code);
  if (NOT_CONNECTED.test(error.message)) return true;
  return readOnly && UNKNOWN_RESULT_STATES.test(error.message);
}

export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof NeonDbError)) return false;
  return (
    UNKNOWN_RESULT_STATES.test(error.message) ||
    NOT_CONNECTED.test(error.message) ||
    UNREACHABLE_STATES.test(error.message) ||
    (typeof error.code === "string" && /^(?:08|57P)/.test(error.code))
  );
}

export const MAX_ATTEMPTS = 4;

/** Full jitter under an exponential ceiling: 50, 100, 200 … ms. `random` is in [0, 1). */
export function retryDelay(attempt: number, random: number): number {
  return random * 50 * 2 ** attempt;
}
