/** How one tenant's bans and breakers reach two isolates, over a real tenant object. */
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { BAN_TERMS } from "../../src/core/limits/bans.ts";
import type { Ban } from "../../src/core/limits/lease/sync-messages.ts";
import { BREAKER_TERMS } from "../../src/core/resilience/breaker.ts";
import { createTraffic } from "../../src/policy/create-traffic.ts";
import type { TenantTraffic } from "../../src/policy/traffic.ts";

const SERVER = "0197f1c2-0000-7000-8000-000000000001";
const protectedServer = { id: SERVER, breaker: BREAKER_TERMS };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const background = (work: Promise<unknown>) => void work.catch(() => undefined);

function newIsolate(tenantId: string) {
  const banned: Ban[] = [];
  let skippedMs = 0;
  const traffic = createTraffic({
    getObject: (id) => env.TENANTS.getByName(id),
    now: () => Date.now() + skippedMs,
    sleep,
    onEpoch: () => undefined,
    onTransitions: async () => undefined,
    onBans: (_, bans) => void banned.push(...bans),
  })(tenantId);
  const skip = (ms: number) => {
    skippedMs += ms;
  };
  return { traffic, banned, skip };
}

async function violate(traffic: TenantTraffic, place: string) {
  for (let time = 0; time < 100; time += 1) traffic.reportViolation(place, BAN_TERMS, background);
  await traffic.sync(background);
}

describe("calls that come at once after a pause", () => {
  const PLENTY = 100_000_000;
  const share = { weight: 1, burst: 4 };
  const limits = ["role", "key"].map((name) => ({
    ...{ name, key: `${name}:${crypto.randomUUID()}`, count: PLENTY, windowMs: 60_000, burst: 1 },
  }));

  async function countingIsolate(now: () => number) {
    const tenant = env.TENANTS.getByName(crypto.randomUUID());
    // To start the object may take longer than calls wait for the answer to another's request.
    await tenant.getEpoch();
    const asked: boolean[] = [];
    const traffic = createTraffic({
      getObject: () => ({
        sync(call) {
          asked.push(call.leaseRequest !== undefined);
          // The first one's caller is gone, and its answer with it.
          return isCutOff && asked.length === 1 ? new Promise(() => undefined) : tenant.sync(call);
        },
        acquirePermit: (serverId, terms) => tenant.acquirePermit(serverId, terms),
      }),
      now,
      sleep,
      onEpoch: () => undefined,
      onTransitions: async () => undefined,
      onBans: () => undefined,
    })(crypto.randomUUID());
    let isCutOff = false;
    const cutOffFirst = () => {
      isCutOff = true;
    };
    return { traffic, asked, cutOffFirst };
  }

  it("send two requests to the tenant's object: one for the first, and one for all others", async () => {
    // On a slow machine, calls would stop waiting for the first one's response and send their own requests.
    const startedAt = Date.now();
    const { traffic, asked } = await countingIsolate(() => startedAt);
    const decided = await Promise.all(
      Array.from({ length: 60 }, () => traffic.tryAcquire(limits, share, background)),
    );
    expect(new Set(decided.map(({ kind }) => kind))).toEqual(new Set(["admit"]));
    expect(asked.filter(Boolean)).toHaveLength(2);
  });

  it("do not hang on one that is cut off", async () => {
    const { traffic, asked, cutOffFirst } = await countingIsolate(Date.now);
    cutOffFirst();
    void traffic.tryAcquire(limits, share, background);
    const decided = await Promise.all(
      Array.from({ length: 20 }, () => traffic.tryAcquire(limits, share, background)),
    );
    expect(new Set(decided.map(({ kind }) => kind))).toEqual(new Set(["admit"]));
    expect(asked.filter(Boolean).length).toBeLessThanOrEqual(4);
  });
});

