/** Limits in real Durable Objects: isolates that lease concurrently, and objects that are evicted in between. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Limit } from "../../src/core/limits/algorithms/limit.ts";
import { LeaseClient } from "../../src/core/limits/lease/client.ts";
import { SYSTEM_LIMIT } from "../../src/core/limits/lease/tenant-limits.ts";
import { compileLimits, resolveLimits } from "../../src/core/limits/resolve-limits.ts";
import { admitted, request } from "./support.ts";

/** Sets the clock of the test and of the objects, which share an isolate; from then on it stands still. */
const passTime = (ms: number) => vi.setSystemTime(Date.now() + ms);
const newTenant = () => env.TENANTS.getByName(crypto.randomUUID());

const limit = (count: number, over: Partial<Limit> = {}): Limit => ({
  name: "test",
  key: "test",
  count,
  windowMs: 60_000,
  burst: 1,
  ...over,
});

afterEach(() => void vi.useRealTimers());

describe("a tenant's object", () => {
  it("never admits more than the limit to simultaneous requests, and admits all of it", async () => {
    const tenant = newTenant();
    const limits = [SYSTEM_LIMIT, limit(200)];
    const books = Array.from({ length: 8 }, (_, at) => new LeaseClient(`i${at}`));
    const all = books.flatMap((book) => Array.from({ length: 60 }, () => request(book, tenant, limits)));
    expect(await admitted(all)).toBe(200);
  });

  it("has its grants after it was evicted from memory", async () => {
    const tenant = newTenant();
    const limits = [limit(50)];
    const one = new LeaseClient("one");
    expect(await admitted(Array.from({ length: 30 }, () => request(one, tenant, limits)))).toBe(30);
    await evictDurableObject(tenant);
    expect(await admitted(Array.from({ length: 30 }, () => request(one, tenant, limits)))).toBe(20);
  });

  it("admits neither more nor less when it is put out of memory again and again in the midst of it", async () => {
    const tenant = newTenant();
    const limits = [SYSTEM_LIMIT, limit(100)];
    let sum = 0;
    for (let round = 0; round < 3; round += 1) {
      const book = new LeaseClient(`r${round}`);
      const running = Array.from({ length: 40 }, () => request(book, tenant, limits));
      await Promise.all([evictDurableObject(tenant), evictDurableObject(env.GLOBAL.getByName("global"))]);
      sum += await admitted(running);
    }
    expect(sum).toBe(100);
    // An object is put out of memory only when it has nothing left to do, seconds later.
  });

  it("takes back what an isolate has not used", async () => {
    const tenant = newTenant();
    const limits = [SYSTEM_LIMIT, limit(1000)];
    const book = new LeaseClient("busy");
    for (let at = 0; at < 200; at += 1) {
      const verdict = await request(book, tenant, limits);
      const refill = verdict.kind === "admit" && verdict.refill ? book.buildRefill(Date.now()) : undefined;
      if (refill === undefined) continue;
      const { leaseResponse } = await tenant.sync({ leaseRequest: refill });
      if (leaseResponse !== undefined) book.applyResponse(refill, leaseResponse, Date.now());
    }
    passTime(1300);
    const flush = book.buildRelease(Date.now());
    if (flush !== undefined) await tenant.sync({ leaseRequest: flush });
    const probe = new LeaseClient("probe");
    await request(probe, tenant, limits);
    expect(probe.getQuotas(limits, Date.now())[1]?.remaining).toBe(1000 - 201);
  });

  it("gets few requests from a busy isolate", async () => {
    const tenant = newTenant();
    const limits = resolveLimits(
      compileLimits([
        {
          tenantId: null,
          subjectType: "role",
          subjectId: "service",
          serverId: null,
          toolName: null,
          limitCount: 100_000,
          windowSeconds: 60,
          burstFactor: 1,
        },
      ]),
      { id: "service", role: "service" },
    );
    const book = new LeaseClient("busy");
    let calls = 0;
    let requests = 0;
    const until = Date.now() + 3000;
    while (Date.now() < until) {
      requests += 1;
      const verdict = book.tryAcquire(limits, Date.now());
      const leaseRequest =
        verdict.kind === "request"
          ? book.buildRequest(limits, Date.now())
          : verdict.kind === "admit" && verdict.refill
            ? book.buildRefill(Date.now())
            : undefined;
      if (leaseRequest !== undefined) {
        calls += 1;
        const { leaseResponse } = await tenant.sync({ leaseRequest });
        if (leaseResponse !== undefined) book.applyResponse(leaseRequest, leaseResponse, Date.now());
      }
      passTime(5);
    }
    expect(requests).toBeGreaterThan(100);
    expect(calls / requests).toBeLessThan(0.1);
  });

  it("refuses with a time to come again", async () => {
    const tenant = newTenant();
    const book = new LeaseClient("one");
    for (let at = 0; at < 5; at += 1) await request(book, tenant, [limit(5)]);
    const verdict = await request(book, tenant, [limit(5)]);
    expect(verdict).toMatchObject({ kind: "deny", limit: { name: "test" } });
    expect(verdict.kind === "deny" && verdict.retryMs).toBeGreaterThan(50_000);
  });

  it("carries its epoch in every answer", async () => {
    const tenant = newTenant();
    expect((await tenant.sync({})).epoch).toEqual({ epoch: 0, ageMs: Number.POSITIVE_INFINITY });
    await tenant.bumpEpoch();
    expect((await tenant.sync({})).epoch).toEqual({ epoch: 1, ageMs: 0 });
  });

  it("deletes gates that are full again", async () => {
    const tenant = newTenant();
    const book = new LeaseClient("one");
    await request(book, tenant, [limit(5, { windowMs: 1000, key: "short" }), limit(5)]);
    passTime(1300);
    expect(await runDurableObjectAlarm(tenant)).toBe(true);
    const keys = await runInDurableObject(tenant, (_, ctx) =>
      ctx.storage.sql.exec<{ key: string }>("select key from gates").toArray(),
    );
    expect(keys).toEqual([{ key: "test" }]);
  });

  it("returns what is spent of each limit, and a forecast before there are samples", async () => {
    const tenant = newTenant();
    const book = new LeaseClient("one");
    const key = "user:ann:60";
    const firstMinute = Math.floor(Date.now() / 60_000);
    for (let at = 0; at < 3; at += 1) await request(book, tenant, [limit(5, { key })]);
    const spent = await tenant.getUsage();
    expect(spent).toEqual([{ key, spent: 3 }]);
    const { past, next, knowsDays } = await tenant.getForecast();
    // Nothing but this test's own minute, if that has just ended.
    expect(past.filter(({ minute }) => minute < firstMinute)).toEqual([]);
    expect(next).toHaveLength(60);
    expect(knowsDays).toBe(false);
  });

  it("keeps minutes, and what was refused", async () => {
    const tenant = newTenant();
    const leaseRequest = { id: "x-1", claims: [], settled: [], demand: 7, refused: { "user-minute": 3 } };
    await tenant.sync({ leaseRequest });
    expect(await tenant.listSamples()).toEqual([]);
    expect(await tenant.getRecommendations()).toEqual(new Map());
    const rows = await runInDurableObject(tenant, (_, ctx) =>
      ctx.storage.sql.exec<{ name: string; refused: number }>("select name, refused from refusals").toArray(),
    );
    expect(rows).toEqual([{ name: "user-minute", refused: 3 }]);
  });
});
