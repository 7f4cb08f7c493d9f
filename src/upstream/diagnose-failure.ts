/** Finds out why a server could not be reached: a request reports a lost connection, a failed lookup and TLS alike. */
import {
  type ConnectionCause,
  describeCause,
  nameCause,
  type SocketCheck,
} from "../core/discovery/connection-cause.ts";
import type { GatewayError } from "../core/errors.ts";
import { withTimeout } from "../core/timers.ts";
import { StatusError } from "./connection/errors.ts";

/** Of the second look, beside what the request has taken. */
const SOCKET_TIMEOUT_MS = 3000;

export interface FailureDiagnosis {
  readonly cause: ConnectionCause;
  readonly message: string;
}

/** `address` has passed the URL guard. Of a server behind a connector nothing further is to be found out. */
export async function diagnoseFailure(address: string, error: GatewayError): Promise<FailureDiagnosis> {
  const { code, message } = error;
  const url = URL.parse(address);
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) return { cause: "other", message };
  const status = error instanceof StatusError ? error.upstreamStatus : undefined;
  const socket =
    code === "upstream_unreachable" && status === undefined ? await checkSocket(url, error) : undefined;
  const cause = nameCause({ code, status, socket });
  return { cause, message: describeCause(cause, { url, status, message }) };
}

async function checkSocket(url: URL, error: GatewayError): Promise<SocketCheck> {
  return { isOpen: await canConnect(url), isRetryable: isRetryable(error.cause) };
}

/** workerd marks lost connections so. */
const isRetryable = (error: unknown) => error instanceof Error && Reflect.get(error, "retryable") === true;

async function canConnect({ hostname, port, protocol }: URL): Promise<boolean> {
  const { connect } = await import("cloudflare:sockets");
  const isSecure = protocol === "https:" || protocol === "wss:";
  const socket = connect(
    { hostname, port: Number(port || (isSecure ? 443 : 80)) },
    { secureTransport: "off", allowHalfOpen: false },
  );
  // A socket that fails to open rejects both promises.
  socket.closed.catch(() => undefined);
  try {
    return (await withTimeout(socket.opened, SOCKET_TIMEOUT_MS)) !== undefined;
  } catch {
    return false;
  } finally {
    await socket.close().catch(() => undefined);
  }
}
