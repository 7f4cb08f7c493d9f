/** What retention would take away now, and what its runs have done. */
import { Hono } from "hono";
import { z } from "zod";
import {
  planRetention,
  RETENTION_TABLES,
  type RetentionPolicy,
  type RetentionStep,
} from "../../core/retention.ts";
import type { Db } from "../../db/client.ts";
import { listLatestRuns, listRetentionPolicies } from "../../db/queries/logs/retention.ts";
import { retentionRuns } from "../../db/schema/operations.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { previewRetention } from "../../operations/retention.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { rowShape, selectColumns } from "../resource/shape.ts";

const partition = z.object({
  name: z.string(),
  rows: z.number(),
  bytes: z.number(),
  isKeptInPart: z.boolean().describe("Contains rows under legal hold."),
});

const dryRun = z
  .object({
    tables: z.array(
      z.object({
        tableName: z.enum(RETENTION_TABLES),
        before: z.iso.datetime(),
        /** Null: all tenants without a policy of their own. */
        tenantId: z.uuid().nullable(),
        rows: z.number().describe("Partitions are estimated from statistics."),
        partitions: z.array(partition).describe("Partitions that would be dropped."),
      }),
    ),
    held: z.array(z.enum(RETENTION_TABLES)).describe("Tables under legal hold. Nothing is deleted."),
  })
  .meta({ id: "RetentionDryRun" });

type DryRun = z.output<typeof dryRun>;

async function answerOf(db: Db, steps: readonly RetentionStep[], held: DryRun["held"]): Promise<DryRun> {
  const foreseen = await previewRetention(db, steps);
  const tables = foreseen.map(({ step, rows, partitions }) => ({
    tableName: step.table,
    before: step.before.toISOString(),
    tenantId: "tenantId" in step ? step.tenantId : null,
    rows,
    partitions: [...partitions],
  }));
  return { tables, held };
}

/** As if each policy that reaches the tenant were its own: it sees its own rows and no partitions. */
function ownSteps(policies: readonly RetentionPolicy[], tenantId: string, now: Date) {
  const held = RETENTION_TABLES.filter((table) =>
    policies.some((each) => each.tableName === table && each.legalHold),
  );
  const own = RETENTION_TABLES.flatMap((table) => {
    const ofTable = policies.filter(({ tableName, isActive }) => tableName === table && isActive);
    const policy = ofTable.find((each) => each.tenantId === tenantId) ?? ofTable[0];
    return policy === undefined || held.includes(table) ? [] : [{ ...policy, tenantId }];
  });
  return { steps: planRetention(own, now), held };
}

export const retention = new Hono<AppEnv>().post(
  "/dry-run",
  requirePermission("retention.preview"),
  responds(dryRun, "Rows that would be deleted. Nothing is deleted."),
  async (c) => {
    const { tenantId } = c.var.principal;
    const policies = await listRetentionPolicies(c.var.db);
    const { steps, held } = ownSteps(policies, tenantId, new Date());
    return c.json(await answerOf(c.var.services.database.withTenant(tenantId, "analytics"), steps, held));
  },
);

const runShape = rowShape(selectColumns(retentionRuns, ["takenUntil"]), {
  deletedRows: z.record(z.string(), z.number()),
}).meta({ id: "RetentionRun" });

export const systemRetention = new Hono<AppEnv>()
  .post(
    "/retention-policies/dry-run",
    requirePermission("system.read"),
    responds(dryRun, "Rows that would be deleted. Nothing is deleted."),
    async (c) => {
      const { database } = c.var.services;
      const policies = await listRetentionPolicies(database.asSystem());
      const held = RETENTION_TABLES.filter((table) =>
        policies.some((each) => each.tenantId === null && each.tableName === table && each.legalHold),
      );
      return c.json(
        await answerOf(database.asSystem("analytics"), planRetention(policies, new Date()), held),
      );
    },
  )
  .get(
    "/retention-runs",
    requirePermission("system.read"),
    respondsPage(runShape, "Latest runs, newest first."),
    async (c) => {
      const rows = await listLatestRuns(c.var.services.database.asSystem());
      return c.json({ items: rows.map(({ takenUntil: _, ...run }) => run), nextCursor: null });
    },
  );
