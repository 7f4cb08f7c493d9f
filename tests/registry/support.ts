/** Servers inside a `fetch` of the test's own, and the dependencies of discovery and health checks. */
import { Keyring } from "../../src/core/keyring.ts";
import type { DiscoveryDeps } from "../../src/discovery/discover.ts";
import { database, owner } from "../support/database.ts";

export interface FakeServer {
  tools: Record<string, unknown>[];
  prompts: Record<string, unknown>[];
  resources: Record<string, unknown>[];
  instructions: string | undefined;
  state: "up" | "down" | "slow" | "refuses" | "hangs";
  readonly calls: string[];
}

const META = "io.modelcontextprotocol/serverInfo";

/** By address. Those that are not there cannot be reached. */
export class FakeNet {
  readonly servers = new Map<string, FakeServer>();
  /** How long a slow answer takes. */
  slowMs = 50;

  add(url: string, more: Partial<FakeServer> = {}): FakeServer {
    const server: FakeServer = {
      ...{ tools: [], prompts: [], resources: [], instructions: undefined, state: "up", calls: [] },
      ...more,
    };
    this.servers.set(url, server);
    return server;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const server = this.servers.get(request.url);
    if (server === undefined || server.state === "down") throw new TypeError("Network connection lost.");
    const message = await request.json<{ id: string; method: string; params?: { name?: string } }>();
    server.calls.push(message.method);
    if (server.state === "hangs") {
      return new Promise((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
      );
    }
    if (server.state === "slow") await new Promise((resolve) => setTimeout(resolve, this.slowMs));
    if (server.state === "refuses") return new Response(null, { status: 401 });
    const result = resultOf(server, message.method, message.params?.name);
    const answer =
      result === undefined ? { error: { code: -32601, message: "No such method." } } : { result };
    return Response.json({ jsonrpc: "2.0", id: message.id, ...answer });
  };
}

function resultOf(server: FakeServer, method: string, name: string | undefined): object | undefined {
  const complete = { resultType: "complete", ttlMs: 1000, cacheScope: "public" };
  switch (method) {
    case "server/discover":
      return {
        ...complete,
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {}, prompts: {}, resources: {} },
        instructions: server.instructions,
        _meta: { [META]: { name: "fake", version: "1.0.0" } },
      };
    case "tools/list":
      return { ...complete, tools: server.tools };
    case "prompts/list":
      return { ...complete, prompts: server.prompts };
    case "resources/list":
      return { ...complete, resources: server.resources };
    case "resources/templates/list":
      return { ...complete, resourceTemplates: [] };
    case "tools/call":
      return { resultType: "complete", content: [], isError: name === "broken" };
    default:
      return undefined;
  }
}

export interface TestParts extends DiscoveryDeps {
  readonly net: FakeNet;
  /** Tenants whose epoch was raised, in order. */
  readonly raised: string[];
}

export function testParts(): TestParts {
  const net = new FakeNet();
  const raised: string[] = [];
  return {
    net,
    raised,
    database,
    keyring: new Keyring([{ id: "t1", key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" }]),
    upstream: {
      fetch: net.fetch,
      urlPolicy: { allowLoopback: false },
      openSocket: () => Promise.reject(new Error("there are no sockets here")),
    },
    findAccount: async () => undefined,
    raiseEpoch: async (tenantId) => void raised.push(tenantId),
    now: Date.now,
  };
}

export async function addServer(
  tenantId: string,
  name: string,
  endpointUrl: string,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const [row] = await owner.query(
    "insert into mcp_servers (tenant_id, name, endpoint_url, settings) values ($1, $2, $3, $4) returning id",
    [tenantId, name, endpointUrl, JSON.stringify(settings)],
  );
  return String(row?.id);
}

export const setTenant = (tenantId: string, settings: Record<string, unknown>) =>
  owner.query("update tenants set settings = settings || $2::jsonb where id = $1", [
    tenantId,
    JSON.stringify(settings),
  ]);

/** As they were written down, oldest first, without what differs from run to run. */
export async function eventsOf(tenantId: string, table: "security_events" | "system_events") {
  const rows = await owner.query(
    `select event_type as type, severity, server_id as "serverId", details from ${table} where tenant_id = $1 order by timestamp, id`,
    [tenantId],
  );
  return rows.map(({ type, severity, serverId, details }) => ({ type, severity, serverId, details }));
}
