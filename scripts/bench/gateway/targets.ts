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

/** Of the baseline's: a bare Worker that passes requests through, or returns the same bytes from memory. */
const throughput = (name: string, least: number, connections: readonly number[]): Target => ({
  says: `throughput of "${name}" ≥ ${least} of the bare Worker's`,
  case: name,
  connections,
  read: ({ ratio }) => ratio,
  isMet: atLeast(least),
});

const TARGETS: readonly Target[] = [
  throughput(CALL, 0.75, [16, 64]),
  {
    says: "median added to a call ≤ 0.2 ms",
    case: CALL,
    connections: [1],
    read: ({ gateway, baseline }) => gateway.p50 - baseline.p50,
    isMet: atMost(0.2),
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
  ...["limit reached", "invalid key", "banned IP address"].flatMap((why) => [
    throughput(`rejected: ${why}`, 1.8, [16]),
    throughput(`rejected: ${why}`, 1.5, [64]),
  ]),
  throughput("tools/call, all servers", 0.75, [16, 64]),
  throughput("tools/call legacy, one server", 0.75, [16, 64]),
  throughput("tools/call legacy, all servers", 0.55, [16]),
  throughput("tools/call, 10,000 tenants", 0.3, [16]),
  throughput("tools/list over 100 servers", 0.8, [16]),
  throughput("stream of 1,000 events", 0.6, [16]),
  throughput("body of 1 MiB", 0.7, [16]),
  throughput("body of 4 MiB", 0.7, [16]),
];

/** Milliseconds of CPU, beyond the bare Worker's. */
export const MOST_TO_START = 60;

export const startsSoon = ({ gateway, baseline }: Cold) => gateway - baseline <= MOST_TO_START;

/** The cases that have a target; a test checks that they exist. */
export const listTargetCases = (): readonly string[] => TARGETS.map((target) => target.case);

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
