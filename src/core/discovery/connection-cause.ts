/** Names why a server could not be reached or understood, and states what to do about it. */

export const CONNECTION_CAUSES = [
  ...["dns", "refused", "tls", "timeout", "closed"],
  ...["status", "credential", "not_mcp", "other"],
] as const;

export type ConnectionCause = (typeof CONNECTION_CAUSES)[number];

/** What a second look at the address found, after a request got no response. */
export interface SocketCheck {
  /** A TCP connection could be opened. */
  readonly isOpen: boolean;
  /** The runtime reports lost connections as retryable, and failures of name resolution and TLS as internal. */
  readonly isRetryable: boolean;
}

export interface ConnectionFailure {
  /** Of the gateway error. */
  readonly code: string;
  /** The HTTP status that the server, or the network in front of it, returned. */
  readonly status?: number | undefined;
  readonly socket?: SocketCheck | undefined;
}

/** Statuses by which Cloudflare's network reports that it could not connect to a server. */
const EDGE_CAUSES: ReadonlyMap<number, ConnectionCause> = new Map([
  [521, "refused"],
  [522, "timeout"],
  [523, "timeout"],
  [524, "timeout"],
  [525, "tls"],
  [526, "tls"],
  [530, "dns"],
]);

export function nameCause({ code, status, socket }: ConnectionFailure): ConnectionCause {
  if (status !== undefined) return EDGE_CAUSES.get(status) ?? "status";
  if (code === "upstream_timeout") return "timeout";
  if (code === "upstream_refused") return "credential";
  if (code === "upstream_invalid") return "not_mcp";
  if (socket === undefined) return "other";
  if (socket.isOpen) return socket.isRetryable ? "closed" : "tls";
  return socket.isRetryable ? "refused" : "dns";
}

/** One sentence for the cause, one for the next step. `message` is what is known where no cause is. */
export function describeCause(
  cause: ConnectionCause,
  {
    url,
    status,
    message,
  }: { readonly url: URL; readonly status?: number | undefined; readonly message: string },
): string {
  const { hostname, protocol } = url;
  const port = url.port || (/^(?:https|wss):$/.test(protocol) ? "443" : "80");
  switch (cause) {
    case "dns":
      return `Host ${hostname} cannot be found (DNS). Check the host name in the URL.`;
    case "refused":
      return `Host ${hostname} refuses connections on port ${port}. Start the server, or correct the port in the URL.`;
    case "tls":
      return `The TLS handshake with ${hostname} on port ${port} failed. Its certificate must be valid, trusted and issued for this host.`;
    case "timeout":
      return `Host ${hostname} did not respond in time. Check that the server is running and can be reached from the internet.`;
    case "closed":
      return `Host ${hostname} closed the connection before responding. Check the port and the path of the URL.`;
    case "status":
      return `Host ${hostname} returned HTTP ${status}. ${adviceFor(status ?? 0)}`;
    case "credential":
      return `Host ${hostname} rejected the credential. Check the authentication type and the secret.`;
    case "not_mcp":
      return `Host ${hostname} responded, but not as an MCP server. Check the path of the URL and the transport.`;
    case "other":
      return message;
  }
}

const adviceFor = (status: number) =>
  status >= 500
    ? "The server has failed: look at its log, or retry later."
    : "Check the path of the URL; MCP endpoints often end in /mcp.";
