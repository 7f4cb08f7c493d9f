// What is measured. A case prepares its own part of the world and names the two requests that are held against one
// another.
import type { KeyOptions, TenantOptions, TestTenant } from "../../../tests/fixtures/gateway.ts";
import { beginSession, callOf, legacy, modern, type Sent } from "./requests.ts";
import type { World } from "./world.ts";

export interface Pair {
  readonly gateway: Sent;
  readonly baseline: Sent;
}

export interface Case {
  readonly name: string;
  /** The least that is good enough, at the connections of the target; nothing where a case is only reported. */
  readonly atLeast?: number;
  readonly connections: readonly number[];
  /** Requests in a round. */
  readonly amount: number;
  prepare(world: World): Promise<Pair>;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** A tenant of its own for each number of servers, made once. */
const tenants = new WeakMap<World, Map<number, Promise<TestTenant>>>();

function tenantWith(world: World, count: number): Promise<TestTenant> {
  const made = tenants.get(world) ?? new Map<number, Promise<TestTenant>>();
  tenants.set(world, made);
  const known = made.get(count);
  if (known !== undefined) return known;
  const names = count === 1 ? ["one"] : Array.from({ length: count }, (_, at) => `server${at}`);
  const servers = names.map((name) => ({
    name,
    url: world.upstreamUrl(name),
    // What holds back is another subject.
    settings: {},
  }));
  const tenant = world.gateway.addTenant({ servers });
  made.set(count, tenant);
  return tenant;
}

/** Against the bare pass-through, which sends the same bytes to the same upstream. */
function passed(world: World, sent: Sent): Pair {
  return { gateway: sent, baseline: { ...sent, url: world.baseline.url, status: 200 } };
}

function call(
  name: string,
  path: string,
  {
    tool = "one_tool_1",
    args,
    ...rest
  }: Partial<Case> & { tool?: string; args?: Record<string, unknown> } = {},
): Case {
  return {
    name,
    connections: [16],
    amount: 6000,
    async prepare(world) {
      const { apiKey } = await tenantWith(world, 1);
      const url = `${world.gateway.url}${path}`;
      return passed(world, modern(world.dir, url, callOf(tool, args), bearer(apiKey)));
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
  return {
    name: `tools/list over ${servers} servers`,
    ...(servers === 100 && { atLeast: 0.3 }),
    connections: [16],
    amount: servers === 100 ? 1000 : 4000,
    async prepare(world) {
      const { apiKey } = await tenantWith(world, servers);
      const sent = modern(world.dir, `${world.gateway.url}/mcp`, { method: "tools/list" }, bearer(apiKey));
      world.keepBytes(await answerTo(sent));
      return { gateway: sent, baseline: { ...sent, url: `${world.baseline.url}/bytes?${servers}` } };
    },
  };
}

function denied(
  name: string,
  status: number,
  key: KeyOptions | "wrong",
  extra: Record<string, string>,
): Case {
  return {
    name,
    atLeast: 1.5,
    connections: [16],
    amount: 8000,
    async prepare(world) {
      const tenant = await world.gateway.addTenant(oneServer(world));
      const apiKey = key === "wrong" ? WRONG : await tenant.addKey(key);
      const sent = modern(world.dir, `${world.gateway.url}/mcp/one`, callOf("one_tool_1"), {
        ...bearer(apiKey),
        ...extra,
      });
      return passed(world, { ...sent, status });
    },
  };
}

const oneServer = (world: World): TenantOptions => ({
  servers: [{ name: "one", url: world.upstreamUrl("one") }],
});

const WRONG = `mcp_01890000-0000-7000-8000-000000000000_${"x".repeat(43)}`;

async function answerTo({ url, method, headers, bodyFile }: Sent): Promise<string> {
  const { readFileSync } = await import("node:fs");
  const answer = await fetch(url, { method, headers, body: readFileSync(bodyFile ?? "") });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return text;
}

const MIB = 1024 * 1024;
const large = (mib: number) => ({ tool: "swallow", args: { text: "x".repeat(mib * MIB - 2048) } });

export const CASES: readonly Case[] = [
  call("tools/call, one server", "/mcp/one", { atLeast: 0.75, connections: [1, 16, 64, 256] }),
  call("tools/call, all servers", "/mcp", { connections: [1, 16, 64, 256] }),
  legacyCall("tools/call legacy, one server", "/mcp/one"),
  legacyCall("tools/call legacy, all servers", "/mcp"),
  list(1),
  list(10),
  list(100),
  call("stream of 1,000 events", "/mcp/one", { tool: "stream", amount: 150 }),
  call("body of 1 MiB", "/mcp/one", { ...large(1), amount: 300 }),
  call("body of 4 MiB", "/mcp/one", { ...large(4), amount: 80 }),
  denied("refused: limit reached", 429, { limits: { rateLimitPerHour: 1, rateLimitPerDay: 1 } }, {}),
  denied("refused: wrong key", 401, "wrong", {}),
];
