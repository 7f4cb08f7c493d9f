/**
 * A tenant as the hot path sees it: everything that a decision needs, compiled once and kept in the isolate. A change
 * takes effect within a second; while the database is down the last snapshot serves on.
 */
import { z } from "zod";
import { IsolateCache } from "../core/cache.ts";
import type { HealthStatus, TenantStatus, Transport } from "../core/vocabulary.ts";
import type { Database } from "../db/client.ts";
import { openTenantBySlug, serversForSnapshot, tenantForSnapshot } from "../db/queries/snapshot.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { type Naming, readNaming } from "./naming.ts";

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
}

export interface TenantSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly naming: Naming;
  readonly servers: ReadonlyMap<string, SnapshotServer>;
}

type Background = (work: Promise<unknown>) => void;

export interface Snapshots {
  /** Undefined for a tenant that is not there. */
  get(tenantId: string, background: Background): Promise<TenantSnapshot | undefined>;
  /** The id of a tenant that lets anybody in, by the name in the path. */
  openTenant(slug: string, background: Background): Promise<string | undefined>;
}

const TIMES = { freshMs: 500, staleMs: 1000, brokenMs: 600_000 };

export function createSnapshots(database: Database, now: () => number): Snapshots {
  const snapshots = new IsolateCache<TenantSnapshot | undefined>(TIMES, { now, limit: 1000 });
  const slugs = new IsolateCache<string | undefined>(TIMES, { now, limit: 1000 });
  return {
    async get(tenantId, background) {
      return snapshots.get(tenantId, () => loadSnapshot(database, tenantId), background);
    },
    async openTenant(slug, background) {
      return slugs.get(
        slug,
        async () => (await openTenantBySlug(database.asSystem(), slug))[0]?.id,
        background,
      );
    },
  };
}

async function loadSnapshot(database: Database, tenantId: string): Promise<TenantSnapshot | undefined> {
  const db = database.withTenant(tenantId, "read");
  const [[tenant], servers] = await db.batch([
    tenantForSnapshot(db, tenantId),
    serversForSnapshot(db, tenantId),
  ]);
  if (tenant === undefined) return undefined;
  const { settings, ...known } = tenant;
  return {
    ...known,
    naming: readNaming(settings),
    servers: new Map(
      servers.map(({ transportType, authConfig, settings, ...server }) => [
        server.name,
        { ...server, ...serverSettings.parse(settings), transport: transportType, auth: authConfig },
      ]),
    ),
  };
}
