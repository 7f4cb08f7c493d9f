/** The capacity of the system: many tenants lease from the one global object at once. */
import { env, evictDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { LeaseClient } from "../../src/core/limits/lease/client.ts";
import { SYSTEM_LIMIT } from "../../src/core/limits/lease/tenant-limits.ts";
import { admitted, request } from "./support.ts";

/** Small, so that all requests are answered within the few seconds of a lease on a machine under load, too. */
const CAPACITY = 90;
const system = env.GLOBAL.getByName("global");

it("is not passed by many tenants together, also when the object that holds it starts anew", async () => {
  await system.setCapacity(CAPACITY);
  const tenants = Array.from({ length: 6 }, () => env.TENANTS.getByName(crypto.randomUUID()));
  const wave = (number: number) =>
    tenants.flatMap((tenant, at) => {
      const book = new LeaseClient(`w${number}-${at}`);
      return Array.from({ length: CAPACITY / 3 }, () => request(book, tenant, [SYSTEM_LIMIT]));
    });
  const first = await admitted(wave(1));
  expect(first).toBeLessThanOrEqual(CAPACITY);
  expect(first).toBeGreaterThan(CAPACITY / 2);
  await evictDurableObject(system);
  expect(await system.getCapacity()).toBe(CAPACITY);
  expect(first + (await admitted(wave(2)))).toBeLessThanOrEqual(CAPACITY);
  const entitled = [...(await system.getEntitlements()).values()];
  expect(entitled).toHaveLength(6);
  for (const share of entitled) expect(share).toBeLessThan(CAPACITY / 3);
});

it("raises a number of its own for what all tenants share, which comes with their answers", async () => {
  const before = await system.getEpoch();
  await system.bumpEpoch();
  const tenant = env.TENANTS.getByName(crypto.randomUUID());
  await request(new LeaseClient("one"), tenant, [SYSTEM_LIMIT]);
  expect((await tenant.sync({})).systemEpoch).toBe(before + 1);
});

it("reaches busy tenants at once, and others with their next request", async () => {
  const [busy, idle] = [crypto.randomUUID(), crypto.randomUUID()].map((id) => env.TENANTS.getByName(id));
  if (busy === undefined || idle === undefined) throw new TypeError("two tenants");
  await request(new LeaseClient("busy"), busy, [SYSTEM_LIMIT]);
  await busy.sync({});
  const before = await busy.getEpoch();
  await system.bumpEpoch();
  await expect.poll(() => busy.getEpoch()).toBe(before + 1);
  // Applying the same epoch repeatedly has no further effect.
  await busy.applySystemEpoch(await system.getEpoch());
  expect(await busy.getEpoch()).toBe(before + 1);
  expect(await idle.getEpoch()).toBe(0);
  await request(new LeaseClient("idle"), idle, [SYSTEM_LIMIT]);
  await idle.sync({});
  expect(await idle.getEpoch()).toBe(1);
});
