// Interactive sessions: the driver sends Postgres' own protocol inside a WebSocket, and this forwards the bytes
// to the server and back. Nothing in between is parsed.
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import { reason, UNKNOWN_ENDPOINT } from "./errors.ts";
import { isAllowed } from "./target.ts";

const UNSUPPORTED_DATA = 1003;

export interface TunnelServices {
  readonly allow: ReadonlySet<string>;
  countWebSocket(): void;
}

/** Takes upgrades on any path, as Neon does: the driver's default is /v2, that of older proxies /v1. */
export function acceptTunnels(server: Server, services: TunnelServices): { close(): void } {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      services.countWebSocket();
      webSocket.on("error", () => {});
      tunnel(webSocket, request, services.allow);
    });
  });
  return {
    close: () => {
      for (const webSocket of sockets.clients) webSocket.terminate();
      sockets.close();
    },
  };
}

function tunnel(webSocket: WebSocket, request: IncomingMessage, allow: ReadonlySet<string>): void {
  const address = readAddress(request.url ?? "");
  if (address === undefined || !isAllowed(address.host, address.port, allow)) {
    refuse(webSocket, "28000", UNKNOWN_ENDPOINT);
    return;
  }
  webSocket.on("message", (_data, isBinary) => {
    if (!isBinary) webSocket.close(UNSUPPORTED_DATA, "unexpected text message in the websocket");
  });
  // Created before Postgres answers, so that what the client sends at once is kept.
  const client = createWebSocketStream(webSocket);
  client.on("error", () => {});
  const postgres = connect({ ...address, noDelay: true });
  const unreachable = (error: Error) => {
    refuse(webSocket, "08006", `error connecting to server: ${reason(error)}`);
  };
  postgres.once("error", unreachable);
  postgres.once("connect", () => {
    postgres.off("error", unreachable);
    // Each side's end or failure ends the other, and the slower one holds the faster one back.
    pipeline(client, postgres, client, () => {});
  });
}

function readAddress(url: string): { host: string; port: number } | undefined {
  const query = url.indexOf("?");
  const address = new URLSearchParams(query < 0 ? "" : url.slice(query)).get("address") ?? "";
  const match = /^\[?(?<host>[^\]]+)\]?:(?<port>\d{1,5})$/.exec(address);
  const { host, port } = match?.groups ?? {};
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}

/** As a Postgres error, because the driver reports a failed handshake without any reason. */
function refuse(webSocket: WebSocket, code: string, message: string): void {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const header = Buffer.alloc(5);
  header.write("E");
  header.writeInt32BE(fields.length + 4, 1);
  webSocket.send(Buffer.concat([header, fields]));
  webSocket.close();
}
