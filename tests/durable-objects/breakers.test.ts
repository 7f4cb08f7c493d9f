/** Breakers and bans in a tenant object, and the updates that isolates receive. */
import { env, evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BanList } from "../../src/core/limits/bans.ts";
import { BREAKER_TERMS } from "../../src/core/resilience/breaker.ts";
import { BreakerCache } from "../../src/core/resilience/breaker-cache.ts";

const terms = { ...BREAKER_TERMS, minimumCalls: 4, openMs: 200, jitter: 0, probes: 1, successesToClose: 1 };
/** Sets the clock of the test and of the objects, which share an isolate; from then on it stands still. */
const passTime = (ms: number) => vi.setSystemTime(Date.now() + ms);
const newTenant = () => env.TENANTS.getByName(crypto.randomUUID());
type Tenant = ReturnType<typeof newTenant>;

async function call(watch: BreakerCache, tenant: Tenant, outcome: "success" | "failure"): Promise<boolean> {
  const state = watch.getState("s1", Date.now());
  if (state === "open") return false;
  const pass =
    state === "closed" ? watch.createPermit("s1") : (await tenant.acquirePermit("s1", terms)).permit;
  if (pass === undefined) return false;
  if (watch.addOutcome("s1", pass, outcome, 5, terms)) await tell(watch, tenant);
  return true;
}

async function tell(watch: BreakerCache, tenant: Tenant) {
  const reply = await tenant.sync({ reports: watch.takeReports() });
  watch.applyUpdate(reply.breakers, Date.now());
  return reply;
}

afterEach(() => void vi.useRealTimers());

describe("a breaker in the tenant's object", () => {
  it("opens by the reports of all isolates, reaches all, survives a restart of the object, and closes by a probe", async () => {
    const tenant = newTenant();
    const [one, other] = [new BreakerCache(), new BreakerCache()];
    await call(one, tenant, "failure");
    await call(other, tenant, "failure");
    await call(one, tenant, "failure");
    expect(await call(other, tenant, "failure")).toBe(true);
    expect(await call(other, tenant, "success")).toBe(false);
    await tell(one, tenant);
    expect(one.getState("s1", Date.now())).toBe("open");

    await evictDurableObject(tenant);
    passTime(220);
    await tell(other, tenant);
    expect(other.getState("s1", Date.now())).toBe("due");
    expect(await call(other, tenant, "success")).toBe(true);
    expect(other.getState("s1", Date.now())).toBe("closed");
    const transitions = await tenant.listTransitions();
    expect(transitions.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "closed → open",
      "open → half_open",
      "half_open → closed",
    ]);
    await tenant.deleteTransitions(transitions[1]?.id ?? 0);
    expect(await tenant.listTransitions()).toHaveLength(1);
  });

  it("allows one probe at a time, for all isolates together", async () => {
    const tenant = newTenant();
    const watch = new BreakerCache();
    for (let time = 0; time < 4; time += 1) await call(watch, tenant, "failure");
    passTime(220);
    const passes = await Promise.all(Array.from({ length: 5 }, () => tenant.acquirePermit("s1", terms)));
    expect(passes.filter(({ permit }) => permit !== undefined)).toHaveLength(1);
  });

  it("is held open and handed back by an admin", async () => {
    const tenant = newTenant();
    const watch = new BreakerCache();
    expect(await tenant.forceBreaker("s1", "open")).toMatchObject([
      { serverId: "s1", to: "open", reason: "forced" },
    ]);
    await tell(watch, tenant);
    expect(watch.getState("s1", Date.now() + 1e9)).toBe("open");
    await evictDurableObject(tenant);
    await tell(watch, tenant);
    expect(watch.getState("s1", Date.now())).toBe("open");
    await tenant.forceBreaker("s1", undefined);
    await tell(watch, tenant);
    expect(watch.getState("s1", Date.now())).toBe("due");
  });

  it("reports transitions with every reply until they are written", async () => {
    const tenant = newTenant();
    expect((await tenant.sync({})).hasTransitions).toBe(false);
    const report = {
      serverId: "s1",
      pass: { generation: 0, isProbe: false },
      terms,
      total: 9,
      failures: 9,
      slow: 0,
    };
    expect((await tenant.sync({ reports: [report] })).hasTransitions).toBe(true);
    await evictDurableObject(tenant);
    expect((await tenant.sync({})).hasTransitions).toBe(true);
    const [transition] = await tenant.listTransitions();
    await tenant.deleteTransitions(transition?.id ?? 0);
    expect((await tenant.sync({})).hasTransitions).toBe(false);
  });
});

describe("a ban", () => {
  it("is announced to all isolates once, survives the object's eviction, and can be lifted", async () => {
    const tenant = newTenant();
    const violations = [{ place: "192.0.2.1", count: 500 }];
    const first = await tenant.sync({ violations });
    const list = new BanList();
    list.replaceAll(first.bans?.bans ?? [], Date.now());
    expect(list.remainingMs("192.0.2.1", Date.now())).toBeGreaterThan(50_000);
    expect((await tenant.sync({ bansKnown: first.bans?.version })).bans).toBeUndefined();

    await evictDurableObject(tenant);
    const later = await tenant.sync({ bansKnown: first.bans?.version });
    expect(later.bans?.bans).toMatchObject([{ place: "192.0.2.1" }]);
    await tenant.liftBan("192.0.2.1");
    expect((await tenant.sync({ bansKnown: later.bans?.version })).bans?.bans).toEqual([]);
  });
});
