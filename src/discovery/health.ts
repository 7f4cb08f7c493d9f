/** Checks a batch of servers: probes them, a few at a time, and saves the results in one batch. */

import { parseHealthSettings } from "../core/discovery/check-schedule.ts";
import { type Health, nextHealth, readHealth } from "../core/discovery/health.ts";
import { type HealthStatus, type Severity, usesAccounts } from "../core/enums.ts";
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import { uuidFromName } from "../core/ids.ts";
import { compileWindow } from "../core/maintenance/recurrence.ts";
import { activeWindow } from "../core/maintenance/windows.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { readSettings, type StoredSetting } from "../core/settings/values.ts";
import { recordSystemEvents } from "../db/queries/logs/security.ts";
import {
  addHealthChecks,
  addServerMetrics,
  listServersForProbe,
  saveCheckResults,
} from "../db/queries/servers/checks.ts";
import { listStoredSettings } from "../db/queries/tenants/settings.ts";
import { listCurrentWindows } from "../db/queries/tenants/snapshot.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { ChannelTarget } from "../upstream/connection/channel.ts";
import { diagnoseFailure } from "../upstream/diagnose-failure.ts";
import { resolveTarget } from "../upstream/resolve-target.ts";
import type { DiscoveryDeps } from "./discover.ts";
import { type ProbeResult, probe } from "./probe.ts";

export interface HealthChange {
  readonly tenantId: string;
  readonly serverId: string;
  readonly server: string;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly at: Date;
  readonly reason: string | undefined;
}

export interface HealthDeps extends DiscoveryDeps {
  /** For alerts; after everything is written down. */
  readonly onHealthChange: (changes: readonly HealthChange[]) => Promise<void>;
}

/** Connections that a Worker may have waiting for headers at the same time. */
const CONCURRENCY = 6;

type Server = Awaited<ReturnType<typeof listServersForProbe>>[number];

interface CheckedServer {
  readonly server: Server;
  readonly at: Date;
  readonly health: Health;
  /** Undefined during maintenance, when no probe is sent. */
  readonly result: ProbeResult | undefined;
}

/**
 * `since` makes the job idempotent: a server that was checked after that time is skipped, because messages may be
 * delivered twice.
 */
export async function checkServers(deps: HealthDeps, ids: readonly string[], since: Date): Promise<number> {
  const db = deps.database.asSystem();
  const [servers, windows, stored] = await db.batch([
    listServersForProbe(db, ids),
    listCurrentWindows(db, new Date(deps.now())),
    listStoredSettings(db, ["health.timeout_ms", "health.slow_ms"]),
  ]);
  const due = servers.filter(({ lastHealthCheck }) => lastHealthCheck === null || lastHealthCheck < since);
  const compiled = windows.map(compileWindow);
  const checked = await mapConcurrent(
    due,
    CONCURRENCY,
    async (server): Promise<CheckedServer | undefined> => {
      const mine = compiled.filter(({ tenantId }) => tenantId === null || tenantId === server.tenantId);
      const { maintenance } = activeWindow(mine, server.id, new Date(deps.now()));
      if (maintenance !== undefined) {
        return { server, at: new Date(deps.now()), health: IN_MAINTENANCE, result: undefined };
      }
      try {
        const result = await checkServer(deps, server, stored);
        const before = readHealth(server.healthStatus, server.healthRecent);
        return { server, at: new Date(deps.now()), health: nextHealth(before, result.outcome), result };
      } catch (error) {
        // Of ours, not of the server's: the others of the batch shall not suffer for it.
        logFailure(toGatewayError(error), { work: "check health", serverId: server.id });
        return undefined;
      }
    },
  );
  const done = checked.filter((one) => one !== undefined);
  await saveResults(deps, done);
  return done.length;
}

const IN_MAINTENANCE: Health = { status: "maintenance", recent: "" };

