/** Writes a failure to the application log, without anything that a caller sent. */
import type { GatewayError } from "../core/errors.ts";
import { writeLogLine } from "./log-line.ts";

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
  writeLogLine({
    ...{ level: "error", log: "failure", ...context, code: error.code, message: error.message },
    cause: cause && { name: cause.name, message: cause.message },
    stack: cause?.stack,
  });
}
