/**
 * Deletes what is older than its policies allow, in slices: each goes on where the one before stopped, or was stopped,
 * and reads the policies again, so that a legal hold applies from the next batch on.
 */
import { toGatewayError } from "../core/errors.ts";
import { planRetention, type RetentionStep, stepKey } from "../core/retention.ts";
import type { Database, Db } from "../db/client.ts";
import {
  claimRun,
  countOldRows,
  deleteOldRows,
  dropPartitions,
  listOldPartitions,
  listRetentionPolicies,
  type RetentionProgress,
  savePolicyRun,
  saveProgress,
  startRun,
} from "../db/queries/logs/retention.ts";
import { logFailure } from "../logs/log-failure.ts";

export interface RetentionDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly batchSize?: number;
  /** How long a slice may take. */
  readonly sliceMs?: number;
}

const BATCH_SIZE = 10_000;
const MAX_PARTITIONS_PER_SLICE = 4;
const SLICE_MS = 20_000;
/** Longer than one slice and its last batch. A run that is claimed for longer without an update has failed. */
const CLAIM_TTL_MS = 60_000;

export function startRetention({ database, now }: RetentionDeps): Promise<unknown> {
  return Promise.resolve(startRun(database.asSystem(), new Date(now())));
}

export type Slice = "nothing to do" | "more to do" | "done";

export async function continueRetention(deps: RetentionDeps): Promise<Slice> {
  const { database, now, sliceMs = SLICE_MS } = deps;
  const db = database.asSystem();
  const began = now();
  const [run] = await claimRun(db, new Date(began), new Date(began + CLAIM_TTL_MS));
  if (run === undefined) return "nothing to do";
  let progress: RetentionProgress = { ...run, finishedAt: null, lastError: null };
  const note = (changes: Partial<RetentionProgress>) => {
    progress = { ...progress, takenUntil: new Date(now() + CLAIM_TTL_MS), ...changes };
    return saveProgress(db, run.id, progress);
  };
  try {
    while (now() - began < sliceMs) {
      const steps = planRetention(await listRetentionPolicies(db), run.startedAt);
      const step = steps.find((each) => !progress.doneSteps.includes(stepKey(each)));
      if (step === undefined) {
        await policyProgress(db, steps, progress, run.startedAt);
        await note({ finishedAt: new Date(now()), takenUntil: null });
        return "done";
      }
      await note(await runStep(deps, step, progress));
    }
    await note({ takenUntil: null });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    logFailure(error, { work: "retention", serverId: "" });
    // The note fails while the database is unavailable; the run can be claimed again when its claim expires.
    await Promise.resolve(note({ lastError: error.message, takenUntil: null })).catch(() => undefined);
  }
  return "more to do";
}

async function runStep(
  { database, batchSize = BATCH_SIZE }: RetentionDeps,
  step: RetentionStep,
  { doneSteps, droppedPartitions, deletedRows }: RetentionProgress,
): Promise<Partial<RetentionProgress>> {
  const db = database.asSystem("write");
  const key = stepKey(step);
  const done = { doneSteps: [...doneSteps, key] };
  if (step.kind === "drop") {
    const dropped = await dropPartitions(db, step, MAX_PARTITIONS_PER_SLICE);
    const partitions = { droppedPartitions: [...droppedPartitions, ...dropped.map(({ name }) => name)] };
    return dropped.length < MAX_PARTITIONS_PER_SLICE ? { ...done, ...partitions } : partitions;
  }
  const [row] = await deleteOldRows(db, step, batchSize);
  const amount = row?.amount ?? 0;
  const counted = { deletedRows: { ...deletedRows, [key]: (deletedRows[key] ?? 0) + amount } };
  return amount < batchSize ? { ...done, ...counted } : counted;
}

async function policyProgress(
  db: Db,
  steps: readonly RetentionStep[],
  { deletedRows }: RetentionProgress,
  at: Date,
): Promise<void> {
  const [first, ...rest] = steps.flatMap((step) => {
    if (step.kind === "drop") return [];
    const tenantId = "tenantId" in step ? step.tenantId : null;
    return [savePolicyRun(db, { tenantId, table: step.table, rows: deletedRows[stepKey(step)] ?? 0, at })];
  });
  if (first !== undefined) await db.batch([first, ...rest]);
}

export interface RetentionPreview {
  readonly step: RetentionStep;
  readonly rows: number;
  readonly partitions: readonly {
    readonly name: string;
    readonly rows: number;
    readonly bytes: number;
    /** True if rows under legal hold are copied back after the partition is dropped. */
    readonly isKeptInPart: boolean;
  }[];
}

/** What a run would do now, without doing any of it. Rows in partitions that would be dropped are in both counts. */
export async function previewRetention(db: Db, steps: readonly RetentionStep[]): Promise<RetentionPreview[]> {
  const drops = steps.filter((step) => step.kind === "drop");
  const deletes = steps.filter((step) => step.kind === "delete");
  const partitions = await runInTransaction(
    db,
    drops.map((step) => listOldPartitions(db, step)),
  );
  const counts = await runInTransaction(
    db,
    deletes.map((step) => countOldRows(db, step)),
  );
  return [
    ...drops.map((step, index): RetentionPreview => {
      const dropped = partitions[index] ?? [];
      const rows = dropped.reduce((sum, partition) => sum + Math.max(partition.rows, 0), 0);
      return { step, rows, partitions: dropped };
    }),
    ...deletes.map((step, index) => ({ step, rows: counts[index]?.[0]?.amount ?? 0, partitions: [] })),
  ];
}

async function runInTransaction<
  S extends ReturnType<typeof listOldPartitions> | ReturnType<typeof countOldRows>,
>(db: Db, statements: readonly S[]) {
  const [first, ...rest] = statements;
  return first === undefined ? [] : db.batch([first, ...rest]);
}
