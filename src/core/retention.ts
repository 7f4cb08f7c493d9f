/**
 * Plans retention: the policies of tenants and the system become steps that can run in any order and repeatedly. Old
 * partitions are dropped after the rows that must be kept are copied; other rows are deleted in batches.
 */
import { DAY_MS } from "./durations.ts";

export const RETENTION_TABLES = [
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
  "feature_flag_evaluations",
  "alert_deliveries",
] as const;

export type RetentionTable = (typeof RETENTION_TABLES)[number];

/** Those in partitions, and how long each of them is. As in the function gateway_partitioned_tables. */
const PARTITION_STEPS: Partial<Record<RetentionTable, "week" | "month">> = {
  request_logs: "week",
  mcp_audit_logs: "week",
  server_metrics: "week",
  server_health_checks: "week",
  audit_logs: "month",
};

/** The minimum prevents that an admin deletes the traces of their own actions after a day. */
export const MIN_RETENTION_DAYS: Partial<Record<RetentionTable, number>> = { audit_logs: 90 };

export interface RetentionPolicy {
  /** Null: for every tenant that has none of its own. */
  readonly tenantId: string | null;
  readonly tableName: RetentionTable;
  readonly retentionDays: number;
  /** Nothing of it is deleted, whatever the other terms. */
  readonly legalHold: boolean;
  readonly isActive: boolean;
}

/** Whose rows stay when a partition goes, unless they are older than that. */
export interface PolicyOwner {
  readonly tenantId: string;
  readonly before: Date | null;
}

export type RetentionStep =
  | {
      readonly kind: "drop";
      readonly table: RetentionTable;
      readonly before: Date;
      readonly keepers: readonly PolicyOwner[];
    }
  /** One tenant's rows. */
  | {
      readonly kind: "delete";
      readonly table: RetentionTable;
      readonly before: Date;
      readonly tenantId: string;
    }
  /** All tenants except the listed ones. */
  | {
      readonly kind: "delete";
      readonly table: RetentionTable;
      readonly before: Date;
      readonly except: readonly string[];
    };

const cutoff = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS);

export function planRetention(policies: readonly RetentionPolicy[], now: Date): RetentionStep[] {
  return RETENTION_TABLES.flatMap((table) =>
    planTable(
      table,
      policies.filter(({ tableName }) => tableName === table),
      now,
    ),
  );
}

function planTable(table: RetentionTable, policies: readonly RetentionPolicy[], now: Date): RetentionStep[] {
  const shared = policies.find(({ tenantId }) => tenantId === null);
  if (shared?.legalHold === true) return [];
  const own = policies.flatMap(({ tenantId, legalHold, isActive, retentionDays }): PolicyOwner[] => {
    if (tenantId === null || (!legalHold && !isActive)) return [];
    return [{ tenantId, before: legalHold ? null : cutoff(now, retentionDays) }];
  });
  const ofTenants = own.flatMap(({ tenantId, before }): RetentionStep[] =>
    before === null ? [] : [{ kind: "delete", table, before, tenantId }],
  );
  if (shared?.isActive !== true) return ofTenants;
  const before = cutoff(now, shared.retentionDays);
  const step = PARTITION_STEPS[table];
  const others = { kind: "delete", table, except: own.map(({ tenantId }) => tenantId) } as const;
  if (step === undefined) return [...ofTenants, { ...others, before }];
  const keepers = own.filter((keeper) => keeper.before === null || keeper.before < before);
  return [
    { kind: "drop", table, before, keepers },
    ...ofTenants,
    // A partition that is old in part goes as a whole, later. This is for rows that came without a partition to go to.
    { ...others, before: stepStart(step, before) },
  ];
}

/** As Postgres truncates in UTC: weeks begin on Monday. */
export function stepStart(step: "week" | "month", at: Date): Date {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  if (step === "month") return new Date(Date.UTC(year, month, 1));
  const sinceMonday = (at.getUTCDay() + 6) % 7;
  return new Date(Date.UTC(year, month, at.getUTCDate() - sinceMonday));
}

/** Where a run has got to is kept under this. */
export function stepKey(step: RetentionStep): string {
  const whose = "tenantId" in step ? ` ${step.tenantId}` : "";
  return `${step.kind} ${step.table}${whose}`;
}
