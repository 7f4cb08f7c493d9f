/** What retention takes away, and the runs in which it does (system role). */
import { and, asc, desc, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import {
  RETENTION_TABLES,
  type RetentionPolicy,
  type RetentionStep,
  type RetentionTable,
} from "../../../core/retention.ts";
import { dataRetentionPolicies, retentionRuns } from "../../schema/operations.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

type Drop = Extract<RetentionStep, { kind: "drop" }>;
type Delete = Extract<RetentionStep, { kind: "delete" }>;

const isRetentionTable = (name: string): name is RetentionTable =>
  RETENTION_TABLES.some((table) => table === name);

/** Inside a tenant its own and the system's. */
export async function listRetentionPolicies(db: Queries): Promise<RetentionPolicy[]> {
  const rows = await db
    .select({
      tenantId: dataRetentionPolicies.tenantId,
      tableName: dataRetentionPolicies.tableName,
      retentionDays: dataRetentionPolicies.retentionDays,
      legalHold: dataRetentionPolicies.legalHold,
      isActive: dataRetentionPolicies.isActive,
    })
    .from(dataRetentionPolicies);
  return rows.flatMap((row) =>
    isRetentionTable(row.tableName) ? [{ ...row, tableName: row.tableName }] : [],
  );
}

/** Drizzle's own dates are for its own columns. */
const moment = (at: Date) => sql`${at.toISOString()}::timestamptz`;
const policyOwners = ({ keepers }: Drop) =>
  sql`${JSON.stringify(keepers.map(({ tenantId, before }) => ({ tenant_id: tenantId, before })))}::jsonb`;
const isTenant = (step: Delete) => sql`${"tenantId" in step ? step.tenantId : null}::uuid`;
const isNotExcepted = (step: Delete) => sql`${`{${"except" in step ? step.except.join(",") : ""}}`}::uuid[]`;

export function listOldPartitions(db: Queries, step: Drop) {
  return db
    .select({
      name: sql<string>`partition_name`,
      isKeptInPart: sql<boolean>`is_kept_in_part`,
      rows: sql`estimated_rows`.mapWith(Number),
      bytes: sql`bytes`.mapWith(Number),
    })
    .from(sql`gateway_old_partitions(${step.table}, ${moment(step.before)}, ${policyOwners(step)})`);
}

/** Fewer than the limit: there are no more. */
export function dropPartitions(db: Queries, step: Drop, most: number) {
  return db
    .select({ name: sql<string>`name` })
    .from(
      sql`gateway_drop_partitions(${step.table}, ${moment(step.before)}, ${policyOwners(step)}, ${most}::integer) as name`,
    );
}

/** One row. Fewer than the limit: there are no more. */
export function deleteOldRows(db: Queries, step: Delete, most: number) {
  return db
    .select({ amount: sql`amount`.mapWith(Number) })
    .from(
      sql`gateway_delete_old(${step.table}, ${moment(step.before)}, ${isTenant(step)}, ${isNotExcepted(step)}, ${most}::integer) as amount`,
    );
}

/** One row. */
export function countOldRows(db: Queries, step: Delete) {
  return db
    .select({ amount: sql`amount`.mapWith(Number) })
    .from(
      sql`gateway_count_old(${step.table}, ${moment(step.before)}, ${isTenant(step)}, ${isNotExcepted(step)}) as amount`,
    );
}

const unfinished = isNull(retentionRuns.finishedAt);

/** Unless one is under way. */
export function startRun(db: Queries, at: Date) {
  return db.execute(
    sql`insert into ${retentionRuns} (started_at) select ${moment(at)}
      where not exists (select 1 from ${retentionRuns} where ${unfinished})`,
  );
}

/** Claims the oldest unclaimed run. */
export function claimRun(db: Queries, now: Date, until: Date) {
  const free = db
    .select({ id: retentionRuns.id })
    .from(retentionRuns)
    .where(and(unfinished, or(isNull(retentionRuns.takenUntil), lt(retentionRuns.takenUntil, now))))
    .orderBy(asc(retentionRuns.startedAt))
    .limit(1)
    .for("update", { skipLocked: true });
  return db
    .update(retentionRuns)
    .set({ takenUntil: until })
    .where(inArray(retentionRuns.id, free))
    .returning();
}

export interface RetentionProgress {
  readonly droppedPartitions: readonly string[];
  readonly deletedRows: Readonly<Record<string, number>>;
  readonly doneSteps: readonly string[];
  readonly finishedAt: Date | null;
  readonly takenUntil: Date | null;
  readonly lastError: string | null;
}

export function saveProgress(db: Queries, id: string, progress: RetentionProgress) {
  const { droppedPartitions, deletedRows, doneSteps, ...rest } = progress;
  return db
    .update(retentionRuns)
    .set({
      ...rest,
      droppedPartitions: [...droppedPartitions],
      deletedRows: { ...deletedRows },
      doneSteps: [...doneSteps],
    })
    .where(eq(retentionRuns.id, id));
}

/** Saves the result of a run with its policy. The policy did not change, so updated_at is kept. */
export function savePolicyRun(
  db: Queries,
  {
    tenantId,
    table,
    rows,
    at,
  }: {
    readonly tenantId: string | null;
    readonly table: RetentionTable;
    readonly rows: number;
    readonly at: Date;
  },
) {
  return db
    .update(dataRetentionPolicies)
    .set({ lastRunAt: at, lastDeletedRows: rows, updatedAt: sql`${dataRetentionPolicies.updatedAt}` })
    .where(
      and(
        eq(dataRetentionPolicies.tableName, table),
        tenantId === null
          ? isNull(dataRetentionPolicies.tenantId)
          : eq(dataRetentionPolicies.tenantId, tenantId),
      ),
    );
}

export function listLatestRuns(db: Queries, limit?: number) {
  return db.select().from(retentionRuns).orderBy(desc(retentionRuns.startedAt)).limit(clampLimit(limit, 30));
}
