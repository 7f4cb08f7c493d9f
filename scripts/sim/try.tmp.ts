import { exactDecisions } from "/work/main/scripts/sim/exact.ts";
import { FAULTS, TORTURE } from "/work/main/scripts/sim/faults.ts";
import { overAdmitted, run } from "/work/main/scripts/sim/world.ts";
import { compileLimits, limitsOf } from "/work/main/src/core/limits/policy.ts";

const compiled = compileLimits([]);
const L = (role: any, key?: any) => limitsOf(compiled, { id: "p1", role, key });
const cases: [string, any, number, number][] = [
  ["service 0.5x", L("service", { id: "k", perHour: 1e6, perDay: 1e7 }), 500, 8],
  ["admin 0.95x", L("admin"), 950, 8],
  ["admin 1.5x", L("admin"), 1500, 8],
  ["admin 3x", L("admin"), 3000, 8],
  ["user 0.8x", L("user"), 80, 8],
  ["user 1.2x", L("user"), 120, 8],
  ["user 3x", L("user"), 300, 4],
  ["anon .5x", L("anonymous"), 10, 4],
  ["anon 3x", L("anonymous"), 60, 4],
  ["busy 1 iso", L("service", {id:"k",perHour:1e6,perDay:1e7}), 950, 1],
 ["busy 3 iso", limitsOf(compileLimits([{tenantId:null,subjectType:"role",subjectId:"service",limitCount:100000,windowSeconds:60,burstFactor:1}]), {id:"p1",role:"service"}), 4500, 3],
 ["burst 2", limitsOf(compileLimits([{tenantId:null,subjectType:"role",subjectId:"service",limitCount:500,windowSeconds:60,burstFactor:2}]), {id:"p1",role:"service"}), 900, 8],
 ["key hour", L("service", { id: "k", perHour: 1000, perDay: 10000 }), 200, 8],
];
for (const faults of [FAULTS[0]!, FAULTS[2]!, TORTURE])
  for (const [name, limits, rate, isolates] of cases) {
    const t = process.hrtime.bigint();
    const r = run({
      seed: 7,
      faults,
      isolates,
      minutes: 10,
      tenants: new Map([["t", { weight: 1, burst: 10, predicted: 0 }]]),
      streams: [{ tenantId: "t", limits, isolates, perMinute: () => rate }],
    });
    const ex = exactDecisions(r.requests);
    const eq = r.requests.filter((q, i) => (q.outcome === "admitted") === ex[i]).length;
    const un = r.requests.filter((q) => q.outcome === "unanswered").length;
    console.log(
      faults.name.padEnd(26),
      name.padEnd(12),
      "n",
      r.requests.length,
      "equal",
      ((100 * eq) / r.requests.length).toFixed(2),
      "exact",
      ex.filter(Boolean).length,
      "adm",
      r.requests.filter((q) => q.outcome === "admitted").length,
      "unans",
      un,
      "over",
      overAdmitted(r),
      "asks/req",
      (r.asks / r.requests.length).toFixed(3),
      (Number(process.hrtime.bigint() - t) / 1e6) | 0,
      "ms",
    );
  }
