/**
 * Forwards frames between the sessions of one server and its connectors, and decides which connector serves a new session.
 * Nothing that a session needs is in memory: sockets carry their state, and both ends of a session resend what is lost,
 * so the object may hibernate or restart at any time. Several connectors are replicas: a session goes to the one with
 * the fewest sessions that is not draining, and stays with it.
 */
import type { ConnectedConnector, ConnectorDescription } from "../core/connector/description.ts";
import {
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_SILENT,
  type Frame,
  formatFrame,
  parseFrame,
  type SessionFrame,
} from "../core/connector/frames.ts";
import type { ConnectorGrant } from "./authorize-connector.ts";
import {
  type ConnectorAttachment,
  type ConnectorSocket,
  closeQuietly,
  type SessionAttachment,
  type SessionSocket,
  type SocketTable,
  sendQuietly,
} from "./sockets.ts";

const MAX_CONNECTORS = 16;
const MAX_WAITING_SESSIONS = 100;
/** A connector that was connected so recently is probably connecting again. */
const RECONNECT_MS = 10_000;
/** Connectors send a heartbeat every 15 s. */
const SILENCE_MS = 60_000;

const INVALID_FRAME = 1007;
const NORMAL = 1000;

export type SessionRejection = "no_connector" | "busy";

export interface RelayDeps {
  readonly sockets: SocketTable;
  readonly now: () => number;
  /** When the last connector left. */
  readonly lostAt: { get(): number | undefined; set(at: number): void };
  readonly saveLog: (host: string, lines: readonly string[]) => void;
}

export class ConnectorRelay {
  readonly #deps: RelayDeps;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** False where the server has as many connectors as it may have. */
  addConnector(socket: WebSocket, description: ConnectorDescription, grant: ConnectorGrant): boolean {
    const { sockets, now } = this.#deps;
    const others = sockets.listConnectors();
    const replaced = others.filter(({ attachment }) => attachment.instance === description.instance);
    if (others.length - replaced.length >= MAX_CONNECTORS) return false;
    const connectedAt = now();
    sockets.add(socket, { ...description, side: "connector", grant, connectedAt, isDraining: false });
    for (const { socket: old } of replaced) closeQuietly(old, CLOSE_REPLACED, "replaced by a new connection");
    for (const session of sockets.listSessions()) {
      const { instance } = session.attachment;
      if (instance === description.instance)
        sendQuietly(session.socket, formatFrame({ kind: "up", instance }));
      else if (instance === null) this.#assign(session);
    }
    return true;
  }

  /** Undefined once the session is added. `instance`: the connector that serves it, where the channel connects again. */
  addSession(socket: WebSocket, session: string, instance: string | undefined): SessionRejection | undefined {
    const { sockets } = this.#deps;
    const attachment: SessionAttachment = { side: "session", session, instance: instance ?? null };
    const replaced = sockets.findSession(session);
    if (instance === undefined) {
      const rejection = this.#findRejection();
      if (rejection !== undefined) return rejection;
    }
    sockets.add(socket, attachment);
    if (replaced !== undefined) closeQuietly(replaced.socket, CLOSE_REPLACED, "replaced by a new connection");
    if (instance === undefined) this.#assign({ socket, attachment });
    else if (sockets.findConnector(instance) !== undefined)
      sendQuietly(socket, formatFrame({ kind: "up", instance }));
    return undefined;
  }

  receive(socket: WebSocket, data: string): void {
    const frame = parseFrame(data);
    if (frame === undefined) {
      closeQuietly(socket, INVALID_FRAME, "invalid frame");
      return;
    }
    const attachment = this.#deps.sockets.getAttachment(socket);
    if (attachment.side === "connector") this.#receiveFromConnector({ socket, attachment }, frame, data);
    else this.#receiveFromSession(attachment, frame, data);
  }

  /** A socket has closed, by whichever side. */
  remove(socket: WebSocket, code: number): void {
    const { sockets, now, lostAt } = this.#deps;
    const attachment = sockets.getAttachment(socket);
    if (attachment.side === "session") {
      this.#removeSession(attachment, code);
      return;
    }
    if (sockets.findConnector(attachment.instance) !== undefined) return;
    lostAt.set(now());
    for (const session of sockets.listSessions()) {
      if (session.attachment.instance === attachment.instance)
        sendQuietly(session.socket, formatFrame({ kind: "down" }));
    }
  }

