// Decisions of many isolates beside those of one place that sees all: callers of every kind, below their limits, just
// above, and far above.
import type { Limit } from "../../src/core/limits/algorithms/limit.ts";
import {
  compileLimits,
  type LimitConfig,
  type LimitedPrincipal,
  resolveLimits,
} from "../../src/core/limits/resolve-limits.ts";
import { exactDecisions } from "./exact.ts";
import type { Faults } from "./faults.ts";
import { overAdmitted, run } from "./world.ts";

interface Caller {
  readonly name: string;
  readonly limits: readonly Limit[];
  readonly isolates: number;
  perMinute(now: number): number;
}

const role = (subjectId: string, limitCount: number, burstFactor = 1): LimitConfig => ({
  tenantId: null,
  subjectType: "role",
  subjectId,
  serverId: null,
  toolName: null,
  limitCount,
  windowSeconds: 60,
  burstFactor,
});

const caller = (
  name: string,
  perMinute: number | ((now: number) => number),
  isolates: number,
  who: Omit<LimitedPrincipal, "id">,
  ...configs: LimitConfig[]
): Caller => ({
  name,
  limits: resolveLimits(compileLimits(configs), { id: "caller", ...who }),
  isolates,
  perMinute: typeof perMinute === "number" ? () => perMinute : perMinute,
});

const key = { id: "key", perHour: 1000, perDay: 10_000 };
const onAndOff = (perMinute: number) => (now: number) => (now % 90_000 < 30_000 ? perMinute : 0);

export const CALLERS: readonly Caller[] = [
  caller("service, 1000/min: half of it", 500, 8, { role: "service" }),
  caller("admin, 1000/min: 95 %", 950, 8, { role: "admin" }),
  caller("admin, 1000/min: 150 %", 1500, 8, { role: "admin" }),
  caller("admin, 1000/min: 300 %", 3000, 8, { role: "admin" }),
  caller("user, 100/min: 80 %", 80, 8, { role: "user" }),
  caller("user, 100/min: 120 %", 120, 8, { role: "user" }),
  caller("user, 100/min: 300 %", 300, 8, { role: "user" }),
  caller("user, 100/min: on and off", onAndOff(400), 4, { role: "user" }),
  caller("anonymous, 20/min: half of it", 10, 4, { role: "anonymous", place: "192.0.2.1" }),
  caller("anonymous, 20/min: 300 %", 60, 4, { role: "anonymous", place: "192.0.2.1" }),
  caller("key, 1000/hour and 100/min", 110, 6, { role: "user", key }),
  caller("burst of two, 500/min: 180 %", 900, 8, { role: "service" }, role("service", 500, 2)),
  caller("busy service, 90 % of the system", 4500, 3, { role: "service" }, role("service", 100_000)),
];

export interface Accuracy {
  readonly caller: string;
  readonly requests: number;
  readonly equal: number;
  readonly admitted: number;
  readonly exact: number;
  readonly over: number;
  readonly unanswered: number;
  readonly asks: number;
}

export function measureAccuracy(
  callers: readonly Caller[],
  faults: Faults,
  seed: number,
  minutes: number,
): Accuracy[] {
  return callers.map(({ name, isolates, ...stream }, number) => {
    const tenants = new Map([["t", { weight: 1, burst: 10, predicted: 0 }]]);
    const streams = [{ tenantId: "t", isolates, ...stream }];
    const done = run({ seed: seed * 1000 + number, faults, isolates, minutes, tenants, streams });
    const exact = exactDecisions(done.requests);
    const isAdmitted = (outcome: string) => outcome === "admitted";
    return {
      caller: name,
      requests: done.requests.length,
      equal: done.requests.filter(({ outcome }, at) => isAdmitted(outcome) === exact[at]).length,
      admitted: done.requests.filter(({ outcome }) => isAdmitted(outcome)).length,
      exact: exact.filter(Boolean).length,
      over: overAdmitted(done),
      unanswered: done.requests.filter(({ outcome }) => outcome === "unanswered").length,
      asks: done.asks,
    };
  });
}

export function summed(rows: readonly Accuracy[], name: string): Accuracy {
  const sum = (of: (row: Accuracy) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    caller: name,
    requests: sum((row) => row.requests),
    equal: sum((row) => row.equal),
    admitted: sum((row) => row.admitted),
    exact: sum((row) => row.exact),
    over: sum((row) => row.over),
    unanswered: sum((row) => row.unanswered),
    asks: sum((row) => row.asks),
  };
}
