/** Opens the WebSocket to the object of a stdio server, which forwards frames to a connector. */
import { BUSY_STATUS, CONNECTOR_OBJECT_URL, SOCKET_HEADER } from "../../../core/connector/socket-request.ts";
import { UpstreamError } from "../../../core/errors.ts";
import type { ConnectorStub } from "../../connection/channel.ts";
import { connectionClosed } from "../../connection/errors.ts";

export interface SessionSocketOptions {
  readonly server: string;
  readonly session: string;
  /** The connector that serves the session, where it exists already. */
  readonly instance: string | undefined;
  readonly stub: ConnectorStub;
  readonly message: (data: unknown) => void;
  readonly closed: () => void;
}

export async function openSessionSocket(options: SessionSocketOptions): Promise<WebSocket> {
  const { server, session, instance, stub, message, closed } = options;
  const header = JSON.stringify({ side: "session", session, instance });
  const response = await stub
    .fetch(CONNECTOR_OBJECT_URL, { headers: { upgrade: "websocket", [SOCKET_HEADER]: header } })
    .catch((error: unknown) => {
      throw connectionClosed(server, error);
    });
  const socket = response.webSocket;
  if (socket === null) throw rejectedSession(server, response.status);
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    closed();
  };
  socket.addEventListener("message", ({ data }) => message(data));
  socket.addEventListener("error", end);
  socket.addEventListener("close", end);
  socket.accept();
  return socket;
}

function rejectedSession(server: string, status: number): UpstreamError {
  const message =
    status === BUSY_STATUS
      ? `All connectors of server ${server} have as many sessions as they take. Start another one, raise --max-sessions or use --shared.`
      : noConnectorMessage(server);
  return new UpstreamError("upstream_unreachable", server, message);
}

export const noConnectorMessage = (server: string) =>
  `Server ${server} has no connector. Start one: mcp-gateway connect --server ${server} -- COMMAND`;
