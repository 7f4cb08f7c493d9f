/** How long which records are kept. */
import { z } from "zod";
import { MIN_RETENTION_DAYS, RETENTION_TABLES } from "../../core/retention.ts";
import { dataRetentionPolicies as table } from "../../db/schema/operations.ts";
import { defineResource } from "../resource/define.ts";

export const retentionPolicies = defineResource({
  name: "retention-policies",
  noun: "retention policy",
  table,
  fields: {
    tableName: z.enum(RETENTION_TABLES),
    retentionDays: z.number().int().min(1).max(36_500),
    /** Nothing is deleted while this is on, whatever the number of days. */
    legalHold: z.boolean(),
    isActive: z.boolean(),
  },
  fixed: ["tableName"],
  whole: z
    .object({ tableName: z.enum(RETENTION_TABLES), retentionDays: z.number() })
    .superRefine(({ tableName, retentionDays }, context) => {
      const least = MIN_RETENTION_DAYS[tableName] ?? 1;
      if (retentionDays >= least) return;
      context.addIssue({
        code: "custom",
        path: ["retentionDays"],
        message: `must be at least ${least} for ${tableName}`,
      });
    }),
  sorts: ["tableName", "retentionDays", "createdAt", "updatedAt"],
  usual: "tableName",
  filters: ["isActive", "legalHold"],
  example: { tableName: "request_logs", retentionDays: 90 },
});
