/** Why a session with a stdio server could not be opened, or has ended. */
import type { SessionEnd } from "../../../core/connector/frames.ts";
import { BUSY_STATUS } from "../../../core/connector/socket-request.ts";
import { UpstreamError } from "../../../core/errors.ts";
import { MAX_EVENT_BYTES } from "../../../core/size-limits.ts";

export function rejectedSession(server: string, status: number): UpstreamError {
  const message =
    status === BUSY_STATUS
      ? `All connectors of server ${server} have as many sessions as they take. Start another one, raise --max-sessions or use --shared.`
      : noConnectorMessage(server);
  return new UpstreamError("upstream_unreachable", server, message);
}

const noConnectorMessage = (server: string) =>
  `Server ${server} has no connector. Start one: mcp-gateway connect --server ${server} -- COMMAND`;

export function messageTooLarge(server: string): UpstreamError {
  const message = `The message for server ${server} is larger than ${MAX_EVENT_BYTES} bytes.`;
  return new UpstreamError("upstream_unsupported", server, message);
}

const REASONS: Record<SessionEnd, (detail: string) => string> = {
  exited: (detail) => `its process exited (${detail}). See its log under Servers › Connectors`,
  start_failed: (detail) =>
    `its process could not be started (${detail}). Check the command of the connector`,
  lost: () => "its connector was restarted. Requests that were sent may have been processed",
  busy: () => "its connector has as many sessions as it takes. Retry later, or raise --max-sessions",
  too_large: () => `it sent a message larger than ${MAX_EVENT_BYTES} bytes`,
  stopped: () => "its connector was stopped. Retry",
};

export function toSessionError(
  server: string,
  reason: SessionEnd | undefined,
  detail: string,
): UpstreamError {
  const words = reason === undefined ? "it ended the session. Retry" : REASONS[reason](detail);
  const code = reason === "too_large" ? "upstream_invalid" : "upstream_unreachable";
  return new UpstreamError(code, server, `Server ${server} closed the connection: ${words}.`);
}

/** `isOpened`: the process has received requests. */
export function sessionInterrupted(server: string, ms: number, isOpened: boolean): UpstreamError {
  const message = isOpened
    ? `The connector of server ${server} was not reachable for ${ms / 1000} s. Requests that were sent may have been processed.`
    : noConnectorMessage(server);
  return new UpstreamError("upstream_unreachable", server, message);
}
