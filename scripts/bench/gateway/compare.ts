// Rounds of gateway and baseline, one after the other and in turns first, so that whatever else the machine does falls
// on both alike.
import { type Measured, measureBurst } from "./burst.ts";
import type { Pair } from "./case.ts";
import { median } from "./figures.ts";

export interface Side {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuUs: number;
  readonly rssMib: number;
  /** Requests of all rounds that were not answered as they should be. */
  readonly failures: number;
}

export interface Comparison {
  readonly case: string;
  readonly connections: number;
  /** Median of the rounds' throughput ratios. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  /** CPU of the gateway for a request, against the baseline's. */
  readonly cpuRatio: number;
  /** The same of each round. */
  readonly cpuRatios: readonly number[];
  readonly gateway: Side;
  readonly baseline: Side;
}

export interface Terms {
  readonly name: string;
  readonly connections: number;
  readonly amount: number;
  readonly rounds: number;
  readonly pids: { readonly gateway: number; readonly baseline: number };
}

export async function compare(
  pair: Pair,
  { name, connections, amount, rounds, pids }: Terms,
): Promise<Comparison> {
  const burst = (side: "gateway" | "baseline", times = 1) =>
    measureBurst(
      { ...pair[side], connections, amount: Math.max(connections, Math.round(amount * times)) },
      pids[side],
    );
  // Until the code is hot.
  for (const side of ["baseline", "gateway"] as const) await burst(side, 2);
  const received: Record<"gateway" | "baseline", Measured[]> = { gateway: [], baseline: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? (["baseline", "gateway"] as const) : (["gateway", "baseline"] as const);
    for (const side of order) {
      // So that what is measured finds its leases; otherwise each round begins without them, as a real burst does.
      if (pair.isWarm === true) await burst(side, 1 / 4);
      received[side].push(await burst(side));
    }
  }
  const ratios = received.gateway.map(
    ({ perSecond }, at) => perSecond / (received.baseline[at]?.perSecond ?? Number.NaN),
  );
  const cpuRatios = received.gateway.map(
    ({ cpuUs }, at) => cpuUs / (received.baseline[at]?.cpuUs ?? Number.NaN),
  );
  const [gateway, baseline] = [sideOf(received.gateway), sideOf(received.baseline)];
  return {
    case: name,
    connections,
    ratio: median(ratios),
    ratios,
    cpuRatio: gateway.cpuUs / baseline.cpuUs,
    cpuRatios,
    gateway,
    baseline,
  };
}

export function sideOf(rounds: readonly Measured[]): Side {
  const of = (read: (round: Measured) => number) => median(rounds.map(read));
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    cpuUs: of(({ cpuUs }) => cpuUs),
    rssMib: of(({ rssMib }) => rssMib),
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
  };
}