  /** Closes connectors that are silent or no longer allowed; called once a minute, and when the configuration changes. */
  async sweep(isAllowed: (grant: ConnectorGrant) => Promise<boolean>): Promise<void> {
    const { now } = this.#deps;
    for (const connector of this.#deps.sockets.listConnectors()) {
      if (now() - this.#lastSeenAt(connector) > SILENCE_MS)
        closeQuietly(connector.socket, CLOSE_SILENT, "no heartbeat");
      else if (!(await isAllowed(connector.attachment.grant)))
        closeQuietly(connector.socket, CLOSE_REVOKED, "the API key or the server is no longer usable");
    }
  }

  describe(): ConnectedConnector[] {
    const sessions = this.#countSessions();
    return this.#deps.sockets.listConnectors().map((connector) => {
      const { instance, host, version, mode, maxSessions, connectedAt, isDraining } = connector.attachment;
      return {
        ...{ instance, host, version, mode, maxSessions, connectedAt, isDraining },
        lastSeenAt: this.#lastSeenAt(connector),
        sessions: sessions.get(instance) ?? 0,
      };
    });
  }

  #receiveFromConnector({ socket, attachment }: ConnectorSocket, frame: Frame, data: string): void {
    const { sockets, saveLog } = this.#deps;
    if (frame.kind === "log") saveLog(attachment.host, frame.lines);
    else if (frame.kind === "drain") sockets.save(socket, { ...attachment, isDraining: true });
    else if ("session" in frame) {
      const session = sockets.findSession(frame.session);
      if (session?.attachment.instance === attachment.instance) sendQuietly(session.socket, data);
    }
  }

  #receiveFromSession(attachment: SessionAttachment, frame: Frame, data: string): void {
    if (!("session" in frame) || frame.session !== attachment.session || attachment.instance === null) return;
    // A frame for a connector that is gone is sent again when it is back.
    const connector = this.#deps.sockets.findConnector(attachment.instance);
    if (connector !== undefined) sendQuietly(connector.socket, data);
  }

  #removeSession({ session, instance }: SessionAttachment, code: number): void {
    const { sockets } = this.#deps;
    if (instance === null || sockets.findSession(session) !== undefined) return;
    const frame: SessionFrame =
      code === NORMAL
        ? { kind: "end", session, reason: undefined, detail: "" }
        : { kind: "detached", session };
    const connector = sockets.findConnector(instance);
    if (connector !== undefined) sendQuietly(connector.socket, formatFrame(frame));
  }

  #findRejection(): SessionRejection | undefined {
    const { sockets, now, lostAt } = this.#deps;
    const connectors = sockets.listConnectors();
    if (this.#selectConnector() !== undefined) return undefined;
    if (connectors.some(({ attachment }) => !attachment.isDraining)) return "busy";
    const lost = lostAt.get();
    const isReturning = lost !== undefined && now() - lost < RECONNECT_MS;
    const waiting = sockets.listSessions().filter(({ attachment }) => attachment.instance === null);
    return isReturning && waiting.length < MAX_WAITING_SESSIONS ? undefined : "no_connector";
  }

  #assign({ socket, attachment }: SessionSocket): void {
    const connector = this.#selectConnector();
    if (connector === undefined) return;
    const { instance } = connector.attachment;
    this.#deps.sockets.save(socket, { ...attachment, instance });
    sendQuietly(socket, formatFrame({ kind: "up", instance }));
  }

  #selectConnector(): ConnectorSocket | undefined {
    const sessions = this.#countSessions();
    const load = ({ instance, maxSessions }: ConnectorAttachment) =>
      (sessions.get(instance) ?? 0) / maxSessions;
    return this.#deps.sockets
      .listConnectors()
      .filter(({ attachment }) => !attachment.isDraining && load(attachment) < 1)
      .sort((one, other) => load(one.attachment) - load(other.attachment))[0];
  }

  #countSessions(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { attachment } of this.#deps.sockets.listSessions()) {
      if (attachment.instance !== null)
        counts.set(attachment.instance, (counts.get(attachment.instance) ?? 0) + 1);
    }
    return counts;
  }

  #lastSeenAt({ socket, attachment }: ConnectorSocket): number {
    return Math.max(attachment.connectedAt, this.#deps.sockets.getHeartbeat(socket) ?? 0);
  }
}
