/** `max_concurrency` over two isolates that share nothing but the tenant's object. */
import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { SlotRequest } from "../../src/core/resilience/slots.ts";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices } from "../../src/gateway-services.ts";
import type { Principal } from "../../src/identity/principal.ts";
import { type CallQueues, ConcurrencyQueues, type SlotObject } from "../../src/policy/concurrency-queues.ts";
import type { SnapshotServer } from "../../src/policy/snapshot.ts";
import { addTenant } from "../api/support.ts";
import { owner } from "../support/database.ts";

const background = (work: Promise<unknown>) => createExecutionContext().waitUntil(work);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface QueueRow {
  readonly isEnabled?: boolean;
  readonly maxSize?: number;
  readonly maxWaitMs?: number;
}

/** A server with this limit as two isolates see it, and their requests to the tenant's object. */
async function setUp(maxConcurrency: number, object?: SlotObject, queue?: QueueRow) {
  const tenant = await addTenant("slots");
  const id = await tenant.addServer("files");
  await owner.query("update mcp_servers set max_concurrency = $2 where id = $1", [id, maxConcurrency]);
  if (queue !== undefined) {
    const { isEnabled = true, maxSize = 10, maxWaitMs = 10_000 } = queue;
    await owner.query(
      `insert into request_queues (tenant_id, server_id, is_enabled, max_size, max_wait_ms)
       values ($1, $2, $3, $4, $5)`,
      [tenant.id, id, isEnabled, maxSize, maxWaitMs],
    );
  }
  const services = createGatewayServices(parseConfig({ ...env }), env);
  const snapshot = await services.snapshots.get(tenant.id, background);
  const server = snapshot?.serversById.get(id);
  const key = await tenant.addKey();
  const authentication = await services.authenticator.authenticate(
    new Request(env.PUBLIC_URL, { headers: { authorization: `Bearer ${key.text}` } }),
    background,
  );
  if (server === undefined || authentication.kind !== "principal")
    throw new Error("no server or no principal");
  const requests: SlotRequest[] = [];
  const world = { requests, capacity: maxConcurrency };
  const slotObject = (tenantId: string): SlotObject => ({
    issueSlots(request) {
      requests.push(request);
      return (object ?? env.TENANTS.getByName(tenantId)).issueSlots(request);
    },
  });
  const isolate = () =>
    new ConcurrencyQueues({ now: Date.now, slotObject, findCapacity: async () => world.capacity }).forRequest(
      background,
    );
  return { world, server, principal: authentication.principal, isolates: [isolate(), isolate()] as const };
}

const never = new AbortController().signal;

const renewals = (requests: readonly SlotRequest[]) => requests.filter(({ running }) => running > 0).length;

class Meter {
  running = 0;
  most = 0;
  done = 0;

  async call(queues: CallQueues, server: SnapshotServer, principal: Principal, ms: number): Promise<void> {
    const end = await queues.acquire(server, principal, never);
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await sleep(ms);
    this.running -= 1;
    this.done += 1;
    end();
  }
}

