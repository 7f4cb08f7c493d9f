/** Runs the workload warm, a number of rounds, and keeps the median of the server's figures for each query. */
import { drizzle } from "drizzle-orm/node-postgres";
import type pg from "pg";
import { explain, indexesOf, MEASURED, parentIndexes } from "./explain.ts";
import type { Sample } from "./sample.ts";
import type { Group } from "./workload.ts";

export interface Measurement {
  /** Planning and execution: over HTTP every query is planned anew. */
  ms: number;
  /** Pages of 8 KiB that execution touched, in memory or not. */
  buffers: number;
  /** Of them, those that were not in shared_buffers. */
  read: number;
  /** The gateway's indexes that the plans used, in any round. */
  indexes: string[];
}

/** By group and query, in their order. */
export type Measurements = Measurement[][];

type Round = Measurement & { size: Sample["size"] };

/** The samples take turns until each size of tenant has had its rounds. */
export async function measure(
  client: pg.Client,
  groups: Group[],
  samples: Sample[],
  rounds: number,
  report: (done: number, total: number) => void,
): Promise<Measurements> {
  const db = drizzle(client);
  const parents = await parentIndexes(client);
  // A scan that is compiled first would make the side without indexes look worse than it is.
  await client.query("set jit = off");
  const measured = groups.map(({ queries }) => queries.map((): Round[] => []));
  // The first turn of every sample only warms.
  const total = samples.length + rounds * 3;
  for (let turn = 0; turn < total; turn++) {
    const sample = samples[turn % samples.length];
    if (sample === undefined) throw new Error("There are no samples");
    for (const [g, group] of groups.entries()) {
      for (const [q, { runs, query }] of group.queries.entries()) {
        const runsAs = runs === "tenant" ? sample.tenantId : null;
        const { Plan: plan, ...times } = await explain(client, runsAs, query(db, sample), MEASURED);
        if (turn < samples.length) continue;
        const hit = plan["Shared Hit Blocks"] ?? 0;
        const read = plan["Shared Read Blocks"] ?? 0;
        measured[g]?.[q]?.push({
          size: sample.size,
          ms: (times["Planning Time"] ?? 0) + (times["Execution Time"] ?? 0),
          buffers: hit + read,
          read,
          indexes: indexesOf(plan).map((index) => parents.get(index) ?? index),
        });
      }
    }
    report(turn + 1, total);
  }
  return measured.map((group) => group.map(summary));
}

/** The mean of the sizes' medians: a median of all rounds would show middling tenants only. */
function summary(rounds: Round[]): Measurement {
  const sizes = [...Map.groupBy(rounds, ({ size }) => size).values()];
  const figure = (pick: (round: Round) => number) =>
    sizes.reduce((sum, ofSize) => sum + median(ofSize.map(pick)), 0) / sizes.length;
  return {
    ms: figure(({ ms }) => ms),
    buffers: figure(({ buffers }) => buffers),
    read: figure(({ read }) => read),
    indexes: [...new Set(rounds.flatMap(({ indexes }) => indexes))].sort(),
  };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
