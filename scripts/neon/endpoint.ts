// A local stand-in for Neon in front of a real PostgreSQL: it implements Neon's SQL over HTTP and its WebSocket
// protocol, so that on a developer's machine and in CI the Worker runs the driver it runs in production.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createPools } from "./pool.ts";
import { serveSql } from "./sql-over-http.ts";
import { acceptTunnels } from "./websocket.ts";

export interface NeonEndpoint {
  readonly port: number;
  /** http://127.0.0.1:PORT */
  readonly url: string;
  close(): Promise<void>;
}

export interface NeonEndpointOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** "host:port" of the Postgres servers it may reach. */
  allow: readonly string[];
}

/** What `GET /stats` answers: lets a test inside workerd prove how many round trips something took. */
export interface NeonEndpointStats {
  readonly requests: number;
  readonly statements: number;
  readonly websockets: number;
}

const HOST = "127.0.0.1";

export async function startNeonEndpoint(options: NeonEndpointOptions): Promise<NeonEndpoint> {
  const allow = new Set(options.allow);
  const stats = { requests: 0, statements: 0, websockets: 0 };
  const pools = createPools();
  const services = {
    pools,
    allow,
    countStatements: (statements: number) => {
      stats.statements += statements;
    },
    countWebSocket: () => {
      stats.websockets += 1;
    },
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.split("?")[0];
    if (request.method === "POST" && path === "/sql") {
      stats.requests += 1;
      await serveSql(request, response, services);
    } else if (request.method === "GET" && path === "/stats") {
      const body: NeonEndpointStats = stats;
      sendJson(response, 200, body);
    } else {
      sendJson(response, 400, "query is not supported");
    }
  };

  const server = createServer((request, response) => {
    route(request, response).catch(() => response.destroy());
  });
  // The default of five seconds closes connections just as workerd reuses them: a POST would fail at random.
  server.keepAliveTimeout = 600_000;
  const tunnels = acceptTunnels(server, services);

  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : (options.port ?? 0));
    });
  });

  return {
    port,
    url: `http://${HOST}:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      tunnels.close();
      server.closeAllConnections();
      await Promise.all([closed, pools.close()]);
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
