// What is measured.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { mcpServers } from "../../../src/db/schema/index.ts";
import type { TestTenant } from "../../../tests/fixtures/gateway.ts";
import { bearer, type Case, fromMemory, passed } from "./case.ts";
import { addTenants, withDatabase } from "./crowd.ts";
import { DENIALS } from "./denials.ts";
import { accessToken, cookieOf, signedIn } from "./people.ts";
import { beginSession, callOf, legacy, modern } from "./requests.ts";
import type { World } from "./world.ts";

const BROAD = [1, 16, 64, 256];

/** A tenant of its own for each number of servers, made once. */
const tenants = new WeakMap<World, Map<number, Promise<TestTenant>>>();

function tenantWith(world: World, count: number): Promise<TestTenant> {
  const made = tenants.get(world) ?? new Map<number, Promise<TestTenant>>();
  tenants.set(world, made);
  const known = made.get(count);
  if (known !== undefined) return known;
  const names = count === 1 ? ["one"] : Array.from({ length: count }, (_, at) => `server${at}`);
  const tenant = roomyTenant(world, names);
  made.set(count, tenant);
  return tenant;
}

/** Its servers take more calls at once than any case makes: how many may wait is another subject. */
async function roomyTenant(world: World, names: readonly string[]): Promise<TestTenant> {
  const tenant = await world.gateway.addTenant({
    servers: names.map((name) => ({ name, url: world.upstreamUrl(name) })),
  });
  await withDatabase(world, (db) =>
    db.update(mcpServers).set({ maxConcurrency: 1000 }).where(eq(mcpServers.tenantId, tenant.id)),
  );
  return tenant;
}

type Proof = (world: World, tenant: TestTenant) => Promise<Record<string, string>>;

const byKey: Proof = async (_world, { apiKey }) => bearer(apiKey);

interface Calling extends Partial<Case> {
  readonly tool?: string;
  readonly args?: Record<string, unknown>;
  readonly proof?: Proof;
  readonly isWarm?: boolean;
}

function call(
  name: string,
  path: string,
  { tool = "one_tool_1", args, proof = byKey, isWarm = false, ...rest }: Calling = {},
): Case {
  return {
    name,
    connections: [16],
    amount: 6000,
    async prepare(world) {
      const tenant = await tenantWith(world, 1);
      const url = `${world.gateway.url}${path}`;
      const sent = modern(world.dir, url, callOf(tool, args), await proof(world, tenant));
      return { ...passed(world, sent), isWarm };
    },
    ...rest,
  };
}

export function legacyCall(name: string, path: string): Case {
  return {
    name,
    connections: [16],
    amount: 6000,
    async prepare(world) {
      const { apiKey } = await tenantWith(world, 1);
      const url = `${world.gateway.url}${path}`;
      const session = await beginSession(url, bearer(apiKey));
      return passed(world, legacy(world.dir, url, callOf("one_tool_1"), { ...bearer(apiKey), ...session }));
    },
  };
}

function list(servers: number): Case {
  const name = `tools/list over ${servers} ${servers === 1 ? "server" : "servers"}`;
  return {
    name,
    ...(servers === 100 && { atLeast: 0.3 }),
    connections: [16],
    amount: servers === 100 ? 1000 : 4000,
    async prepare(world) {
      const { apiKey } = await tenantWith(world, servers);
      const sent = modern(world.dir, `${world.gateway.url}/mcp`, { method: "tools/list" }, bearer(apiKey));
      return fromMemory(world, sent, name);
    },
  };
}

/** Each request is another tenant's, in turn. */
function crowd(count: number): Case {
  return {
    name: `tools/call, ${count.toLocaleString("en")} tenants`,
    connections: [16],
    // More than an isolate caches: each is loaded again, and takes its time.
    amount: count > 1000 ? 1000 : 6000,
    async prepare(world) {
      const keys = await addTenants(world, count);
      const sent = modern(world.dir, `${world.gateway.url}/mcp/one`, callOf("one_tool_1"), {});
      const authorizationsFile = join(world.dir, `keys-${count}.json`);
      writeFileSync(authorizationsFile, JSON.stringify(keys.map((key) => `Bearer ${key}`)));
      return passed(world, { ...sent, authorizationsFile });
    },
  };
}

function signedInPage(name: string, path: string): Case {
  return {
    name,
    connections: [16],
    amount: 400,
    async prepare(world) {
      const cookie = cookieOf(await signedIn(world, await tenantWith(world, 10)));
      const headers = { cookie, accept: path.startsWith("/api/") ? "application/json" : "text/html" };
      return fromMemory(
        world,
        { url: `${world.gateway.url}${path}`, method: "GET", headers, status: 200 },
        name,
      );
    },
  };
}

const MIB = 1024 * 1024;
const large = (mib: number) => ({ tool: "swallow", args: { text: "x".repeat(mib * MIB - 2048) } });

/** How far from the bare pass-through a gateway is that decides nothing: what is between it and ours is policy. */
const floor: Case = {
  name: "minimal gateway",
  connections: BROAD,
  amount: 6000,
  async prepare(world) {
    const pair = passed(world, modern(world.dir, `${world.baseline.url}/least`, callOf("one_tool_1"), {}));
    return { ...pair, isBeside: true };
  },
};

export const CASES: readonly Case[] = [
  floor,
  call("tools/call, one server", "/mcp/one", { atLeast: 0.75, connections: BROAD }),
  call("tools/call, one server, warm leases", "/mcp/one", { isWarm: true, connections: [16, 64] }),
  call("tools/call, all servers", "/mcp", { connections: BROAD }),
  legacyCall("tools/call legacy, one server", "/mcp/one"),
  legacyCall("tools/call legacy, all servers", "/mcp"),
  call("tools/call by OAuth token, all servers", "/mcp", {
    proof: async (world, tenant) => bearer(await accessToken(world, tenant)),
  }),
  list(1),
  list(10),
  list(100),
  call("stream of 1,000 events", "/mcp/one", { tool: "stream", amount: 100 }),
  call("body of 1 MiB", "/mcp/one", { ...large(1), amount: 300 }),
  call("body of 4 MiB", "/mcp/one", { ...large(4), amount: 80 }),
  ...DENIALS,
  signedInPage("REST by session: a list", "/api/v1/servers"),
  signedInPage("UI overview by session", "/admin"),
  crowd(1),
  crowd(100),
  crowd(10_000),
];
