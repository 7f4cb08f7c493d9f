import { limitsOf, compileLimits } from "/work/main/src/core/limits/policy.ts";
import { run, overAdmitted } from "/work/main/scripts/sim/world.ts";
import { exactDecisions } from "/work/main/scripts/sim/exact.ts";
import { FAULTS } from "/work/main/scripts/sim/faults.ts";
const limits = limitsOf(compileLimits([]), { id: "p1", role: "admin" });
for (const seed of [1,2,3]) {
const r = run({ seed, faults: FAULTS[0]!, isolates: 8, minutes: 10, tenants: new Map([["t", {weight:1,burst:10,predicted:0}]]), streams: [{ tenantId: "t", limits, isolates: 8, perMinute: () => 3000 }] });
const ex = exactDecisions(r.requests);
const bins = new Array(10).fill(0);
const phase = new Array(20).fill(0);
r.requests.forEach((q, i) => { if ((q.outcome === "admitted") !== ex[i]) { bins[Math.floor(q.at/60000)]++; phase[Math.floor((q.at%1000)/50)]++; } });
console.log(bins.join(" "), "|", phase.join(" "), r.requests.filter(q=>q.outcome==="admitted").length);
}