describe("a limit of 1 over two isolates", () => {
  it("has one call run at a time, and each in its turn", async () => {
    const { server, principal, isolates } = await setUp(1);
    const meter = new Meter();
    const loops = isolates.map(async (queues) => {
      for (let time = 0; time < 6; time += 1) await meter.call(queues, server, principal, 20);
    });
    await Promise.all(loops);
    expect(meter).toMatchObject({ most: 1, done: 12 });
  });

  it("holds for as long as the call runs: its grant is renewed", async () => {
    const { world, server, principal, isolates } = await setUp(1);
    const [one, other] = isolates;
    const end = await one.acquire(server, principal, never);
    let isStarted = false;
    const waiting = other.acquire(server, principal, never).then((endOther) => {
      isStarted = true;
      endOther();
    });
    // Longer than a grant lasts: it is renewed after 600 ms at the earliest.
    await expect.poll(() => renewals(world.requests), { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    expect(isStarted).toBe(false);
    end();
    await waiting;
    expect(isStarted).toBe(true);
  });

  it("removes a waiting caller that cancels, and gives its slot to another", async () => {
    const { server, principal, isolates } = await setUp(1);
    const [one, other] = isolates;
    const end = await one.acquire(server, principal, never);
    const caller = new AbortController();
    const gaveUp = other.acquire(server, principal, caller.signal);
    const refused = expect(gaveUp).rejects.toThrow("is at its concurrency limit");
    caller.abort();
    await refused;
    end();
    (await other.acquire(server, principal, never))();
  });

  it("takes effect on those that wait when it is raised", async () => {
    const { world, server, principal, isolates } = await setUp(1);
    const [one, other] = isolates;
    const end = await one.acquire(server, principal, never);
    const waiting = other.acquire(server, principal, never);
    world.capacity = 2;
    (await waiting)();
    end();
  });
});

describe("the settings of a server's queue", () => {
  const full = "is at its concurrency limit";

  it("reject at once what a disabled queue would hold", async () => {
    const { server, principal, isolates } = await setUp(1, undefined, { isEnabled: false });
    const [queues] = isolates;
    const end = await queues.acquire(server, principal, never);
    await expect(queues.acquire(server, principal, never)).rejects.toThrow(full);
    end();
    (await queues.acquire(server, principal, never))();
  });

  it("bound how many calls wait", async () => {
    // Without the object the isolate has its own count: no slow machine takes the slot of the first call away.
    const object = { issueSlots: () => new Promise<never>(() => undefined) };
    const { server, principal, isolates } = await setUp(1, object, { maxSize: 2 });
    const [queues] = isolates;
    const end = await queues.acquire(server, principal, never);
    const waiting = [1, 2].map(() => queues.acquire(server, principal, never));
    await expect(queues.acquire(server, principal, never)).rejects.toThrow(full);
    end();
    for (const started of waiting) (await started)();
  });

  it("bound how long a call waits", async () => {
    const { server, principal, isolates } = await setUp(1, undefined, { maxWaitMs: 50 });
    const [queues] = isolates;
    // The first call waits for the object's reply, which on a slow machine takes longer than the queue's setting.
    const untimed = { ...server, queue: { ...server.queue, maxWaitMs: 10_000 } };
    const end = await queues.acquire(untimed, principal, never);
    await expect(queues.acquire(server, principal, never)).rejects.toThrow(full);
    end();
  });
});

describe("requests to the tenant's object", () => {
  it("are none for a large limit that is lightly used", async () => {
    const { world, server, principal, isolates } = await setUp(100);
    const meter = new Meter();
    for (const queues of isolates) {
      await Promise.all(Array.from({ length: 6 }, () => meter.call(queues, server, principal, 5)));
    }
    expect(meter.done).toBe(12);
    expect(world.requests).toEqual([]);
  });

  it("are one for the first call, one that returns the slot, and none while the server is idle", async () => {
    const { world, server, principal, isolates } = await setUp(1);
    (await isolates[0].acquire(server, principal, never))();
    expect(world.requests).toMatchObject([{ wanted: 1 }]);
    await expect.poll(() => world.requests).toMatchObject([{ wanted: 1 }, { wanted: 0 }]);
    const busy = { ...server, id: crypto.randomUUID() };
    const end = await isolates[0].acquire(busy, principal, never);
    await expect.poll(() => renewals(world.requests), { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    end();
    // A return whose response is late is sent again; a slot is requested once.
    const asked = world.requests.filter(({ serverId, wanted }) => serverId === server.id && wanted > 0);
    expect(asked).toHaveLength(1);
  });

  it("that find it dead leave each isolate its own count", async () => {
    const dead = { issueSlots: () => new Promise<never>(() => undefined) };
    const { server, principal, isolates } = await setUp(1, dead);
    const meter = new Meter();
    const calls = [0, 0, 1, 1].map((at) => meter.call(isolates[at === 0 ? 0 : 1], server, principal, 50));
    await Promise.all(calls);
    expect(meter).toMatchObject({ most: 2, done: 4 });
  });
});
