/** What the Worker writes to its own log: one line of JSON a failure, without anything that a caller sent. */
import type { GatewayError } from "../core/errors.ts";
import { sanitizeText } from "../core/sanitize-payload.ts";

export interface FailureContext {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

/** Work that no request waits for. */
export interface BackgroundContext {
  readonly work: string;
  readonly serverId: string;
}

export function logFailure(error: GatewayError, context: FailureContext | BackgroundContext): void {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  console.error(
    JSON.stringify({
      level: "error",
      ...context,
      ...("path" in context && { path: sanitizeText(context.path) }),
      code: error.code,
      message: sanitizeText(error.message),
      cause: cause && { name: cause.name, message: sanitizeText(cause.message) },
      stack: cause?.stack && sanitizeText(cause.stack),
    }),
  );
}
