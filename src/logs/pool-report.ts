/** The database statistics of an isolate, emitted once per minute while it has requests. */
import { uuidv7 } from "../core/ids.ts";
import type { QueryStatistics } from "../db/statistics.ts";
import { EVENT_VERSION } from "./event-version.ts";
import type { LogEvent } from "./events.ts";

const REPORT_INTERVAL_MS = 60_000;

export function createPoolReport(statistics: QueryStatistics, now: () => number): () => readonly LogEvent[] {
  let reportedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const at = now();
    if (at - reportedAt < REPORT_INTERVAL_MS) return [];
    reportedAt = at;
    return statistics.drain().map(
      ({ target, roundTrips, statements, retries, errors, avgMs, p95Ms }): LogEvent => ({
        ...{ v: EVENT_VERSION, kind: "pool", id: uuidv7(), at, tenantId: null, name: target },
        ...{ queryCount: roundTrips, errorCount: errors, avgQueryMs: avgMs },
        // Beyond the last edge of the histogram there is no number.
        p95QueryMs: Number.isFinite(p95Ms) ? p95Ms : null,
        details: { statements, retries },
      }),
    );
  };
}
