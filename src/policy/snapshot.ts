/**
 * A tenant as the hot path sees it: everything that a decision needs, compiled once and kept in the isolate until the
 * tenant's epoch says that something has changed; while the database is down the last snapshot serves on.
 */
import { z } from "zod";
import { type CompiledRules, compileRules } from "../core/access/rules.ts";
import { toolChangePolicy } from "../core/discovery/tool-drift.ts";
import type { HealthStatus, TenantStatus, Transport } from "../core/enums.ts";
import type { Flag } from "../core/flags/evaluate.ts";
import { type CompiledIpRules, compileIpRules } from "../core/limits/ip-rules.ts";
import { type CompiledLimits, compileLimits } from "../core/limits/resolve-limits.ts";
import type { MaintenanceWindow } from "../core/maintenance/windows.ts";
import { type CompiledRule as CompiledRouting, compileRouting } from "../core/routing/rules.ts";
import { SETTING_KEYS } from "../core/settings/definitions.ts";
import { type PayloadPolicy, payloadPolicy } from "../core/settings/payloads.ts";
import { resolveTracing, type Tracing } from "../core/settings/tracing.ts";
import { readSettings, type Settings } from "../core/settings/values.ts";
import { MAX_RESPONSE_BYTES, MAX_SERVER_RESPONSE_BYTES } from "../core/size-limits.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
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
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { parseFlags } from "./flags.ts";
import { type Naming, parseNaming } from "./naming.ts";
import { parseRoutingRule } from "./routing.ts";
import { parseTenantSettings } from "./tenant-settings.ts";

/** A server's own settings; what does not fit falls back to the default, so that a bad row stops no traffic. */
const serverSettings = z.object({
  firstByteTimeoutMs: z.number().int().min(100).max(600_000).catch(60_000),
  /** A call whose answer takes longer than this is answered by an event stream that waits with the caller. */
  earlyAnswerMs: z.number().int().min(10).max(600_000).catch(5000),
  keepAliveMs: z.number().int().min(10).max(600_000).catch(5_000),
  idleTimeoutMs: z.number().int().min(1000).max(3_600_000).catch(300_000),
  /** Larger answers of the server are refused. */
  maxResponseBytes: z.number().int().min(1024).max(MAX_SERVER_RESPONSE_BYTES).catch(MAX_RESPONSE_BYTES.mcp),
});

/** The server's own share of calls whose payload is kept, in place of the tenant's. */
const payloadSample = z.object({ payloadSample: z.number().min(0).max(1).optional().catch(undefined) });

export interface QueueSettings {
  readonly maxSize: number;
  readonly maxWaitMs: number;
}

/** Disabled, it holds no call: a server at its concurrency limit rejects at once. */
function parseQueueSettings(
  isEnabled: boolean | null,
  maxSize: number | null,
  maxWaitMs: number | null,
): QueueSettings | undefined {
  if (isEnabled === null || maxSize === null || maxWaitMs === null) return undefined;
  return { maxSize: isEnabled ? maxSize : 0, maxWaitMs };
}

export interface SnapshotServer extends z.infer<typeof serverSettings> {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly endpointUrl: string;
  readonly transport: Transport;
  readonly healthStatus: HealthStatus;
  readonly protocolVersion: string | null;
  readonly auth: SealedAuthConfig;
  readonly tags: readonly string[];
  readonly weight: number;
  /** Among servers that can serve a call, those near the client come first. */
  readonly region: string | null;
  /** Calls at the same time. */
  readonly maxConcurrency: number;
  /** How many calls may wait for the others, and how long; undefined: the defaults. */
  readonly queue: QueueSettings | undefined;
  /** Names of tools that say they only read. */
  readonly readOnlyTools: ReadonlySet<string>;
  /** Names of tools that must be neither shown nor called: see core/registry/drift.ts. */
  readonly withheldTools: ReadonlySet<string>;
  /** By name, the hash of what was approved; undefined where changes are let through anyway. */
  readonly approved: ReadonlyMap<string, string> | undefined;
  /** Its tenant lets no change of a tool through unseen: what cannot be checked is withheld. */
  readonly holdsChanges: boolean;
  /** Undefined where no call's payload is kept. */
  readonly payloads: PayloadPolicy | undefined;
}

export interface TenantSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly naming: Naming;
  readonly settings: Settings;
  /** Undefined where no request is traced. */
  readonly tracing: Tracing | undefined;
  /** By key; the tenant's own before the whole system's. */
  readonly flags: ReadonlyMap<string, Flag>;
  readonly servers: ReadonlyMap<string, SnapshotServer>;
  readonly serversById: ReadonlyMap<string, SnapshotServer>;
  readonly rules: CompiledRules;
  readonly windows: readonly MaintenanceWindow[];
  readonly limits: CompiledLimits;
  readonly ipLists: CompiledIpRules;
  readonly routing: readonly CompiledRouting[];
  /** Of the system's capacity, beside other tenants. */
  readonly weight: number;
  /** At most that many times its fair share, while capacity is idle. */
  readonly burst: number;
}

export interface Snapshots {
  /** Undefined for a tenant that is not there, or is suspended or archived: it is served nowhere. */
  get(tenantId: string, background: WaitUntil): Promise<TenantSnapshot | undefined>;
  /** The snapshot that `get` would return at once; undefined where it would look. */
  peek(tenantId: string): TenantSnapshot | undefined;
  /** The id of a tenant that lets anybody in, by the name in the path. */
  openTenant(slug: string, background: WaitUntil): Promise<string | undefined>;
}

export function createSnapshots(database: Database, epochs: Epochs, now: () => number): Snapshots {
  const snapshots = new TenantCache<TenantSnapshot | undefined>(epochs, { now, limit: 1000 });
  const slugs = new TenantCache<string | undefined>(epochs, { now, limit: 1000 });
  return {
    async get(tenantId, background) {
      const load = async () => ({ value: await loadSnapshot(database, tenantId), tenantId });
      return snapshots.get(tenantId, load, background, tenantId);
    },
    peek: (tenantId) => snapshots.peekFresh(tenantId),
    async openTenant(slug, background) {
      const load = async () => {
        const id = (await findOpenTenant(database.asSystem(), slug))[0]?.id;
        return { value: id, tenantId: id };
      };
      return slugs.get(slug, load, background);
    },
  };
}

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
    ipLists: compileIpRules(addresses),
    routing: compileRouting(routing.flatMap(parseRoutingRule)),
    burst,
  };
}
