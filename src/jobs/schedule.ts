/** Runs the jobs of a cron tick, each by itself: one that fails or hangs does not stop those after it. */
import { rotateIdentityKeys } from "../connected-accounts/identity-keys.ts";
import { revokeDeletedAccounts } from "../connected-accounts/revoke-accounts.ts";
import { type GatewayError, toGatewayError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { readTenantSettings } from "../core/settings/all-tenants.ts";
import type { LogLevel } from "../core/telemetry/log-levels.ts";
import { withTimeout } from "../core/timers.ts";
import { listStoredSettings } from "../db/queries/tenants/settings.ts";
import type { Emitter } from "../logs/emit.ts";
import { EVENT_VERSION } from "../logs/event-version.ts";
import type { LogEvent } from "../logs/events.ts";
import { type WriteText, writeLogLine, writeText } from "../logs/log-line.ts";
import { enqueueOverdueDeliveries } from "../operations/alerts/deliver.ts";
import { evaluateAlerts } from "../operations/alerts/evaluate.ts";
import { sampleDatabase } from "../operations/database-report.ts";
import { exportMetrics } from "../operations/telemetry/export-metrics.ts";
import { writeRecordLines } from "../operations/telemetry/record-lines.ts";
import { deleteExpiredRollups, rollUpTrafficIfDue } from "../operations/traffic-rollups.ts";
import { syncSystemCapacity } from "../policy/system-capacity.ts";
import type { Services } from "../services.ts";
import { replayDeadLetters } from "./dead-letters.ts";
import { enqueueHealthChecks, enqueueSourceSyncs } from "./due-work.ts";
import { deleteExpiredSecrets } from "./expired-secrets.ts";
import { notifyExpiringKeys } from "./expiring-keys.ts";
import { ensurePartitions } from "./partitions.ts";
import { continueRetentionRun, startRetentionRun } from "./retention.ts";

const EVERY_MINUTE = "* * * * *";
const DAILY = "17 3 * * *";

/** What a job takes of the services; its test gives less than all of them. */
export type JobServices = Pick<
  Services,
  "database" | "registryJobs" | "alerts" | "emitter" | "globalObject" | "keyring" | "otlp" | "upstream"
>;

export interface ScheduledJob {
  /** As in wrangler.toml. */
  readonly cron: string;
  readonly name: string;
  readonly run: (services: JobServices, now: Date) => Promise<unknown>;
}

/** In this order: alerts go by the rollups and the database sample of the same tick. */
export const SCHEDULE: readonly ScheduledJob[] = [
  {
    cron: EVERY_MINUTE,
    name: "health-checks",
    run: ({ database, registryJobs }, now) => enqueueHealthChecks(database, registryJobs, now),
  },
  {
    cron: EVERY_MINUTE,
    name: "source-syncs",
    run: ({ database, registryJobs }, now) => enqueueSourceSyncs(database, registryJobs, now),
  },
  {
    cron: EVERY_MINUTE,
    name: "system-capacity",
    run: ({ database, globalObject }) => syncSystemCapacity(database, globalObject()),
  },
  { cron: EVERY_MINUTE, name: "dead-letters", run: ({ database }) => replayDeadLetters(database) },
  {
    cron: EVERY_MINUTE,
    name: "rollups",
    run: ({ database }) => rollUpTrafficIfDue(database, () => new Date()),
  },
  { cron: EVERY_MINUTE, name: "database-sample", run: ({ database }, now) => sampleDatabase(database, now) },
  { cron: EVERY_MINUTE, name: "alerts", run: ({ alerts }) => evaluateAlerts(alerts) },
  {
    cron: EVERY_MINUTE,
    name: "overdue-notifications",
    run: ({ alerts }) => enqueueOverdueDeliveries(alerts),
  },
  {
    cron: EVERY_MINUTE,
    name: "account-revocations",
    run: (services, now) => revokeDeletedAccounts(services, now),
  },
  {
    cron: EVERY_MINUTE,
    name: "record-lines",
    run: ({ database, otlp }, now) => writeRecordLines({ database, otlp }, now),
  },
  {
    cron: EVERY_MINUTE,
    name: "metrics-export",
    run: ({ database, otlp }, now) => exportMetrics({ database, otlp }, now),
  },
  { cron: EVERY_MINUTE, name: "retention-slice", run: ({ database }) => continueRetentionRun(database) },
  { cron: DAILY, name: "partitions", run: ({ database }) => ensurePartitions(database) },
  { cron: DAILY, name: "expired-secrets", run: ({ database }, now) => deleteExpiredSecrets(database, now) },
  {
    cron: DAILY,
    name: "identity-keys",
    run: ({ database, keyring }) => rotateIdentityKeys({ database, keyring, now: Date.now }),
  },
  { cron: DAILY, name: "expiring-keys", run: ({ alerts }, now) => notifyExpiringKeys(alerts, now) },
  { cron: DAILY, name: "expired-rollups", run: ({ database }, now) => deleteExpiredRollups(database, now) },
  { cron: DAILY, name: "retention", run: ({ database }) => startRetentionRun(database) },
];

/** A job that takes longer has no more of its tick; the platform ends what it still does. */
const JOB_TIMEOUT_MS = 30_000;

export interface ScheduleOptions {
  readonly schedule?: readonly ScheduledJob[];
  readonly timeoutMs?: number;
  readonly write?: WriteText;
}

type RunInBackground = (work: Promise<unknown>) => void;

/** Never throws: a failed job is one log line and one system event, `job.failed`. */
export async function runScheduledJobs(
  cron: string,
  services: JobServices,
  now: Date,
  waitUntil: RunInBackground,
  { schedule = SCHEDULE, timeoutMs = JOB_TIMEOUT_MS, write = writeText }: ScheduleOptions = {},
): Promise<void> {
  const minimum = await loadLogLevel(services);
  for (const job of schedule.filter((each) => each.cron === cron)) {
    const started = Date.now();
    const failure = await runJob(job, services, now, timeoutMs);
    const ms = Date.now() - started;
    const level = failure === undefined ? "info" : "error";
    writeLogLine({ level, log: "job", job: job.name, ms, error: failure?.message }, minimum, write);
    if (failure !== undefined) reportFailure(services.emitter, job.name, failure, now, waitUntil);
  }
}

/** The system's own level; without a database all lines are written. */
async function loadLogLevel({ database }: JobServices): Promise<LogLevel> {
  try {
    const rows = await listStoredSettings(database.asSystem(), ["logging.level"]);
    return readTenantSettings(rows).get(null)["logging.level"];
  } catch {
    return "info";
  }
}

interface JobFailure {
  readonly message: string;
  readonly code: GatewayError["code"];
}

async function runJob(
  { name, run }: ScheduledJob,
  services: JobServices,
  now: Date,
  timeoutMs: number,
): Promise<JobFailure | undefined> {
  try {
    const done = await withTimeout(
      run(services, now).then(() => "done" as const),
      timeoutMs,
    );
    if (done === "done") return undefined;
    return { message: `Job ${name} exceeded its timeout of ${timeoutMs / 1000} s.`, code: "internal" };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
    return { message: `Job ${name} failed: ${error.message}${cause}`, code: error.code };
  }
}

function reportFailure(
  emitter: Emitter,
  name: string,
  { message, code }: JobFailure,
  now: Date,
  waitUntil: RunInBackground,
): void {
  const event: LogEvent = {
    ...{ v: EVENT_VERSION, kind: "system", id: uuidv7(), at: now.getTime(), tenantId: null },
    ...{ eventType: "job.failed", source: "jobs", severity: "high", message },
    details: { job: name, code },
  };
  emitter.emit([event], waitUntil);
}
