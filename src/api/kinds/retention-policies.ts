/** How long which records are kept. */
import { z } from "zod";
import { dataRetentionPolicies as table } from "../../db/schema/operations.ts";
import { kind } from "../collection/kind.ts";

export const KEPT_TABLES = [
  "request_logs",
  "audit_logs",
  "mcp_audit_logs",
  "error_logs",
  "security_events",
  "system_events",
  "server_metrics",
  "server_health_checks",
  "connection_pools",
  "circuit_breaker_transitions",
] as const;

export const retentionPolicies = kind({
  name: "retention-policies",
  noun: "retention policy",
  table,
  fields: {
    tableName: z.enum(KEPT_TABLES),
    retentionDays: z.number().int().min(1).max(36_500),
    /** Nothing is deleted while this is on, whatever the days say. */
    legalHold: z.boolean(),
    isActive: z.boolean(),
  },
  fixed: ["tableName"],
  sorts: ["tableName", "retentionDays", "createdAt", "updatedAt"],
  usual: "tableName",
  filters: ["isActive", "legalHold"],
  example: { tableName: "request_logs", retentionDays: 90 },
});
