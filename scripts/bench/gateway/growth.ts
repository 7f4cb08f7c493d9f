// What a call costs when there is more of everything: it should cost the same.

import { measureBurst } from "./burst.ts";
import { bearer } from "./case.ts";
import { addKeys, addRules, addTenants, withDatabase } from "./crowd.ts";
import { median } from "./figures.ts";
import { callOf, modern, type Sent } from "./requests.ts";
import type { World } from "./world.ts";

interface Axis {
  readonly name: string;
  readonly sizes: readonly number[];
  prepare(world: World, size: number): Promise<Sent>;
}

export interface Growth {
  readonly axis: string;
  readonly size: number;
  /** Microseconds of the gateway's CPU for a call. */
  readonly cpuUs: number;
}

const callTo = (world: World, path: string, tool: string, key: string) =>
  modern(world.dir, `${world.gateway.url}${path}`, callOf(tool), bearer(key));

async function tenantWithServers(world: World, count: number) {
  const names = Array.from({ length: count }, (_, at) => `server${at}`);
  return world.gateway.addTenant({
    servers: names.map((name) => ({ name, url: world.upstreamUrl(name) })),
  });
}

const AXES: readonly Axis[] = [
  {
    name: "servers of the tenant, one of them called",
    sizes: [1, 10, 100],
    async prepare(world, size) {
      const { apiKey } = await tenantWithServers(world, size);
      return callTo(world, "/mcp/server0", "server0_tool_1", apiKey);
    },
  },
  {
    name: "servers of the tenant, called through the aggregated endpoint",
    sizes: [1, 10, 100],
    async prepare(world, size) {
      const { apiKey } = await tenantWithServers(world, size);
      return callTo(world, "/mcp", "server0_tool_1", apiKey);
    },
  },
  {
    name: "tools of the server",
    sizes: [20, 200, 2000],
    async prepare(world, size) {
      const { apiKey } = await world.gateway.addTenant({
        servers: [{ name: "one", url: `${world.upstreamUrl("one")}?tools=${size}` }],
      });
      return callTo(world, "/mcp", "one_tool_1", apiKey);
    },
  },
  {
    name: "access rules of the tenant",
    sizes: [1, 100, 1000],
    async prepare(world, size) {
      const { id, apiKey } = await tenantWithServers(world, 1);
      await withDatabase(world, (db) => addRules(db, id, size));
      return callTo(world, "/mcp/server0", "server0_tool_1", apiKey);
    },
  },
  {
    name: "keys of the tenant",
    sizes: [1, 1000, 20_000],
    async prepare(world, size) {
      const { id, apiKey } = await tenantWithServers(world, 1);
      await withDatabase(world, (db) => addKeys(db, Array<string>(size).fill(id)));
      return callTo(world, "/mcp/server0", "server0_tool_1", apiKey);
    },
  },
  {
    name: "other tenants",
    sizes: [1, 1000, 10_000],
    async prepare(world, size) {
      await addTenants(world, size);
      const { apiKey } = await tenantWithServers(world, 1);
      return callTo(world, "/mcp/server0", "server0_tool_1", apiKey);
    },
  },
];

const CONNECTIONS = 16;
const AMOUNT = 4000;

export async function measureGrowth(
  world: World,
  rounds: number,
  tell: (growth: Growth) => void,
): Promise<Growth[]> {
  const found: Growth[] = [];
  for (const { name, sizes, prepare } of AXES) {
    const sent = new Map<number, Sent>();
    for (const size of sizes) sent.set(size, await prepare(world, size));
    const cpu = new Map<number, number[]>();
    // In turns, so that what else the machine does falls on all alike; the first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [size, request] of sent) {
        const burst = { ...request, connections: CONNECTIONS, amount: AMOUNT };
        const { cpuUs } = await measureBurst(burst, world.gateway.pid);
        if (round > 0) cpu.set(size, [...(cpu.get(size) ?? []), cpuUs]);
      }
    }
    for (const [size, each] of cpu) {
      const growth = { axis: name, size, cpuUs: median(each) };
      found.push(growth);
      tell(growth);
    }
  }
  return found;
}
