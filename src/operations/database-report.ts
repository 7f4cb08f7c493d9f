/** Keeps an eye on the database: a sample a minute, and from a day of them what should be done. */

import { z } from "zod";
import { type ConnectionForecast, forecastConnections } from "../core/database/connection-forecast.ts";
import {
  type DatabaseRecommendation,
  type DatabaseSample,
  type QueryTargetUsage,
  recommendForDatabase,
} from "../core/database/recommendations.ts";
import { DAY_MS, MINUTE_MS } from "../core/durations.ts";
import { uuidFromName } from "../core/ids.ts";
import type { Database } from "../db/client.ts";
import {
  insertSample,
  listSamples,
  listSlowQueries,
  listTargets,
  loadCurrentSample,
} from "../db/queries/traffic/database.ts";
import { getIndexUsageSummary } from "../db/queries/traffic/reports.ts";

/** Whatever runs longer than that is worth a look. */
const SLOW_MS = 1000;

/** What has no column of its own. */
const details = z.object({
  idleInTransaction: z.number(),
  connections: z.number(),
  longestQueryMs: z.number(),
  longestTransactionMs: z.number(),
  commits: z.number(),
  rollbacks: z.number(),
  deadlocks: z.number(),
  tempBytes: z.number(),
  blocksHit: z.number(),
  blocksRead: z.number(),
});

export async function sampleDatabase(database: Database, now: Date): Promise<void> {
  const db = database.asSystem();
  const [sample] = await loadCurrentSample(db);
  if (sample === undefined) return;
  const { active, idle, waiting, maxConnections, ...rest } = sample;
  const minute = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  await insertSample(db, {
    id: await uuidFromName(`database sample ${minute}`),
    sampledAt: new Date(minute),
    activeConnections: active,
    idleConnections: idle,
    waitingRequests: waiting,
    maxConnections,
    details: rest,
  });
}

export interface DatabaseReport {
  /** Newest first. */
  readonly samples: readonly DatabaseSample[];
  readonly targets: readonly QueryTargetUsage[];
  readonly slow: Awaited<ReturnType<typeof listSlowQueries>>;
  readonly advice: readonly DatabaseRecommendation[];
  /** Undefined while there are too few samples. */
  readonly forecast: ConnectionForecast | undefined;
}

export async function buildDatabaseReport(database: Database, now: Date): Promise<DatabaseReport> {
  const db = database.asSystem();
  const since = new Date(now.getTime() - DAY_MS);
  const [rows, targets, slow, indexes] = await db.batch([
    listSamples(db, since),
    listTargets(db, since),
    listSlowQueries(db, SLOW_MS),
    getIndexUsageSummary(db),
  ]);
  const samples = rows.flatMap(({ details: more, maxConnections, ...row }) => {
    const parsed = details.safeParse(more);
    return parsed.success ? [{ ...row, maxConnections: maxConnections ?? 0, ...parsed.data }] : [];
  });
  const advice = recommendForDatabase(samples, targets, indexes);
  return { samples, targets, slow, advice, forecast: forecastConnections(samples) };
}
