import { describe, expect, it } from "vitest";
import type { Limit } from "../../../src/core/limits/algorithms/limit.ts";
import { SYSTEM_LIMIT } from "../../../src/core/limits/lease/tenant-limits.ts";
import {
  formatPolicyHeader,
  formatRateLimitHeader,
  retryAfterSeconds,
} from "../../../src/core/limits/ratelimit-headers.ts";
import {
  compileLimits,
  isReported,
  type LimitConfig,
  type LimitedPrincipal,
  maxForSubject,
  parseLimitKey,
  resolveLimits,
} from "../../../src/core/limits/resolve-limits.ts";

const row = (over: Partial<LimitConfig>): LimitConfig => ({
  tenantId: null,
  subjectType: "role",
  subjectId: null,
  serverId: null,
  toolName: null,
  limitCount: 5,
  windowSeconds: 60,
  burstFactor: 1,
  ...over,
});

const ann: LimitedPrincipal = { id: "user:ann", role: "user", userId: "ann", place: "192.0.2.1" };
const key = { id: "k1", perHour: 1000, perDay: 10_000 };

const shown = (caller: LimitedPrincipal, ...configs: LimitConfig[]) =>
  resolveLimits(compileLimits(configs), caller)
    .slice(1)
    .map(({ key: whose, count }) => `${whose} ${count}`);

describe("the limits of a caller", () => {
  it("begin with the system's", () => {
    expect(resolveLimits(compileLimits([]), ann)[0]?.key).toBe("system");
  });

  it.each<[string, LimitedPrincipal, LimitConfig[], string[]]>([
    ["by default", ann, [], ["role:user:user:ann:60 100", "ip:192.0.2.1:60 3000"]],
    [
      "of the groups that the caller is in, shared by their members",
      { ...ann, groups: ["g1", "g2"], place: undefined },
      [
        row({ subjectType: "group", subjectId: "g1", limitCount: 7 }),
        row({ subjectType: "group", limitCount: 9 }),
        row({ subjectType: "group", subjectId: "g3", limitCount: 1 }),
      ],
      ["role:user:user:ann:60 100", "group:g1:60 7", "group:g2:60 9"],
    ],
    [
      "with a key",
      { id: "key:k1", role: "service", key },
      [],
      ["role:service:key:k1:60 1000", "key:k1:3600 1000", "key:k1:86400 10000"],
    ],
    [
      "no principal, by address",
      { id: "anonymous:t1", role: "anonymous", place: "192.0.2.1" },
      [],
      ["role:anonymous:192.0.2.1:60 20", "ip:192.0.2.1:60 3000"],
    ],
    [
      "a row for the role",
      ann,
      [row({ subjectId: "user", limitCount: 7 }), row({ subjectId: "admin", limitCount: 8 })],
      ["role:user:user:ann:60 7", "ip:192.0.2.1:60 3000"],
    ],
    [
      "the tenant's row before the system's",
      ann,
      [row({ subjectId: "user", limitCount: 7 }), row({ subjectId: "user", limitCount: 9, tenantId: "t1" })],
      ["role:user:user:ann:60 9", "ip:192.0.2.1:60 3000"],
    ],
    [
      "one user's row before that of all users",
      ann,
      [
        row({ subjectType: "user", limitCount: 1 }),
        row({ subjectType: "user", subjectId: "ann", limitCount: 2 }),
      ],
      ["role:user:user:ann:60 100", "user:ann:60 2", "ip:192.0.2.1:60 3000"],
    ],
    [
      "two windows of one subject",
      ann,
      [
        row({ subjectType: "tenant", limitCount: 50 }),
        row({ subjectType: "tenant", limitCount: 500, windowSeconds: 3600 }),
      ],
      ["tenant::60 50", "tenant::3600 500", "role:user:user:ann:60 100", "ip:192.0.2.1:60 3000"],
    ],
    [
      "a key's own number, replaced for one window",
      { id: "key:k1", role: "service", key },
      [row({ subjectType: "key", subjectId: "k1", limitCount: 10, windowSeconds: 3600 })],
      ["role:service:key:k1:60 1000", "key:k1:86400 10000", "key:k1:3600 10"],
    ],
  ])("%s", (_, caller, configs, expected) => {
    expect(shown(caller, ...configs)).toEqual(expected);
  });
});

