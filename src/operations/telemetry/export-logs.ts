/** Sends records to the collectors of the tenants that enable it, after they were written to the database. */
import type { TenantSettings } from "../../core/settings/all-tenants.ts";
import { readTenantSettings } from "../../core/settings/all-tenants.ts";
import {
  COLLECTOR_KEYS,
  type Collector,
  collectorKey,
  resolveCollector,
} from "../../core/settings/tracing.ts";
import { isLogged, type LogLine } from "../../core/telemetry/log-levels.ts";
import { encodeLogs } from "../../core/telemetry/otlp-logs.ts";
import { listStoredSettings } from "../../db/queries/tenants/settings.ts";
import { toLogLine } from "../../logs/event-line.ts";
import type { LogEvent } from "../../logs/events.ts";
import { writeLogLine } from "../../logs/log-line.ts";
import type { TelemetryDeps } from "./export-metrics.ts";

/** The least severe records that are sent; `off`: none. */
const LEVEL = "telemetry.logs.level";
export const LOG_EXPORT_KEYS = [LEVEL, ...COLLECTOR_KEYS] as const;

/** Of one request. An event has at most 30 KB. */
const MAX_RECORDS = 200;
const SETTINGS_TTL_MS = 10_000;

export type TenantLine = LogLine & { readonly tenantId: string | null };

/** Undefined where nothing is sent: without a collector, or with the level `off`. */
function findLogCollector(settings: TenantSettings, tenantId: string | null): Collector | undefined {
  if (settings.get(tenantId)[LEVEL] === "off") return undefined;
  return resolveCollector(settings.stored(tenantId));
}

export async function exportLogLines(
  { otlp }: Pick<TelemetryDeps, "otlp">,
  settings: TenantSettings,
  lines: readonly TenantLine[],
): Promise<void> {
  const batches = new Map<string, { collector: Collector; lines: LogLine[] }>();
  for (const line of lines) {
    const collector = findLogCollector(settings, line.tenantId);
    const minimum = settings.get(line.tenantId)[LEVEL];
    if (collector === undefined || minimum === "off" || !isLogged(line.level, minimum)) continue;
    const key = collectorKey(collector);
    const batch = batches.get(key) ?? { collector, lines: [] };
    batch.lines.push(line);
    batches.set(key, batch);
  }
  for (const { collector, lines: ofCollector } of batches.values()) {
    for (let from = 0; from < ofCollector.length; from += MAX_RECORDS) {
      const some = ofCollector.slice(from, from + MAX_RECORDS);
      await otlp.post(collector, "logs", encodeLogs(otlp.resource, otlp.scope, some, Date.now()));
    }
  }
}

export type ExportEvents = (events: readonly LogEvent[]) => Promise<void>;

/** The settings of all tenants are read again after ten seconds: a batch comes more often than they change. */
export function createEventExporter(deps: TelemetryDeps, now: () => number): ExportEvents {
  let cached: { readonly settings: TenantSettings; readonly loadedAt: number } | undefined;
  const loadSettings = async () => {
    if (cached === undefined || now() - cached.loadedAt > SETTINGS_TTL_MS) {
      const rows = await listStoredSettings(deps.database.asSystem(), LOG_EXPORT_KEYS);
      cached = { settings: readTenantSettings(rows), loadedAt: now() };
    }
    return cached.settings;
  };
  return async (events) => {
    try {
      const lines = events
        // Security events are sent by the job record-lines: not all of them come by a queue.
        .filter(({ kind }) => kind !== "security")
        .map((event) => toLogLine(event))
        .filter((line) => line !== undefined)
        .map((line) => ({ ...line, tenantId: typeof line.tenantId === "string" ? line.tenantId : null }));
      await exportLogLines(deps, await loadSettings(), lines);
    } catch {
      // The records are in the database, and the batch must not come again for their copies.
      writeLogLine({
        level: "warn",
        log: "failure",
        work: "export logs",
        reason: "settings are unavailable",
      });
    }
  };
}
