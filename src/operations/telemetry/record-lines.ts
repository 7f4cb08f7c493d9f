/**
 * Writes audit entries and security events to the application log and to collectors, where a tenant's settings require
 * it. They are committed in the transaction of what they record, so they are read from there: a line exists only for what
 * happened. Each run takes one minute that is over, late enough for every transaction that began in it to have ended.
 */
import { MINUTE_MS } from "../../core/durations.ts";
import { readTenantSettings, type TenantSettings } from "../../core/settings/all-tenants.ts";
import type { SettingKey } from "../../core/settings/definitions.ts";
import { SEVERITY_LEVELS } from "../../core/telemetry/log-levels.ts";
import { listAuditRecords, listSecurityRecords, type RecordPeriod } from "../../db/queries/logs/records.ts";
import { listStoredSettings } from "../../db/queries/tenants/settings.ts";
import { type WriteText, writeLogLine, writeText } from "../../logs/log-line.ts";
import { exportLogLines, LOG_EXPORT_KEYS, type TenantLine } from "./export-logs.ts";
import type { TelemetryDeps } from "./export-metrics.ts";

const MAX_RECORDS = 5000;
const SETTLE_MS = MINUTE_MS;

const CONSOLE = { audit: "logging.console.audit", security: "logging.console.security" } as const;
const KEYS: readonly SettingKey[] = [CONSOLE.audit, CONSOLE.security, "logging.level", ...LOG_EXPORT_KEYS];

type RecordKind = keyof typeof CONSOLE;

export async function writeRecordLines(
  deps: TelemetryDeps,
  now: Date,
  write: WriteText = writeText,
): Promise<void> {
  const settings = readTenantSettings(await listStoredSettings(deps.database.asSystem(), KEYS));
  const to = Math.floor((now.getTime() - SETTLE_MS) / MINUTE_MS) * MINUTE_MS;
  const period = { from: new Date(to - MINUTE_MS), to: new Date(to) };
  for (const kind of ["audit", "security"] as const) {
    const lines = await loadLines(deps, settings, kind, period);
    for (const line of lines) {
      const ofTenant = settings.get(line.tenantId);
      if (ofTenant[CONSOLE[kind]]) writeLogLine(line, ofTenant["logging.level"], write);
    }
    await exportLogLines(deps, settings, lines);
    if (lines.length < MAX_RECORDS) continue;
    const reason = `More than ${MAX_RECORDS} records in a minute: the rest is in the database only.`;
    writeLogLine({ level: "warn", log: "failure", work: `write ${kind} lines`, reason }, "info", write);
  }
}

async function loadLines(
  { database }: TelemetryDeps,
  settings: TenantSettings,
  kind: RecordKind,
  range: Pick<RecordPeriod, "from" | "to">,
): Promise<readonly TenantLine[]> {
  const tenantIds = settings.listTenants(
    (each) =>
      each[CONSOLE[kind]] ||
      (each["telemetry.logs.level"] !== "off" && each["telemetry.otlp.endpoint"] !== ""),
  );
  if (tenantIds?.length === 0) return [];
  const period = { ...range, tenantIds, limit: MAX_RECORDS };
  const db = database.asSystem();
  if (kind === "audit") {
    const rows = await listAuditRecords(db, period);
    return rows.map(({ timestamp, ...row }) => ({
      ...{ ...row, level: row.success ? "info" : "warn", log: kind, at: timestamp.getTime() },
    }));
  }
  const rows = await listSecurityRecords(db, period);
  return rows.map(({ timestamp, ...row }) => ({
    ...{ ...row, level: SEVERITY_LEVELS[row.severity], log: kind, at: timestamp.getTime() },
  }));
}
