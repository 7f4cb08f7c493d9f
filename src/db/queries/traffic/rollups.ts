/** Adding up what the logs were given (system role), and what it comes to. */
import { and, inArray, isNull, lt, ne, or, sql } from "drizzle-orm";
import { materializedViews } from "../../schema/operations.ts";
import { requestRollupsDay, requestRollupsHour, requestRollupsMinute } from "../../schema/rollups.ts";
import type { Queries } from "../shared/queries.ts";

export const ROLLUPS = {
  minute: requestRollupsMinute,
  hour: requestRollupsHour,
  day: requestRollupsDay,
} as const;

const NAMES = ["request_rollups_minute", "request_rollups_hour", "request_rollups_day"];

/** One row: how many events it took; nothing is lost or counted twice when it fails. */
export function rollUp(db: Queries, most: number) {
  return db
    .select({ amount: sql`amount`.mapWith(Number) })
    .from(sql`gateway_roll_up(${most}::integer) as amount`);
}

/** The enabled views of the traffic sums whose interval is over. All three are filled together. */
export function listRollupsDue(db: Queries, now: Date) {
  const { name, isEnabled, refreshStrategy, refreshIntervalSeconds, lastRefreshedAt } = materializedViews;
  const interval = sql`coalesce(${refreshIntervalSeconds}, 60) * interval '1 second'`;
  return db
    .select({ name })
    .from(materializedViews)
    .where(
      and(
        inArray(name, NAMES),
        isEnabled,
        ne(refreshStrategy, "manual"),
        // A tick may come a little early.
        or(
          isNull(lastRefreshedAt),
          sql`${lastRefreshedAt} + ${interval} <= ${now.toISOString()}::timestamptz + interval '5 seconds'`,
        ),
      ),
    );
}

export interface RollupRefresh {
  readonly at: Date;
  readonly durationMs: number;
}

export function saveRefresh(db: Queries, { at, durationMs }: RollupRefresh) {
  return db
    .update(materializedViews)
    .set({ lastRefreshedAt: at, lastDurationMs: durationMs, lastError: null })
    .where(inArray(materializedViews.name, NAMES));
}

export function saveFailedRefresh(db: Queries, message: string) {
  return db
    .update(materializedViews)
    .set({ lastError: message.slice(0, 500) })
    .where(inArray(materializedViews.name, NAMES));
}

export function deleteOldRollups(db: Queries, before: { readonly minute: Date; readonly hour: Date }) {
  return [
    db.delete(requestRollupsMinute).where(lt(requestRollupsMinute.at, before.minute)),
    db.delete(requestRollupsHour).where(lt(requestRollupsHour.at, before.hour)),
  ] as const;
}
