import { describe, expect, it } from "vitest";
import {
  compileLimits,
  type LimitConfig,
  type LimitedPrincipal,
  parseLimitKey,
  resolveLimits,
} from "../../../src/core/limits/resolve-limits.ts";
import {
  compileTargetLimits,
  hasTargetLimits,
  type LimitTarget,
  resolveTargetLimits,
} from "../../../src/core/limits/target-limits.ts";
import { maxForTarget, parseTarget } from "../../../src/core/limits/target-usage.ts";

const S1 = "0197f1c2-0000-7000-8000-000000000001";
const S2 = "0197f1c2-0000-7000-8000-000000000002";

const row = (over: Partial<LimitConfig>): LimitConfig => ({
  tenantId: "t1",
  subjectType: "server",
  subjectId: null,
  serverId: null,
  toolName: null,
  limitCount: 5,
  windowSeconds: 60,
  burstFactor: 1,
  ...over,
});

const ann: LimitedPrincipal = {
  id: "user:ann",
  role: "user",
  userId: "ann",
  groups: ["g1", "g2"],
  place: "192.0.2.1",
};
const look: LimitTarget = { serverId: S1, tool: "look" };
const list: LimitTarget = { serverId: S1, tool: undefined };

const shown = (target: LimitTarget, ...configs: LimitConfig[]) =>
  resolveTargetLimits(compileTargetLimits(configs), ann, target).map(
    ({ key, name, count }) => `${name} ${key.replaceAll(S1, "S1").replaceAll(S2, "S2")} ${count}`,
  );

describe("limits of a call to a server or tool", () => {
  it.each<[string, LimitTarget, LimitConfig[], string[]]>([
    ["none by default", look, [], []],
    ["each server has its own", look, [row({})], ["server-minute server:S1:60 5"]],
    [
      "a server's own row replaces that of each server, for its window",
      look,
      [row({}), row({ serverId: S1, limitCount: 9 }), row({ limitCount: 70, windowSeconds: 3600 })],
      ["server-minute server:S1:60 9", "server-hour server:S1:3600 70"],
    ],
    [
      "each group of the caller has its own at the server",
      look,
      [
        row({ subjectType: "group", serverId: S1 }),
        row({ subjectType: "group", subjectId: "g2", serverId: S1, limitCount: 2 }),
        row({ subjectType: "group", subjectId: "g3", serverId: S1, limitCount: 1 }),
      ],
      ["group-server-minute group:g2@S1/:60 2", "group-server-minute group:g1@S1/:60 5"],
    ],
    ["another server's row does not apply", look, [row({ serverId: S2 })], []],
    [
      "each tool has its own, but no other method",
      list,
      [row({ subjectType: "tool" }), row({ subjectType: "tool", serverId: S1, toolName: "look" })],
      [],
    ],
    [
      "a tool's own row replaces that of each tool",
      look,
      [
        row({ subjectType: "tool" }),
        row({ subjectType: "tool", serverId: S1, limitCount: 6 }),
        row({ subjectType: "tool", serverId: S1, toolName: "look", limitCount: 7 }),
        row({ subjectType: "tool", serverId: S1, toolName: "write", limitCount: 8 }),
      ],
      ["tool-minute tool:S1/look:60 7"],
    ],
    [
      "a caller's at a server and at its tool apply together",
      look,
      [
        row({ subjectType: "user", serverId: S1, limitCount: 20 }),
        row({ subjectType: "user", subjectId: "ann", serverId: S1, toolName: "look", limitCount: 2 }),
        row({ subjectType: "user", subjectId: "bob", serverId: S1, limitCount: 1 }),
      ],
      ["user-tool-minute user:ann@S1/look:60 2", "user-server-minute user:ann@S1/:60 20"],
    ],
    [
      "a role's is that of each who acts in it",
      list,
      [
        row({ subjectType: "role", subjectId: "user", serverId: S1, limitCount: 3 }),
        row({ subjectType: "role", subjectId: "admin", serverId: S1, limitCount: 4 }),
        row({ subjectType: "key", serverId: S1, limitCount: 1 }),
      ],
      ["role-server-minute role:user:user:ann@S1/:60 3"],
    ],
    [
      "the tenant's row comes before the system's",
      list,
      [row({ limitCount: 1 }), row({ tenantId: null, limitCount: 2 })],
      ["server-minute server:S1:60 1"],
    ],
  ])("%s", (_, target, configs, expected) => {
    expect(shown(target, ...configs)).toEqual(expected);
    expect(hasTargetLimits(compileTargetLimits(configs), target)).toBe(expected.length > 0);
  });

  it("are none of the limits of a request", () => {
    const rows = [
      row({ subjectType: "user", serverId: S1, limitCount: 1 }),
      row({}),
      row({ subjectType: "tool" }),
    ];
    expect(resolveLimits(compileLimits(rows), ann).map(({ key }) => key)).toEqual([
      "system",
      "role:user:user:ann:60",
      "ip:192.0.2.1:60",
    ]);
  });

  it("are found again by their keys, with their maximum", () => {
    const limits = compileTargetLimits([
      row({ limitCount: 2, burstFactor: 2 }),
      row({ subjectType: "tool", serverId: S1, limitCount: 3 }),
      row({ subjectType: "role", subjectId: "user", serverId: S1, limitCount: 5 }),
      row({ subjectType: "user", serverId: S1, toolName: "look", limitCount: 6 }),
    ]);
    const found = resolveTargetLimits(limits, ann, look);
    expect(found).toHaveLength(4);
    for (const { key, count, burst } of found) {
      const limit = parseLimitKey(key);
      if (limit === undefined) throw new Error(`${key} is no limit`);
      expect(maxForTarget(limits, limit)).toBe(count * burst);
      expect(parseTarget(limit.kind, limit.subject)?.serverId).toBe(S1);
    }
  });

  it("are distinguished from the limits of callers", () => {
    expect(parseTarget("user", "ann")).toBeUndefined();
    expect(parseTarget("user", S1)).toBeUndefined();
    expect(parseTarget("server", S1)).toEqual({ caller: "", serverId: S1, tool: null });
    expect(parseTarget("tool", `${S1}/a@b/c`)).toEqual({ caller: "", serverId: S1, tool: "a@b/c" });
    expect(parseTarget("user", `ann@${S1}/look`)).toEqual({ caller: "ann", serverId: S1, tool: "look" });
  });
});
