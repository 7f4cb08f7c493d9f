/**
 * Simultaneous faults: objects are evicted, the server flaps, the queue rejects, the database is unavailable. Every
 * call gets a correct response or a clear error, and limits are never exceeded.
 */

import { env, evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../scripts/sim/random.ts";
import { parseConfig } from "../../src/env.ts";
import {
  createGatewayServices,
  type GatewayServices,
  type ServiceBindings,
} from "../../src/gateway-services.ts";
import { owner } from "../support/database.ts";
import { type BusyTenant, busyTenant, expectOk, UPSTREAM } from "./busy-tenant.ts";

const CALLS = 10_000;
const AT_ONCE = 20;
const LIMIT = 7000;

afterEach(() => vi.unstubAllGlobals());

interface World {
  databaseIsAway: boolean;
  serverFails: boolean;
  queueRefuses: boolean;
  reachedServer: number;
}

/** The server answers with the id of the request, when it answers. */
function stubWorld(world: World): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    if (url.startsWith(env.NEON_ENDPOINT) && world.databaseIsAway) throw new TypeError("no route to host");
    if (url !== UPSTREAM) return real(input, init);
    world.reachedServer += 1;
    if (world.serverFails) return new Response("down", { status: 503 });
    const { id } = JSON.parse(await new Response(init?.body).text());
    return Response.json({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: `for ${id}` }] } });
  });
}

function refusingQueue(world: World): ServiceBindings["EVENTS"] {
  return new Proxy(env.EVENTS, {
    get(queue, member) {
      if (member !== "sendBatch") return Reflect.get(queue, member);
      return (messages: Parameters<typeof queue.sendBatch>[0]) =>
        world.queueRefuses ? Promise.reject(new Error("refused")) : queue.sendBatch(messages);
    },
  });
}

/** One that is asleep already cannot be evicted. */
const evict = (tenantId: string) =>
  evictDurableObject(env.TENANTS.getByName(tenantId)).catch(() => undefined);

async function judge(response: Response, id: number): Promise<"answered" | "refused"> {
  const text = await response.text();
  // The server's own no passes as it is.
  if (response.status === 503 && text === "down") return "refused";
  const body = JSON.parse(text);
  if (response.status === 200) {
    expect(body).toEqual({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: `for ${id}` }] } });
    return "answered";
  }
  expect([429, 502, 503, 504]).toContain(response.status);
  if (body.error !== undefined) {
    expect(body).toMatchObject({
      jsonrpc: "2.0",
      error: { code: expect.any(Number), message: expect.any(String) },
    });
    expect(JSON.stringify(body)).not.toMatch(/at .*\.ts:\d+|no route to host/);
  }
  return "refused";
}

async function run(services: GatewayServices, tenant: BusyTenant, world: World, random: () => number) {
  const counts = { answered: 0, refused: 0 };
  for (let id = 1; id <= CALLS; id += AT_ONCE) {
    if (random() < 0.02) await evict(tenant.id);
    if (random() < 0.05) world.serverFails = random() < 0.3;
    if (random() < 0.05) world.queueRefuses = random() < 0.5;
    if (random() < 0.05) world.databaseIsAway = random() < 0.5;
    const verdicts = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, offset) =>
        judge(await tenant.call(services, id + offset).catch(unanswered), id + offset),
      ),
    );
    for (const verdict of verdicts) counts[verdict] += 1;
  }
  return counts;
}

const unanswered = (error: unknown): never => {
  throw new Error(`a request without an answer: ${String(error)}`);
};

describe("chaos", () => {
  it("brings no wrong answer, no silence and no call beyond the limit", async () => {
    const world: World = { databaseIsAway: false, serverFails: false, queueRefuses: false, reachedServer: 0 };
    stubWorld(world);
    const objects = { ...env, EVENTS: refusingQueue(world) };
    const services = createGatewayServices(parseConfig({ ...env }), objects);
    const tenant = await busyTenant("chaos", LIMIT);
    await expectOk(await tenant.call(services));

    const counts = await run(services, tenant, world, createRandom(20_261_121));
    expect(counts.answered + counts.refused).toBe(CALLS);
    expect(world.reachedServer).toBeLessThanOrEqual(LIMIT);
    // It was no mere shutdown either.
    expect(counts.answered).toBeGreaterThan(CALLS / 10);

    Object.assign(world, { databaseIsAway: false, serverFails: false, queueRefuses: false });
    const rows = async () => {
      const [row] = await owner.query("select count(*)::int as n from request_logs where tenant_id = $1", [
        tenant.id,
      ]);
      return Number(row?.n);
    };
    // Every request is on record, refused ones too, whatever the state of the queue and the database at the time.
    await expect.poll(rows, { timeout: 60_000, interval: 500 }).toBe(CALLS + 1);
  });
});
