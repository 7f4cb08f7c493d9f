/** The object of one stdio server: accepts the WebSockets of its connectors and sessions, and keeps what the server logs. */
import { z } from "zod";
import { CONNECTOR_MODES, type ConnectorReport, type LoggedLine } from "../core/connector/description.ts";
import { isUuid, PING, PONG } from "../core/connector/frames.ts";
import { BUSY_STATUS, NO_CONNECTOR_STATUS, SOCKET_HEADER } from "../core/connector/socket-request.ts";
import type { ConnectorGrant } from "./authorize-connector.ts";
import { ConnectorRelay } from "./relay.ts";
import { SocketTable } from "./sockets.ts";

const uuid = z.string().refine(isUuid, "must be a UUID");

export const connectorDescription = z.object({
  instance: uuid,
  host: z.string().min(1).max(255),
  version: z.string().min(1).max(50),
  mode: z.enum(CONNECTOR_MODES),
  maxSessions: z.number().int().min(1).max(1000),
});

const socketRequest = z.discriminatedUnion("side", [
  z.object({
    side: z.literal("connector"),
    description: connectorDescription,
    grant: z.object({ tenantId: uuid, serverId: uuid, keyId: uuid }),
  }),
  z.object({ side: z.literal("session"), session: uuid, instance: uuid.optional() }),
]);
export type ConnectorSocketRequest = z.infer<typeof socketRequest>;

const LOST_AT = "lost-at";
const SWEEP_INTERVAL_MS = 60_000;
/** Lines and characters of the log that are kept. */
const MAX_KEPT_LINES = 1000;
const MAX_KEPT_LENGTH = 256 * 1024;
const STATUS_CONFLICT = 409;

export interface ConnectorServerDeps {
  /** From then on, the connectors of the server are checked after each change of its tenant's configuration. */
  registerServer(grant: ConnectorGrant): Promise<void>;
  isAllowed(grant: ConnectorGrant): Promise<boolean>;
}

export class ConnectorServer {
  readonly #ctx: DurableObjectState;
  readonly #relay: ConnectorRelay;
  readonly #sockets: SocketTable;
  readonly #deps: ConnectorServerDeps;

  constructor(ctx: DurableObjectState, deps: ConnectorServerDeps) {
    this.#ctx = ctx;
    this.#deps = deps;
    const { storage } = ctx;
    storage.sql.exec(
      "create table if not exists log (id integer primary key, at integer not null, host text not null, text text not null)",
    );
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#sockets = new SocketTable(ctx);
    this.#relay = new ConnectorRelay({
      sockets: this.#sockets,
      now: Date.now,
      lostAt: {
        get: () => storage.kv.get<number>(LOST_AT),
        set: (at) => storage.kv.put(LOST_AT, at),
      },
      saveLog: (host, lines) => this.#saveLog(host, lines),
    });
  }

  async accept(request: Request): Promise<Response> {
    const header: unknown = JSON.parse(request.headers.get(SOCKET_HEADER) ?? "null");
    const asked = socketRequest.parse(header);
    const { 0: client, 1: server } = new WebSocketPair();
    if (asked.side === "connector") {
      await this.#deps.registerServer(asked.grant);
      if (!this.#relay.addConnector(server, asked.description, asked.grant))
        return new Response(null, { status: STATUS_CONFLICT });
      await this.#ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
      // The grant may have ended since it was judged, before the server was registered.
      this.#ctx.waitUntil(this.sweep());
    } else {
      const rejection = this.#relay.addSession(server, asked.session, asked.instance);
      if (rejection !== undefined)
        return new Response(null, { status: rejection === "busy" ? BUSY_STATUS : NO_CONNECTOR_STATUS });
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  receive(socket: WebSocket, data: string | ArrayBuffer): void {
    // A binary message is no frame.
    this.#relay.receive(socket, typeof data === "string" ? data : "");
  }

  remove(socket: WebSocket, code: number): void {
    this.#relay.remove(socket, code);
  }

  /** Returns whether a connector is left. */
  async sweep(): Promise<boolean> {
    await this.#relay.sweep(this.#deps.isAllowed);
    const isConnected = this.#sockets.listConnectors().length > 0;
    if (isConnected) await this.#ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
    return isConnected;
  }

  describe(): ConnectorReport {
    const rows = this.#ctx.storage.sql
      .exec<{ at: number; host: string; text: string }>("select at, host, text from log order by id")
      .toArray();
    return { connectors: this.#relay.describe(), log: rows.map(toLoggedLine) };
  }

  #saveLog(host: string, lines: readonly string[]): void {
    const { sql } = this.#ctx.storage;
    const at = Date.now();
    for (const text of lines) sql.exec("insert into log (at, host, text) values (?, ?, ?)", at, host, text);
    sql.exec(
      `delete from log where id <= (select max(id) from log) - ${MAX_KEPT_LINES} or id <= coalesce((
         select max(id) from (select id, sum(length(text)) over (order by id desc) as total from log)
          where total > ${MAX_KEPT_LENGTH}), 0)`,
    );
  }
}

const toLoggedLine = ({ at, host, text }: LoggedLine): LoggedLine => ({ at, host, text });
