/**
 * A tenant as the hot path sees it: everything that a decision needs, compiled once and kept in the isolate until the
 * tenant's epoch says that something has changed; while the database is down the last snapshot serves on.
 */
import { z } from "zod";
import { type CompiledRules, compileRules } from "../core/access/rules.ts";
import { type Background, type Epochs, TenantCache } from "../core/tenant-cache.ts";
import type { HealthStatus, TenantStatus, Transport } from "../core/vocabulary.ts";
import type { Database } from "../db/client.ts";
import {
  accessControlsForSnapshot,
  openTenantBySlug,
  readOnlyTools,
  serversForSnapshot,
  tenantForSnapshot,
} from "../db/queries/snapshot.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { type Naming, readNaming } from "./naming.ts";
import { readTenantSettings } from "./tenant-settings.ts";

/** A server's own settings; what does not fit falls back to the default, so that a bad row stops no traffic. */
const serverSettings = z.object({
  firstByteTimeoutMs: z.number().int().min(100).max(600_000).catch(60_000),
  /** A call whose answer takes longer than this is answered by an event stream that waits with the caller. */
  earlyAnswerMs: z.number().int().min(10).max(600_000).catch(5000),
  keepAliveMs: z.number().int().min(10).max(600_000).catch(15_000),
  idleTimeoutMs: z.number().int().min(1000).max(3_600_000).catch(300_000),
});

export interface SnapshotServer extends z.infer<typeof serverSettings> {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly endpointUrl: string;
  readonly transport: Transport;
  readonly healthStatus: HealthStatus;
  readonly protocolVersion: string | null;
  readonly auth: SealedAuthConfig;
  /** Names of tools that say they only read. */
  readonly readOnlyTools: ReadonlySet<string>;
}

export interface TenantSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly naming: Naming;
  readonly servers: ReadonlyMap<string, SnapshotServer>;
  readonly serversById: ReadonlyMap<string, SnapshotServer>;
  readonly rules: CompiledRules;
}

export interface Snapshots {
  /** Undefined for a tenant that is not there, or is suspended or archived: it is served nowhere. */
  get(tenantId: string, background: Background): Promise<TenantSnapshot | undefined>;
  /** The id of a tenant that lets anybody in, by the name in the path. */
  openTenant(slug: string, background: Background): Promise<string | undefined>;
}

export function createSnapshots(database: Database, epochs: Epochs, now: () => number): Snapshots {
  const snapshots = new TenantCache<TenantSnapshot | undefined>(epochs, { now, limit: 1000 });
  const slugs = new TenantCache<string | undefined>(epochs, { now, limit: 1000 });
  return {
    async get(tenantId, background) {
      const load = async () => ({ value: await loadSnapshot(database, tenantId), tenantId });
      return snapshots.get(tenantId, load, background, tenantId);
    },
    async openTenant(slug, background) {
      const load = async () => {
        const id = (await openTenantBySlug(database.asSystem(), slug))[0]?.id;
        return { value: id, tenantId: id };
      };
      return slugs.get(slug, load, background);
    },
  };
}

async function loadSnapshot(database: Database, tenantId: string): Promise<TenantSnapshot | undefined> {
  // From the main database: a replica that lags behind would bring back, under the new epoch, what was just revoked.
  const db = database.withTenant(tenantId);
  const [[tenant], servers, controls, tools] = await db.batch([
    tenantForSnapshot(db, tenantId),
    serversForSnapshot(db, tenantId),
    accessControlsForSnapshot(db, tenantId),
    readOnlyTools(db, tenantId),
  ]);
  if (tenant === undefined || tenant.status !== "active") return undefined;
  const { settings, timeZone, ...known } = tenant;
  const { accessDefault } = readTenantSettings(settings);
  const toolsOf = Map.groupBy(tools, (tool) => tool.serverId);
  const all = servers.map(({ transportType, authConfig, settings: own, ...server }): SnapshotServer => {
    const names = toolsOf.get(server.id)?.map(({ name }) => name);
    const given = { transport: transportType, auth: authConfig, readOnlyTools: new Set(names) };
    return { ...server, ...serverSettings.parse(own), ...given };
  });
  return {
    ...known,
    naming: readNaming(settings),
    servers: new Map(all.map((server) => [server.name, server])),
    serversById: new Map(all.map((server) => [server.id, server])),
    rules: compileRules(controls, { accessDefault, timeZone }),
  };
}
