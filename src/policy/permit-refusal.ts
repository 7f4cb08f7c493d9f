/** Turns a circuit breaker's refusal into the error that the caller receives. */
import { ForcedOpenError, ServerUnavailableError } from "../core/errors.ts";
import { retryAfterSeconds } from "../core/limits/ratelimit-headers.ts";
import type { PermitReply } from "./traffic.ts";

/** `server` is the name that the caller knows. */
export function permitRefusal(
  server: string,
  reply: Pick<PermitReply, "retryMs" | "isHeldOpen">,
): ServerUnavailableError {
  const seconds = retryAfterSeconds(reply);
  return reply.isHeldOpen
    ? new ForcedOpenError(server, seconds)
    : new ServerUnavailableError(server, seconds);
}