async function checkServer(
  deps: HealthDeps,
  server: Server,
  stored: readonly StoredSetting[],
): Promise<ProbeResult> {
  const ofTenant = stored.filter(({ tenantId }) => tenantId === null || tenantId === server.tenantId);
  const defaults = readSettings(ofTenant);
  const settings = parseHealthSettings(server.settings, {
    intervalSeconds: defaults["health.interval_seconds"],
    timeoutMs: defaults["health.timeout_ms"],
    slowMs: defaults["health.slow_ms"],
  });
  const timeouts = { firstByteTimeoutMs: settings.timeoutMs, idleTimeoutMs: settings.timeoutMs };
  try {
    const account = await deps.findAccount(server);
    const target = await resolveTarget({ ...server, ...timeouts }, deps.keyring, account);
    const result = await probe({ server, target, tools: deps.upstream, settings, now: deps.now });
    const wantsAccount = account === undefined && usesAccounts(server.auth.type);
    // Without an account of its own, a rejection of the check shows that the server works.
    if (wantsAccount && result.error?.code === "upstream_refused") {
      return { ...result, outcome: "ok", error: undefined };
    }
    return { ...result, error: await withCause(result.error, target) };
  } catch (error) {
    // Its credential does not open: it cannot be served either.
    if (!(error instanceof UpstreamError)) throw error;
    const { protocolVersion } = server;
    return { outcome: "failed", probe: "credential", ms: null, protocolVersion, error };
  }
}

/** The reason on the server's page and in notifications names the cause and the next step. */
async function withCause(error: UpstreamError | undefined, { url }: ChannelTarget) {
  if (error?.code !== "upstream_unreachable") return error;
  const { message } = await diagnoseFailure(url, error);
  return new UpstreamError(error.code, error.server, message, error);
}

const EVENT_STATUS = { ok: "healthy", slow: "degraded", failed: "unhealthy" } as const;
const EVENT_SEVERITY: Record<HealthStatus, Severity> = {
  healthy: "info",
  maintenance: "info",
  unknown: "info",
  degraded: "medium",
  unhealthy: "high",
};

async function saveResults(deps: HealthDeps, checked: readonly CheckedServer[]): Promise<void> {
  if (checked.length === 0) return;
  const db = deps.database.asSystem();
  const probed = checked.flatMap(({ server, at, health, result }) =>
    result === undefined ? [] : [{ server, at, health, result }],
  );
  const changes = checked.flatMap(findChange);
  const events = await Promise.all(changes.map(toSystemEvent));
  await db.batch([
    saveCheckResults(
      db,
      checked.map(({ server, at, health }) => ({ id: server.id, at, ...health })),
    ),
    ...(probed.length === 0
      ? []
      : [addHealthChecks(db, probed.map(toCheckRow)), addServerMetrics(db, probed.map(toMetricRow))]),
    ...(events.length === 0 ? [] : [recordSystemEvents(db, events)]),
  ]);
  // Routing goes by health. What it was is known to be wrong, so no isolate shall go on by it.
  await mapConcurrent([...new Set(changes.map(({ tenantId }) => tenantId))], CONCURRENCY, deps.raiseEpoch);
  if (changes.length > 0) await deps.onHealthChange(changes);
}

type ProbedResult = CheckedServer & { readonly result: ProbeResult };

const toCheckRow = ({ server, at, health, result }: ProbedResult) => ({
  tenantId: server.tenantId,
  serverId: server.id,
  checkedAt: at,
  status: EVENT_STATUS[result.outcome],
  responseTimeMs: result.ms,
  probe: result.probe,
  protocolVersion: result.protocolVersion,
  errorCode: result.error?.code,
  errorMessage: result.error?.message,
  details: health.status === EVENT_STATUS[result.outcome] ? null : { serverStatus: health.status },
});

/** A sample without requests, so that traffic sums do not change and idle servers have a time series too. */
const toMetricRow = ({ server, at, result }: ProbedResult) => ({
  tenantId: server.tenantId,
  serverId: server.id,
  timestamp: at,
  responseTimeMs: result.ms,
});

function findChange({ server, at, health, result }: CheckedServer): HealthChange[] {
  const { id: serverId, tenantId, name, healthStatus: from } = server;
  if (health.status === from) return [];
  const slow = result?.outcome === "slow" ? `Response time: ${Math.round(result.ms ?? 0)} ms.` : undefined;
  const reason = result?.error?.message ?? slow;
  return [{ tenantId, serverId, server: name, from, to: health.status, at, reason }];
}

async function toSystemEvent({ tenantId, serverId, server, from, to, at, reason }: HealthChange) {
  return {
    id: await uuidFromName(`health ${serverId} ${from} ${to} ${at.toISOString()}`),
    timestamp: at,
    tenantId,
    serverId,
    eventType: "server.health-changed",
    source: "health",
    severity: EVENT_SEVERITY[to],
    message:
      `Health of server ${server} changed from ${from} to ${to}.${reason === undefined ? "" : ` ${reason}`}`.slice(
        0,
        1000,
      ),
    details: { from, to },
  };
}
