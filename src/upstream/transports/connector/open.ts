/** Opens the socket to the object of a stdio server, which forwards frames to a connector. */
import { CONNECTOR_OBJECT_URL, SOCKET_HEADER } from "../../../core/connector/socket-request.ts";
import {
  HandshakeError,
  type OpenSocket,
  type SocketEvents,
  type SocketLike,
} from "../../connection/channel.ts";
import { connectionClosed } from "../../connection/errors.ts";
import { rejectedSession } from "./errors.ts";

export interface SessionSocketOptions extends SocketEvents {
  readonly server: string;
  readonly session: string;
  /** The connector that serves the session, where it exists already. */
  readonly instance: string | undefined;
  readonly openSocket: OpenSocket;
}

export async function openSessionSocket(options: SessionSocketOptions): Promise<SocketLike> {
  const { server, session, instance, openSocket, message, closed } = options;
  const header = JSON.stringify({ side: "session", session, instance });
  const handshake = {
    url: new URL(CONNECTOR_OBJECT_URL),
    headers: new Map([[SOCKET_HEADER, header]]),
    protocols: ["mcp"],
    // A socket that opens too late is closed by the channel.
    signal: new AbortController().signal,
  };
  try {
    return await openSocket(handshake, { message, closed });
  } catch (error) {
    if (error instanceof HandshakeError) throw rejectedSession(server, error.status);
    throw connectionClosed(server, error);
  }
}
