/** Loads a tenant's snapshot in one round trip, and compiles it. */
import { z } from "zod";
import { compileRules } from "../core/access/rules.ts";
import { toolChangePolicy } from "../core/discovery/tool-drift.ts";
import { compileIpRules } from "../core/limits/ip-rules.ts";
import { compileLimits } from "../core/limits/resolve-limits.ts";
import { compileTargetLimits } from "../core/limits/target-limits.ts";
import { compileRouting } from "../core/routing/rules.ts";
import { SETTING_KEYS } from "../core/settings/definitions.ts";
import { payloadPolicy } from "../core/settings/payloads.ts";
import { resolveTracing } from "../core/settings/tracing.ts";
import { readSettings } from "../core/settings/values.ts";
import { MAX_RESPONSE_BYTES, MAX_SERVER_RESPONSE_BYTES } from "../core/size-limits.ts";
import type { Database } from "../db/client.ts";
import { listApprovedHashes, listHeldTools } from "../db/queries/servers/pins.ts";
import { listFlags } from "../db/queries/tenants/flags.ts";
import {
  findOpenTenant,
  listReadOnlyTools,
  loadSnapshotAccessRules,
  loadSnapshotIpRules,
  loadSnapshotLimits,
  loadSnapshotServers,
  loadSnapshotSettings,
  loadSnapshotTenant,
  loadSnapshotWindows,
} from "../db/queries/tenants/snapshot.ts";
import { listActiveRoutingRules } from "../db/queries/traffic/routing.ts";
import { parseFlags } from "./flag-rules.ts";
import { parseNaming } from "./naming-settings.ts";
import { parseRoutingRule } from "./routing.ts";
import type {
  QueueSettings,
  ServerSettings,
  SnapshotServer,
  SnapshotSource,
  TenantSnapshot,
} from "./snapshot.ts";
import { parseTenantSettings } from "./tenant-settings.ts";

/** A server's own settings; what does not fit falls back to the default, so that a bad row stops no traffic. */
const serverSettings: z.ZodType<ServerSettings> = z.object({
  firstByteTimeoutMs: z.number().int().min(100).max(600_000).catch(60_000),
  earlyAnswerMs: z.number().int().min(10).max(600_000).catch(5000),
  keepAliveMs: z.number().int().min(10).max(600_000).catch(5_000),
  idleTimeoutMs: z.number().int().min(1000).max(3_600_000).catch(300_000),
  maxResponseBytes: z.number().int().min(1024).max(MAX_SERVER_RESPONSE_BYTES).catch(MAX_RESPONSE_BYTES.mcp),
});

const toolSettings = z.object({
  tools: z
    .record(
      z.string(),
      z.object({ timeoutMs: z.number().int().positive().optional().catch(undefined) }).catch({}),
    )
    .catch({})
    .default({}),
});

/** The server's own share of calls whose payload is kept, in place of the tenant's. */
const payloadSample = z.object({ payloadSample: z.number().min(0).max(1).optional().catch(undefined) });

/** Disabled, it holds no call: a server at its concurrency limit rejects at once. */
function parseQueueSettings(
  isEnabled: boolean | null,
  maxSize: number | null,
  maxWaitMs: number | null,
): QueueSettings | undefined {
  if (isEnabled === null || maxSize === null || maxWaitMs === null) return undefined;
  return { maxSize: isEnabled ? maxSize : 0, maxWaitMs };
}

export const createSnapshotSource = (database: Database): SnapshotSource => ({
  loadSnapshot: (tenantId) => loadSnapshot(database, tenantId),
  findOpenTenant: async (slug) => (await findOpenTenant(database.asSystem(), slug))[0]?.id,
});

async function loadSnapshot(database: Database, tenantId: string): Promise<TenantSnapshot | undefined> {
  // From the main database: a replica that lags behind would bring back, under the new epoch, what was just revoked.
  const db = database.withTenant(tenantId);
  const [
    [tenant],
    servers,
    controls,
    tools,
    withheld,
    hashes,
    windows,
    limits,
    addresses,
    routing,
    stored,
    flags,
  ] = await db.batch([
    loadSnapshotTenant(db, tenantId),
    loadSnapshotServers(db, tenantId),
    loadSnapshotAccessRules(db, tenantId),
    listReadOnlyTools(db, tenantId),
    listHeldTools(db, tenantId),
    listApprovedHashes(db, tenantId),
    loadSnapshotWindows(db, tenantId, new Date()),
    loadSnapshotLimits(db, tenantId),
    loadSnapshotIpRules(db, tenantId),
    listActiveRoutingRules(db, tenantId),
    loadSnapshotSettings(db, tenantId, SETTING_KEYS),
    listFlags(db, tenantId),
  ]);
  if (tenant === undefined || tenant.status !== "active") return undefined;
  const { settings, timeZone, planLimits, ...known } = tenant;
  const { accessDefault, burst } = parseTenantSettings(settings);
  const holdsChanges = toolChangePolicy(settings) !== "allow";
  const runtime = readSettings(stored);
  const toolsOf = Map.groupBy(tools, (tool) => tool.serverId);
  const withheldOf = Map.groupBy(withheld, (tool) => tool.serverId);
  const hashesOf = Map.groupBy(hashes, (tool) => tool.serverId);
  const all = servers.map((row): SnapshotServer => {
    const { transportType, authConfig, settings: own, ...rest } = row;
    const { queueIsEnabled, queueMaxSize, queueMaxWaitMs, ...server } = rest;
    const names = toolsOf.get(server.id)?.map(({ name }) => name);
    const approved = hashesOf.get(server.id)?.map(({ name, hash }) => [name, hash] as const);
    const given = {
      queue: parseQueueSettings(queueIsEnabled, queueMaxSize, queueMaxWaitMs),
      transport: transportType,
      auth: authConfig,
      readOnlyTools: new Set(names),
      withheldTools: new Set(withheldOf.get(server.id)?.map(({ name }) => name)),
      approved: approved && new Map(approved),
      holdsChanges,
      tools: new Map(Object.entries(toolSettings.parse(own).tools)),
      payloads: payloadPolicy(runtime, payloadSample.parse(own).payloadSample),
    };
    return { ...server, ...serverSettings.parse(own), ...given };
  });
  return {
    ...known,
    naming: parseNaming(settings),
    settings: runtime,
    tracing: resolveTracing(stored),
    flags: parseFlags(flags),
    servers: new Map(all.map((server) => [server.name, server])),
    serversById: new Map(all.map((server) => [server.id, server])),
    rules: compileRules(controls, { accessDefault, timeZone }),
    windows,
    limits: compileLimits(limits, planLimits.requestsPerMinute),
    targetLimits: compileTargetLimits(limits),
    ipLists: compileIpRules(addresses),
    routing: compileRouting(routing.flatMap(parseRoutingRule)),
    burst,
  };
}