describe("a decision without waiting", () => {
  const share = { weight: 1, burst: 4 };
  const few = [{ name: "key", key: `key:${crypto.randomUUID()}`, count: 2, windowMs: 60_000, burst: 1 }];

  it("is left to the tenant's object while nothing is known, and denies what is known to be spent", async () => {
    const { traffic } = newIsolate(crypto.randomUUID());
    expect(traffic.acquireNow(few, share, background)).toBeUndefined();
    let result = await traffic.tryAcquire(few, share, background);
    for (let calls = 0; calls < 3 && result.kind === "admit"; calls += 1) {
      result = await traffic.tryAcquire(few, share, background);
    }
    expect(result).toMatchObject({ kind: "deny", limit: { name: "key" } });
    expect(traffic.acquireNow(few, share, background)).toMatchObject({
      kind: "deny",
      limit: { name: "key" },
    });
  });

  it("rejects a banned address while the list of bans is recent", async () => {
    const { traffic, skip } = newIsolate(crypto.randomUUID());
    expect(traffic.banRemainingNow("192.0.2.10")).toBeUndefined();
    await violate(traffic, "192.0.2.10");
    expect(traffic.banRemainingNow("192.0.2.10")).toBeGreaterThan(50_000);
    skip(900);
    expect(traffic.banRemainingNow("192.0.2.10")).toBe("unconfirmed");
  });
});

describe("a ban", () => {
  it("is reported once, with the address and its length, by the isolate whose report caused it", async () => {
    const tenantId = crypto.randomUUID();
    const [one, other] = [newIsolate(tenantId), newIsolate(tenantId)];
    await violate(one.traffic, "192.0.2.7");
    await other.traffic.sync(background);
    expect(await other.traffic.banRemainingMs("192.0.2.7", background)).toBeGreaterThan(50_000);
    expect(one.banned).toMatchObject([{ place: "192.0.2.7", forMs: 60_000 }]);
    expect(other.banned).toEqual([]);
  });

  it("ends in an isolate that has cached it within a second after it was lifted, without any other request", async () => {
    const tenantId = crypto.randomUUID();
    const { traffic, skip } = newIsolate(tenantId);
    await violate(traffic, "192.0.2.8");
    expect(await traffic.banRemainingMs("192.0.2.8", background)).toBeGreaterThan(50_000);
    await env.TENANTS.getByName(tenantId).liftBan("192.0.2.8");
    skip(900);
    expect(await traffic.banRemainingMs("192.0.2.8", background)).toBeUndefined();
  });

  it("sends no request for an address that is not banned", async () => {
    const { traffic } = newIsolate(crypto.randomUUID());
    expect(await traffic.banRemainingMs("192.0.2.9", background)).toBeUndefined();
    expect(traffic.bans.remainingMs("192.0.2.9", Date.now())).toBeUndefined();
  });
});

describe("a refused permit", () => {
  it("reports that an administrator holds the breaker open, without a retry every second", async () => {
    const tenantId = crypto.randomUUID();
    const { traffic, skip } = newIsolate(tenantId);
    await env.TENANTS.getByName(tenantId).forceBreaker(SERVER, "open", "somebody");
    await traffic.sync(background);
    expect(await traffic.acquirePermit(protectedServer, background)).toEqual({
      permit: undefined,
      retryMs: 60_000,
      isForcedOpen: true,
    });
    skip(3_600_000);
    expect(await traffic.acquirePermit(protectedServer, background)).toMatchObject({
      permit: undefined,
      isForcedOpen: true,
    });
    expect(await env.TENANTS.getByName(tenantId).listTransitions()).toMatchObject([
      { to: "open", reason: "forced", actorId: "somebody" },
    ]);
  });

  it("returns how long an open breaker stays open", async () => {
    const tenantId = crypto.randomUUID();
    const { traffic, skip } = newIsolate(tenantId);
    const { permit } = await traffic.acquirePermit(protectedServer, background);
    if (permit === undefined) throw new Error("a new breaker is closed");
    for (let call = 0; call < 20; call += 1)
      traffic.reportOutcome(protectedServer, permit, { status: 500 }, 5, background);
    await traffic.sync(background);
    const refused = await traffic.acquirePermit(protectedServer, background);
    expect(refused).toMatchObject({ permit: undefined, isForcedOpen: false });
    expect(refused.retryMs).toBeGreaterThan(3000);
    skip(2000);
    const later = await traffic.acquirePermit(protectedServer, background);
    expect(refused.retryMs - later.retryMs).toBeGreaterThanOrEqual(1900);
  });
});
