// What tenants get of a system with too little capacity for all of them, beside the exact max-min solution.
import { allocateMaxMin } from "../../src/core/limits/algorithms/max-min-fairness.ts";
import { SYSTEM_LIMIT } from "../../src/core/limits/lease/tenant-limits.ts";
import { compileLimits, resolveLimits } from "../../src/core/limits/resolve-limits.ts";
import type { Faults } from "./faults.ts";
import { type Handled, overAdmitted, run } from "./world.ts";

interface Crowd {
  readonly name: string;
  /** Weight, and requests a minute, before and after the third minute. */
  readonly tenants: readonly { readonly weight: number; readonly from: number; readonly to: number }[];
}

const steady = (weight: number, perMinute: number) => ({ weight, from: perMinute, to: perMinute });
const repeated = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

export const CROWDS: readonly Crowd[] = [
  {
    name: "one greedy, four small",
    tenants: [steady(1, 15_000), steady(1, 300), ...repeated(3, steady(1, 60))],
  },
  {
    name: "two greedy, two small",
    tenants: [steady(1, 9000), steady(1, 9000), steady(1, 100), steady(2, 300)],
  },
  {
    name: "weights 1, 2, 5, 10",
    tenants: [steady(1, 4000), steady(2, 4000), steady(5, 6000), steady(10, 1000)],
  },
  { name: "one greedy, twenty small", tenants: [steady(1, 12_000), ...repeated(20, steady(1, 20))] },
  {
    name: "greedy first, others come",
    tenants: [steady(1, 9000), { weight: 1, from: 0, to: 3000 }, { weight: 1, from: 0, to: 50 }],
  },
];

export interface Fairness {
  readonly crowd: string;
  readonly tenants: readonly { readonly offered: number; readonly got: number; readonly ideal: number }[];
  /** The tenant that is furthest from its due, as a part of it; negative where it got less. */
  readonly worst: number;
  readonly over: number;
}

/** Those who come in the third minute are given two windows; what counts is whole windows, in which bursts even out. */
const CHANGE = 3 * 60_000;
const FROM = CHANGE + 120_000;

export function measureFairness(
  { name, tenants }: Crowd,
  faults: Faults,
  seed: number,
  minutes: number,
): Fairness {
  const wide = compileLimits([
    {
      tenantId: null,
      subjectType: "role",
      subjectId: "service",
      serverId: null,
      toolName: null,
      limitCount: 1_000_000,
      windowSeconds: 60,
      burstFactor: 1,
    },
  ]);
  const limits = resolveLimits(wide, { id: "caller", role: "service" });
  const done = run({
    seed,
    faults,
    isolates: 6,
    minutes,
    tenants: new Map(tenants.map(({ weight }, at) => [`t${at}`, { weight, burst: 100, predicted: 0 }])),
    streams: tenants.map(({ from, to }, at) => ({
      tenantId: `t${at}`,
      limits,
      isolates: to > 1000 ? 6 : 2,
      perMinute: (now: number) => (now < CHANGE ? from : to),
    })),
  });
  const span = minutes - FROM / 60_000;
  const count = (at: number, of: (request: Handled) => boolean) =>
    done.requests.filter(
      (request) => request.stream.tenantId === `t${at}` && request.at >= FROM && of(request),
    ).length / span;
  const offered = tenants.map((_, at) => count(at, () => true));
  const got = tenants.map((_, at) => count(at, ({ outcome }) => outcome === "admitted"));
  const ideal = allocateMaxMin(
    tenants.map(({ weight }, at) => ({ weight, demand: offered[at] ?? 0 })),
    SYSTEM_LIMIT.count,
  );
  const rows = tenants.map((_, at) => ({
    offered: offered[at] ?? 0,
    got: got[at] ?? 0,
    ideal: ideal[at] ?? 0,
  }));
  const errors = rows.map((row) => row.got / row.ideal - 1);
  const worst = errors.reduce((far, error) => (Math.abs(error) > Math.abs(far) ? error : far), 0);
  return { crowd: name, tenants: rows, worst, over: overAdmitted(done) };
}
