/**
 * Writes audit entries and security events to the application log, where a tenant's settings require it. They are
 * committed in the transaction of what they record, so they are read from there: a line exists only for what happened.
 * Each run takes one minute that is over, late enough for every transaction that began in it to have ended.
 */
import { MINUTE_MS } from "../core/durations.ts";
import { readTenantSettings, type TenantSettings } from "../core/settings/all-tenants.ts";
import type { SettingKey } from "../core/settings/definitions.ts";
import { SEVERITY_LEVELS } from "../core/telemetry/log-levels.ts";
import type { Database } from "../db/client.ts";
import { listAuditRecords, listSecurityRecords, type RecordPeriod } from "../db/queries/logs/records.ts";
import { listStoredSettings } from "../db/queries/tenants/settings.ts";
import { type LogLine, type WriteText, writeLogLine, writeText } from "../logs/log-line.ts";

const MAX_RECORDS = 5000;
const SETTLE_MS = MINUTE_MS;

const AUDIT = "logging.console.audit";
const SECURITY = "logging.console.security";
const KEYS: readonly SettingKey[] = [AUDIT, SECURITY, "logging.level"];

type TenantRecord = LogLine & { readonly tenantId: string | null };

export async function writeRecordLines(
  database: Database,
  now: Date,
  write: WriteText = writeText,
): Promise<void> {
  const db = database.asSystem();
  const settings = readTenantSettings(await listStoredSettings(db, KEYS));
  const to = Math.floor((now.getTime() - SETTLE_MS) / MINUTE_MS) * MINUTE_MS;
  const period = { from: new Date(to - MINUTE_MS), to: new Date(to) };
  const lines = [
    ...(await loadAuditLines(database, settings, period)),
    ...(await loadSecurityLines(database, settings, period)),
  ];
  for (const line of lines) writeLogLine(line, settings.get(line.tenantId)["logging.level"], write);
}

type Period = Pick<RecordPeriod, "from" | "to">;

async function loadAuditLines(database: Database, settings: TenantSettings, period: Period) {
  const tenantIds = settings.listTenants((each) => each[AUDIT]);
  if (tenantIds?.length === 0) return [];
  const db = database.asSystem();
  const rows = await listAuditRecords(db, { ...period, tenantIds, limit: MAX_RECORDS });
  const lines = rows
    .filter(({ tenantId }) => settings.get(tenantId)[AUDIT])
    .map(({ timestamp, ...row }): TenantRecord => {
      return { ...row, level: row.success ? "info" : "warn", log: "audit", at: timestamp.getTime() };
    });
  return [...lines, ...reportLimit("audit", rows.length)];
}

async function loadSecurityLines(database: Database, settings: TenantSettings, period: Period) {
  const tenantIds = settings.listTenants((each) => each[SECURITY]);
  if (tenantIds?.length === 0) return [];
  const db = database.asSystem();
  const rows = await listSecurityRecords(db, { ...period, tenantIds, limit: MAX_RECORDS });
  const lines = rows
    .filter(({ tenantId }) => settings.get(tenantId)[SECURITY])
    .map(({ timestamp, ...row }): TenantRecord => {
      return { ...row, level: SEVERITY_LEVELS[row.severity], log: "security", at: timestamp.getTime() };
    });
  return [...lines, ...reportLimit("security", rows.length)];
}

/** The rest of a minute with more records is in the database only, and a line reports it. */
function reportLimit(records: string, amount: number): TenantRecord[] {
  if (amount < MAX_RECORDS) return [];
  const reason = `More than ${MAX_RECORDS} records in a minute: the rest is in the database only.`;
  return [{ level: "warn", log: "failure", work: `write ${records} lines`, reason, tenantId: null }];
}
