import { limitsOf, compileLimits } from "/work/main/src/core/limits/policy.ts";
import { maxMin } from "/work/main/src/core/limits/fairness.ts";
import { run, overAdmitted } from "/work/main/scripts/sim/world.ts";
import { FAULTS } from "/work/main/scripts/sim/faults.ts";
const wide = compileLimits([{tenantId:null,subjectType:"role",subjectId:"service",limitCount:1000000,windowSeconds:60,burstFactor:1}]);
const limits = limitsOf(wide, { id: "p1", role: "service" });
const sets: Record<string, [number, number][]> = {
  greedy: [[1, 20000], [1, 60], [1, 60], [1, 300], [1, 10]],
  two: [[1, 20000], [1, 20000], [1, 100], [2, 300]],
  weights: [[1, 8000], [2, 8000], [5, 8000], [10, 1000]],
  small20: [[1, 15000], ...Array.from({length: 20}, () => [1, 20] as [number, number])],
  edge: [[1, 2500],[1,2400],[1,50]],
};
for (const [name, tenants] of Object.entries(sets)) for (const faults of [FAULTS[0]!, FAULTS[2]!]) {
  const minutes = 8;
  const t0=Date.now();
  const r = run({ seed: 5, faults, isolates: 6, minutes, tenants: new Map(tenants.map(([weight], i) => [`t${i}`, {weight, burst: 100, predicted: 0}])),
    streams: tenants.map(([, rate], i) => ({ tenantId: `t${i}`, limits, isolates: rate > 1000 ? 6 : 2, perMinute: () => rate })) });
  const from = 2*60000, to = minutes*60000, span=(to-from)/60000;
  const off = tenants.map((_, i) => r.requests.filter(q => q.stream.tenantId === `t${i}` && q.at>=from && q.at<to).length/span);
  const adm = tenants.map((_, i) => r.requests.filter(q => q.stream.tenantId === `t${i}` && q.outcome==="admitted" && q.decidedAt>=from && q.decidedAt<to).length/span);
  const ideal = maxMin(tenants.map(([weight], i) => ({ weight, demand: off[i]! })), 5000);
  console.log(name, faults.name, "over", overAdmitted(r), tenants.slice(0,6).map((_, i) => `${off[i]!.toFixed(0)}→${adm[i]!.toFixed(0)}/${ideal[i]!.toFixed(0)} ${(100*(adm[i]!/ideal[i]!-1)).toFixed(1)}%`).join("  "), "worst", Math.min(...adm.map((a,i)=>100*(a/ideal[i]!-1))).toFixed(1), (r.asks/r.requests.length).toFixed(3), Date.now()-t0);
}
