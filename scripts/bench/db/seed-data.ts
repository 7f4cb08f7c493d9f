/** Fills a migrated database with believable data, the same for the benchmark and for the index tests. */
import type pg from "pg";
import type { SeedCounts } from "./seed-counts.ts";
import { entitySteps } from "./seed-entities.ts";
import { eventSteps } from "./seed-events.ts";
import { seedFunctions } from "./seed-functions.ts";

export interface SeedProgress {
  table: string;
  done: number;
  total: number;
}

const ROWS_AT_A_TIME = 50_000;

/** The time series end at `now`; one connection throughout, because the seed's functions are temporary. */
export async function seed(
  client: pg.Client,
  counts: SeedCounts,
  now: Date,
  report: (progress: SeedProgress) => void = () => {},
): Promise<void> {
  const begin = new Date(now.getTime() - counts.days * 86_400_000);
  const start = begin.toISOString();
  await client.query("select gateway_ensure_partitions($1, $2)", [start, now.toISOString()]);
  await client.query(seedFunctions(counts, begin));
  const steps = [
    ...entitySteps(counts, `'${start}'::timestamptz`),
    ...eventSteps(counts, `'${start}'::timestamptz`),
  ];
  const total = steps.reduce((sum, step) => sum + step.rows, 0);
  let done = 0;
  // A chain is made one entry after the other, each in the place of the one before: too slow for a million at a time.
  await client.query("alter table audit_logs disable trigger audit_logs_chain");
  for (const step of steps) {
    for (let first = 0; first < step.rows; first += ROWS_AT_A_TIME) {
      const last = Math.min(first + ROWS_AT_A_TIME, step.rows) - 1;
      await client.query(step.sql, [first, last]);
      done += last - first + 1;
      report({ table: step.table, done, total });
    }
  }
  await client.query("alter table audit_logs enable trigger audit_logs_chain");
}
