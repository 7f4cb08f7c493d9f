// Measures the first request after the start of the runtime, for a tenant that is not cached.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { untilItAnswers } from "./answering.ts";
import { startBaseline } from "./baseline.ts";
import { cpuMicroseconds } from "./burst.ts";
import { bearer } from "./case.ts";
import { median } from "./figures.ts";
import { callOf, modern, type Sent } from "./requests.ts";
import type { World } from "./world.ts";

export const START = "start of the runtime until it rejects a call";

export interface Cold {
  readonly name: string;
  readonly unit: "ms" | "ms of CPU";
  /** Medians. */
  readonly gateway: number;
  readonly baseline: number;
}

export async function measureCold(world: World, rounds: number): Promise<Cold[]> {
  const starts = await startOften(world, rounds);
  const tenants = await newTenants(world, rounds);
  return [...starts, tenants];
}

/** The same Worker again and again; what it takes to load the modules is what starting costs more than the bare one. */
async function startOften(world: World, rounds: number): Promise<Cold[]> {
  const { apiKey } = await world.gateway.addTenant({
    servers: [{ name: "one", url: world.upstreamUrl("one") }],
  });
  const sent = callTo(world, apiKey);
  const received = {
    gateway: { cpu: [] as number[], ms: [] as number[] },
    baseline: { cpu: [] as number[], ms: [] as number[] },
  };
  for (let round = 0; round < rounds; round += 1) {
    await world.gateway.restart(untilItRefuses);
    received.gateway.cpu.push(cpuMicroseconds(world.gateway.pid) / 1000);
    received.gateway.ms.push(await timed(sent));
    const bare = await startBaseline(join(world.dir, `baseline-${round}`), world.baseline.variables);
    await (await fetch(bare.url, { method: "POST", body: "{}" })).text();
    received.baseline.cpu.push(cpuMicroseconds(bare.pid) / 1000);
    received.baseline.ms.push(await timed({ ...sent, url: bare.url }));
    await bare.stop();
  }
  const medians = (what: "cpu" | "ms") => ({
    gateway: median(received.gateway[what]),
    baseline: median(received.baseline[what]),
  });
  return [
    { name: START, unit: "ms of CPU", ...medians("cpu") },
    { name: "first call after a start", unit: "ms", ...medians("ms") },
  ];
}

/** An unauthenticated request is rejected without a query, by the same modules that serve calls. */
const untilItRefuses = ({ url }: { url: string }) => untilItAnswers(`${url}/mcp`, "POST", 401);

async function newTenants(world: World, rounds: number): Promise<Cold> {
  const first: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { apiKey } = await world.gateway.addTenant({
      servers: [{ name: "one", url: world.upstreamUrl("one") }],
    });
    const sent = callTo(world, apiKey);
    first.push(await timed(sent));
    bare.push(await timed({ ...sent, url: world.baseline.url }));
  }
  return { name: "first call of a tenant", unit: "ms", gateway: median(first), baseline: median(bare) };
}

const callTo = (world: World, key: string) =>
  modern(world.dir, `${world.gateway.url}/mcp/one`, callOf("one_tool_1"), bearer(key));

async function timed({ url, method, headers, bodyFile, status }: Sent): Promise<number> {
  const body = bodyFile === undefined ? null : readFileSync(bodyFile);
  const started = performance.now();
  const answer = await fetch(url, { method, headers, body });
  await answer.text();
  if (answer.status !== status) throw new Error(`${url}: ${answer.status}`);
  return performance.now() - started;
}
