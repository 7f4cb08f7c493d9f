/** Concurrency slots in a tenant's object. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SLOT_TTL_MS, type SlotRequest } from "../../src/core/resilience/slots.ts";

const newTenant = () => env.TENANTS.getByName(crypto.randomUUID());
let sequence = 0;

function request(holderId: string, over: Partial<SlotRequest> = {}): SlotRequest {
  sequence += 1;
  return { serverId: "s", holderId, sequence, capacity: 1, running: 0, keep: 0, wanted: 1, ...over };
}

describe("concurrency slots in a tenant's object", () => {
  it("are granted up to the capacity to simultaneous requests, and separately for each server", async () => {
    const tenant = newTenant();
    const asks = Array.from({ length: 8 }, (_, at) => tenant.issueSlots(request(`i${at}`, { capacity: 3 })));
    const held = (await Promise.all(asks)).map((reply) => reply.held);
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect((await tenant.issueSlots(request("i9", { serverId: "other" }))).held).toBe(1);
  });

  it("come back when they are returned, and when their holder is gone", async () => {
    const tenant = newTenant();
    await tenant.issueSlots(request("a"));
    expect((await tenant.issueSlots(request("b"))).held).toBe(0);
    await tenant.issueSlots(request("a", { wanted: 0 }));
    expect((await tenant.issueSlots(request("b"))).held).toBe(1);
    const grantedAt = Date.now();
    await expect
      .poll(async () => (await tenant.issueSlots(request("c"))).held, { timeout: 10_000, interval: 100 })
      .toBe(1);
    expect(Date.now() - grantedAt).toBeGreaterThanOrEqual(SLOT_TTL_MS - 50);
  });

  it("are not granted twice after the object has lost its memory, and renewals go on", async () => {
    const tenant = newTenant();
    const grant = { running: 1, keep: 1 };
    expect((await tenant.issueSlots(request("a"))).held).toBe(1);
    const until = await runInDurableObject(tenant, (_object, state) =>
      state.storage.kv.get<number>("slots granted until"),
    );
    await evictDurableObject(tenant);
    const restartedAt = Date.now();
    const [stranger, renewed] = [
      await tenant.issueSlots(request("b", { capacity: 2 })),
      await tenant.issueSlots(request("a", { ...grant, capacity: 2 })),
    ];
    expect(renewed.held).toBe(1);
    expect(stranger.held).toBe(restartedAt < (until ?? 0) ? 0 : 1);
    await expect
      .poll(async () => (await tenant.issueSlots(request("b", { capacity: 2 }))).held, { timeout: 10_000 })
      .toBe(1);
  });
});
