/** The minutes that a tenant's object counts, across evictions. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Sample, toMinute } from "../../src/core/limits/algorithms/samples.ts";
import type { LeaseRequest } from "../../src/core/limits/lease/protocol.ts";

const newTenant = () => env.TENANTS.getByName(crypto.randomUUID());
type Tenant = ReturnType<typeof newTenant>;

const report = (id: string, demand: number): LeaseRequest => ({
  id,
  claims: [],
  settled: [],
  demand,
  refused: {},
});
const running = (tenant: Tenant) =>
  runInDurableObject(tenant, (_, { storage }) => storage.kv.get<Sample>("running minute"));

/** As if the object had counted its running minute so many minutes ago, and been evicted since. */
async function age(tenant: Tenant, minutes: number) {
  await runInDurableObject(tenant, (_, { storage }) => {
    const counted = storage.kv.get<Sample>("running minute");
    if (counted === undefined) throw new Error("nothing has been counted");
    storage.kv.put("running minute", { ...counted, minute: counted.minute - minutes });
  });
  await evictDurableObject(tenant);
}

describe("the samples of a tenant", () => {
  it("keep what was counted in the running minute when the object is evicted", async () => {
    const tenant = newTenant();
    for (let time = 0; time < 3; time += 1) {
      await tenant.sync({ leaseRequest: report(`one-${time}`, 5) });
      await evictDurableObject(tenant);
    }
    const closed = await tenant.listSamples();
    const counted = [...closed, await running(tenant)].reduce((sum, each) => sum + (each?.requests ?? 0), 0);
    expect(counted).toBe(15);
  });

  it("have a quiet minute for each one in which the object was not there", async () => {
    const tenant = newTenant();
    await tenant.sync({ leaseRequest: report("one-1", 7) });
    const minute = (await running(tenant))?.minute ?? 0;
    await age(tenant, 10);
    const samples = await tenant.listSamples();
    expect(samples.slice(0, 10)).toEqual([
      { minute: minute - 10, requests: 7 },
      ...Array.from({ length: 9 }, (_, at) => ({ minute: minute - 9 + at, requests: 0 })),
    ]);
  });

  it("are 1440 after a day, however long the object was away", async () => {
    const tenant = newTenant();
    await tenant.sync({ leaseRequest: report("one-1", 7) });
    await age(tenant, 3000);
    const samples = await tenant.listSamples();
    expect(samples).toHaveLength(1440);
    expect(samples.at(-1)?.minute).toBeGreaterThanOrEqual(toMinute(Date.now()) - 1);
  });
});
