// Whether memory grows under load that does not: resident memory of the gateway over minutes.
import { residentMiB } from "../../lib/process.ts";
import { measureBurst } from "./burst.ts";
import { bearer } from "./case.ts";
import { slope } from "./figures.ts";
import { callOf, modern } from "./requests.ts";
import type { World } from "./world.ts";

export interface Memory {
  readonly minutes: number;
  readonly requests: number;
  readonly firstMib: number;
  readonly lastMib: number;
  /** Of the second half, when caches are full and code is hot: MiB a minute. */
  readonly slope: number;
}

const CONNECTIONS = 16;
const AMOUNT = 10_000;

export async function measureMemory(world: World, minutes: number): Promise<Memory> {
  const { apiKey } = await world.gateway.addTenant({
    servers: [{ name: "one", url: world.upstreamUrl("one") }],
  });
  const sent = modern(world.dir, `${world.gateway.url}/mcp/one`, callOf("one_tool_1"), bearer(apiKey));
  const { pid } = world.gateway;
  const started = performance.now();
  const passed = () => (performance.now() - started) / 60_000;
  const seen: [minute: number, mib: number][] = [];
  let requests = 0;
  while (passed() < minutes) {
    await measureBurst({ ...sent, connections: CONNECTIONS, amount: AMOUNT }, pid);
    requests += AMOUNT;
    seen.push([passed(), residentMiB(pid)]);
  }
  return {
    minutes,
    requests,
    firstMib: seen[0]?.[1] ?? Number.NaN,
    lastMib: seen.at(-1)?.[1] ?? Number.NaN,
    slope: slope(seen.slice(Math.floor(seen.length / 2))),
  };
}
