import { beforeEach, describe, expect, it } from "vitest";
import type { LeaseSettlement } from "../../../../src/core/limits/algorithms/limit.ts";
import type { LimiterState } from "../../../../src/core/limits/algorithms/limiter.ts";
import { EMPTY_WINDOW, sumSpent } from "../../../../src/core/limits/algorithms/sliding-window.ts";
import { CapacityShares, type CapacityTerms } from "../../../../src/core/limits/lease/capacity-shares.ts";
import { SYSTEM_LIMIT } from "../../../../src/core/limits/lease/tenant-limits.ts";

const limit = { ...SYSTEM_LIMIT, count: 1000 };
const terms = (over: Partial<CapacityTerms> = {}): CapacityTerms => ({
  weight: 1,
  burst: 100,
  predicted: 0,
  ...over,
});

let now: number;
let shares: CapacityShares;
let gates: Map<string, LimiterState>;
let asks: number;

/** How many it gets; `demand` requests came. */
function take(
  tenantId: string,
  ahead: number,
  demand = ahead,
  own = terms(),
  settled: LeaseSettlement[] = [],
): number {
  asks += 1;
  const ask = {
    id: `${tenantId}-${asks}`,
    claims: [{ limit, now: 0 as const, ahead }],
    settled,
    demand,
    refused: {},
  };
  return shares.issue(tenantId, own, ask, now).granted[0]?.ahead ?? 0;
}

function takeAll(tenantId: string, demand: number, own = terms()): number {
  let sum = 0;
  for (let more = take(tenantId, demand, demand, own); more > 0; more = take(tenantId, demand, 0, own))
    sum += more;
  return sum;
}

beforeEach(() => {
  now = 10_000_000;
  asks = 0;
  gates = new Map();
  shares = new CapacityShares(
    { get: (key) => gates.get(key), put: (key, gate) => void gates.set(key, gate) },
    limit,
  );
});

describe("the capacity of the system", () => {
  it("is all for one who is alone, but for a little that is kept for newcomers", () => {
    expect(takeAll("a", 5000)).toBe(995);
    expect(take("b", 10)).toBeGreaterThan(0);
  });

  it("is never handed out twice", () => {
    const handed = ["a", "b", "c", "d"].map((tenantId) => takeAll(tenantId, 5000));
    expect(handed.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1000);
  });

  it("is divided by weight where the demand exceeds it", () => {
    for (const [tenantId, weight] of [
      ["a", 1],
      ["b", 3],
    ] as const)
      take(tenantId, 1, 5000, terms({ weight }));
    now += 200;
    const entitled = shares.computeEntitlements(now);
    expect(entitled.get("a")).toBeCloseTo(995 / 4, 5);
    expect(entitled.get("b")).toBeCloseTo((995 * 3) / 4, 5);
    expect(takeAll("a", 0)).toBeLessThanOrEqual(249);
  });

  it("meets small demands in full, beside excessive ones", () => {
    take("greedy", 1, 50_000);
    take("small", 1, 50);
    now += 200;
    takeAll("greedy", 0);
    expect(takeAll("small", 49)).toBeGreaterThanOrEqual(49);
  });

  it("is kept ready for those who are predicted to come", () => {
    take("sleeper", 1, 1, terms({ predicted: 400 }));
    now += 200;
    expect(takeAll("greedy", 5000)).toBeLessThanOrEqual(600);
    now += 200;
    expect(takeAll("sleeper", 399, terms({ predicted: 400 }))).toBeGreaterThanOrEqual(380);
  });

  it("gives no tenant more than the burst over its fair share", () => {
    for (const tenantId of ["b", "c", "d"]) take(tenantId, 1);
    now += 200;
    expect(takeAll("a", 5000, terms({ burst: 2 }))).toBe(500);
  });

  it("comes back when it was not used", () => {
    const given = take("a", 200);
    const left = () => limit.count - sumSpent(gates.get("system")?.window ?? EMPTY_WINDOW, limit, now);
    expect(left()).toBe(1000 - given);
    take("a", 0, 0, terms(), [{ leaseId: "a-1", limit, uses: [{ count: 50, ageMs: 0 }], isLost: false }]);
    expect(left()).toBe(950);
  });

  it("is kept over a restart, with the demands", () => {
    takeAll("a", 5000);
    now += 6000;
    take("a", 1, 5000);
    shares = new CapacityShares(
      { get: (key) => gates.get(key), put: (key, gate) => void gates.set(key, gate) },
      limit,
    );
    expect(takeAll("a", 1)).toBe(0);
    take("b", 1, 5000);
    now += 200;
    expect(shares.computeEntitlements(now).get("b")).toBeCloseTo(995 / 2, 0);
  });

  it("returns when to retry", () => {
    takeAll("a", 5000);
    asks += 1;
    const ask = {
      id: `a-${asks}`,
      claims: [{ limit, now: 0 as const, ahead: 5 }],
      settled: [],
      demand: 1,
      refused: {},
    };
    const [refusal] = shares.issue("a", terms(), ask, now).refused;
    expect(refusal?.retryMs).toBeGreaterThan(50_000);
    expect(refusal?.recheckMs).toBe(250);
  });
});
