/** Turns a circuit breaker's refusal into the error that the caller receives. */
import { ForcedOpenError, ServerUnavailableError } from "../core/errors.ts";
import { retryAfterSeconds } from "../core/limits/ratelimit-headers.ts";
import type { PermitDecision } from "./traffic-ports.ts";

/** `server` is the name that the caller sees. */
export function permitError(
  server: string,
  reply: Pick<PermitDecision, "retryMs" | "isForcedOpen">,
): ServerUnavailableError {
  const seconds = retryAfterSeconds(reply);
  return reply.isForcedOpen
    ? new ForcedOpenError(server, seconds)
    : new ServerUnavailableError(server, seconds);
}
