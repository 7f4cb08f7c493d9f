/** The WebSockets of a server's object, found again after hibernation by their tags and attachments. */
import type { ConnectorDescription } from "../core/connector/description.ts";
import type { ConnectorGrant } from "./authorize-connector.ts";

export interface ConnectorAttachment extends ConnectorDescription {
  readonly side: "connector";
  readonly grant: ConnectorGrant;
  readonly connectedAt: number;
  isDraining: boolean;
}

export interface SessionAttachment {
  readonly side: "session";
  readonly session: string;
  /** The connector that serves the session; null while it waits for one. */
  instance: string | null;
}

export type SocketAttachment = ConnectorAttachment | SessionAttachment;

interface Entry<A> {
  readonly socket: WebSocket;
  readonly attachment: A;
}
export type ConnectorSocket = Entry<ConnectorAttachment>;
export type SessionSocket = Entry<SessionAttachment>;

/** The part of the object's state that holds WebSockets. */
export type SocketHost = Pick<
  DurableObjectState,
  "acceptWebSocket" | "getWebSockets" | "getWebSocketAutoResponseTimestamp"
>;

const CONNECTOR = "connector";
const SESSION = "session";

export class SocketTable {
  readonly #host: SocketHost;
  readonly #known = new WeakMap<WebSocket, SocketAttachment>();

  constructor(host: SocketHost) {
    this.#host = host;
  }

  add(socket: WebSocket, attachment: SocketAttachment): void {
    const tags =
      attachment.side === "connector"
        ? [CONNECTOR, `instance:${attachment.instance}`]
        : [SESSION, `session:${attachment.session}`];
    this.#host.acceptWebSocket(socket, tags);
    this.save(socket, attachment);
  }

  /** After a change of the attachment. */
  save(socket: WebSocket, attachment: SocketAttachment): void {
    socket.serializeAttachment(attachment);
    this.#known.set(socket, attachment);
  }

  getAttachment(socket: WebSocket): SocketAttachment {
    let attachment = this.#known.get(socket);
    if (attachment === undefined) {
      const stored: SocketAttachment = socket.deserializeAttachment();
      attachment = stored;
      this.#known.set(socket, attachment);
    }
    return attachment;
  }

  listConnectors(): ConnectorSocket[] {
    return this.#listOpen(CONNECTOR).flatMap(({ socket, attachment }) =>
      attachment.side === "connector" ? [{ socket, attachment }] : [],
    );
  }

  listSessions(): SessionSocket[] {
    return this.#listOpen(SESSION).flatMap(({ socket, attachment }) =>
      attachment.side === "session" ? [{ socket, attachment }] : [],
    );
  }

  /** The newest connection of a connector's process. */
  findConnector(instance: string): ConnectorSocket | undefined {
    return this.listConnectors()
      .filter(({ attachment }) => attachment.instance === instance)
      .at(-1);
  }

  findSession(session: string): SessionSocket | undefined {
    const [found] = this.#listOpen(`session:${session}`);
    if (found?.attachment.side !== "session") return undefined;
    return { socket: found.socket, attachment: found.attachment };
  }

  /** When the last heartbeat of a connector arrived. */
  getHeartbeat(socket: WebSocket): number | undefined {
    return this.#host.getWebSocketAutoResponseTimestamp(socket)?.getTime();
  }

  #listOpen(tag: string): Entry<SocketAttachment>[] {
    return this.#host
      .getWebSockets(tag)
      .filter(({ readyState }) => readyState === WebSocket.OPEN)
      .map((socket) => ({ socket, attachment: this.getAttachment(socket) }));
  }
}

export function sendQuietly(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // The socket is closing: its close event follows.
  }
}

export function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // The socket is closed already.
  }
}
