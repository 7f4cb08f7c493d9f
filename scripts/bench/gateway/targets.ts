// What the gateway is to reach, and whether it does.
import type { Cold } from "./cold.ts";
import type { Comparison } from "./compare.ts";

interface Target {
  readonly says: string;
  readonly case: string;
  readonly connections: readonly number[];
  readonly read: (result: Comparison) => number;
  readonly isMet: (value: number) => boolean;
}

export interface Verdict {
  readonly says: string;
  readonly where: string;
  readonly value: number;
  readonly isMet: boolean;
}

const CALL = "tools/call, one server";

const atLeast = (least: number) => (value: number) => value >= least;
const atMost = (most: number) => (value: number) => value <= most;

const TARGETS: readonly Target[] = [
  {
    says: "throughput of a call ≥ 0.75 of the bare pass-through's",
    case: CALL,
    connections: [16, 64],
    read: ({ ratio }) => ratio,
    isMet: atLeast(0.75),
  },
  {
    says: "median added to a call ≤ 0.3 ms",
    case: CALL,
    connections: [1],
    read: ({ gateway, baseline }) => gateway.p50 - baseline.p50,
    isMet: atMost(0.3),
  },
  {
    says: "p99 of a call ≤ 1.5 × the bare pass-through's",
    case: CALL,
    connections: [16, 64],
    read: ({ gateway, baseline }) => gateway.p99 / baseline.p99,
    isMet: atMost(1.5),
  },
  {
    says: "CPU of a call ≤ 1.4 × the bare pass-through's",
    case: CALL,
    connections: [16, 64],
    read: ({ cpuRatio }) => cpuRatio,
    isMet: atMost(1.4),
  },
  ...["limit reached", "invalid key", "banned IP address"].map((why) => ({
    says: `throughput of rejections (${why}) ≥ 1.5 of the bare pass-through's`,
    case: `rejected: ${why}`,
    connections: [16],
    read: ({ ratio }: Comparison) => ratio,
    isMet: atLeast(1.5),
  })),
  {
    says: "tools/list over 100 servers ≥ 0.3 of a Worker that gives the same bytes from memory",
    case: "tools/list over 100 servers",
    connections: [16],
    read: ({ ratio }) => ratio,
    isMet: atLeast(0.3),
  },
];

/** Milliseconds of CPU, beyond the bare Worker's. */
export const MOST_TO_START = 50;

export const startsSoon = ({ gateway, baseline }: Cold) => gateway - baseline <= MOST_TO_START;

/** Of those targets that were measured. */
export function judge(results: readonly Comparison[]): Verdict[] {
  return TARGETS.flatMap(({ says, case: name, connections, read, isMet }) =>
    results
      .filter((result) => result.case === name && connections.includes(result.connections))
      .map((result) => ({
        says,
        where: `${result.connections} connections`,
        value: read(result),
        isMet: isMet(read(result)),
      })),
  );
}
