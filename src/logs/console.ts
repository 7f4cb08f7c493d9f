/** What the Worker writes to its own log: one line of JSON a failure, without anything that a caller sent. */
import type { GatewayError } from "../core/errors.ts";

export interface FailureScene {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

/** Work that no request waits for. */
export interface BackgroundScene {
  readonly work: string;
  readonly serverId: string;
}

export function logFailure(error: GatewayError, scene: FailureScene | BackgroundScene): void {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  console.error(
    JSON.stringify({
      level: "error",
      ...scene,
      code: error.code,
      message: error.message,
      cause: cause && { name: cause.name, message: cause.message },
      stack: cause?.stack,
    }),
  );
}