describe("the requests per minute of a plan", () => {
  const tenantRow = (over: Partial<LimitConfig>) => row({ subjectType: "tenant", tenantId: "t1", ...over });
  const tenantLimits = (...configs: LimitConfig[]) =>
    resolveLimits(compileLimits(configs, 100), ann)
      .filter(({ key: whose }) => whose.startsWith("tenant:"))
      .map(({ key: whose, count, burst }) => `${whose} ${count} ${burst}`);

  it("limit a tenant that has set no limit", () => expect(tenantLimits()).toEqual(["tenant::60 100 1"]));

  it("leave a lower limit of the tenant's own as it is", () => {
    expect(tenantLimits(tenantRow({ limitCount: 50, burstFactor: 2 }))).toEqual(["tenant::60 50 2"]);
  });

  it("replace a higher one, burst included", () => {
    expect(tenantLimits(tenantRow({ limitCount: 51, burstFactor: 2 }))).toEqual(["tenant::60 100 1"]);
  });

  it("leave other windows alone", () => {
    expect(tenantLimits(tenantRow({ limitCount: 9000, windowSeconds: 3600 }))).toEqual([
      "tenant::3600 9000 1",
      "tenant::60 100 1",
    ]);
  });
});

describe("what a key stands for", () => {
  const limits = compileLimits([
    row({ subjectId: "user", limitCount: 40, burstFactor: 1.5 }),
    row({ subjectType: "tenant", limitCount: 500, windowSeconds: 3600 }),
  ]);

  it.each<[string, string, string, number | undefined]>([
    ["role:user:person:01:60", "role", "user:person:01", 60],
    ["role:anonymous:2001:db8::/64:60", "role", "anonymous:2001:db8::/64", 20],
    ["tenant::3600", "tenant", "", 500],
    ["ip:203.0.113.9:60", "ip", "203.0.113.9", 3000],
    ["key:01:3600", "key", "01", undefined],
  ])("%s is the limit of %s %s", (key, kind, subject, most) => {
    const found = parseLimitKey(key);
    expect(found).toMatchObject({ kind, subject });
    expect(found && maxForSubject(limits, found)).toBe(most);
  });

  it("is found for the very keys that callers are limited by", () => {
    const caller = { id: "person:01", role: "user", userId: "01", place: "203.0.113.9" } as const;
    for (const { key, count, burst, windowMs } of resolveLimits(limits, caller).filter(isReported)) {
      const found = parseLimitKey(key);
      expect(found?.windowSeconds).toBe(windowMs / 1000);
      expect(found && maxForSubject(limits, found)).toBe(count * burst);
    }
  });

  it("is nothing for the system's own", () => expect(parseLimitKey(SYSTEM_LIMIT.key)).toBeUndefined());
});

describe("headers", () => {
  const limits = resolveLimits(compileLimits([row({ subjectId: "user", burstFactor: 2 })]), ann);

  it("name every policy but the system's", () => {
    expect(formatPolicyHeader(limits)).toBe('"role-minute";q=10;w=60, "ip-minute";q=3000;w=60');
  });

  it("contain what is left of each, and when it is full again", () => {
    const quotas = limits.map((limit: Limit) => ({ limit, remaining: 3, resetMs: 1200 }));
    expect(formatRateLimitHeader(quotas)).toBe('"role-minute";r=3;t=2, "ip-minute";r=3;t=2');
  });

  it.each([
    [0, 1],
    [1, 1],
    [1001, 2],
    [Number.POSITIVE_INFINITY, 86_400],
  ])("after %d ms: Retry-After %d", (retryMs, expected) => {
    expect(retryAfterSeconds({ retryMs })).toBe(expected);
  });
});
