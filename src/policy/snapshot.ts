/**
 * A tenant as the hot path sees it: everything that a decision needs, compiled once and kept in the isolate until the
 * tenant's epoch increases; while the database is down the last snapshot serves on.
 */
import type { CompiledRules } from "../core/access/rules.ts";
import type { HealthStatus, TenantStatus, Transport } from "../core/enums.ts";
import type { Flag } from "../core/flags/evaluate.ts";
import type { BudgetTerms } from "../core/limits/budgets.ts";
import type { CompiledIpRules } from "../core/limits/ip-rules.ts";
import type { BanTerms } from "../core/limits/lease/sync-messages.ts";
import type { CompiledLimits } from "../core/limits/resolve-limits.ts";
import type { TargetLimits } from "../core/limits/target-limits.ts";
import type { CompiledWindow } from "../core/maintenance/windows.ts";
import type { BreakerTerms } from "../core/resilience/breaker.ts";
import type { CompiledRule as CompiledRouting } from "../core/routing/rules.ts";
import type { PayloadPolicy } from "../core/settings/payloads.ts";
import type { Tracing } from "../core/settings/tracing.ts";
import type { RetrySettings } from "../core/settings/traffic-terms.ts";
import type { Settings } from "../core/settings/values.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import type { CompiledBindings } from "../core/toolsets/bindings.ts";
import type { CatalogCut, CuttableInventory } from "../core/toolsets/catalog-cut.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { Naming } from "./naming.ts";

export interface QueueSettings {
  /** Undefined: as many as may run. */
  readonly maxSize: number | undefined;
  readonly maxWaitMs: number;
}

/** A server's own settings. */
export interface ServerSettings {
  readonly firstByteTimeoutMs: number;
  /** A call whose answer takes longer than this is answered by an event stream that waits with the caller. */
  readonly earlyAnswerMs: number;
  readonly keepAliveMs: number;
  readonly idleTimeoutMs: number;
  /** Larger answers of the server are refused. */
  readonly maxResponseBytes: number;
  /** Headers of clients that the server receives, in lower case. */
  readonly passHeaders?: ReadonlySet<string>;
}

/** What is set for calls to one tool. */
export interface ToolSettings {
  /** A call that has no response by then is ended. */
  readonly timeoutMs?: number | undefined;
  /** Of one call, in place of what the tool declares. */
  readonly cost?: number | undefined;
}

export interface SnapshotServer extends ServerSettings {
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
  /** How many calls may wait for the others, and how long. */
  readonly queue: QueueSettings;
  /** The thresholds of its circuit breaker. */
  readonly breaker: BreakerTerms;
  /** Of a call of a tool without a cost of its own: core/limits/call-cost.ts. */
  readonly cost: number;
  /** By the server's own name of the tool, what its definition declares. */
  readonly declaredCosts: ReadonlyMap<string, number>;
  /** By the server's own name of the tool; empty where nothing is set for single tools. */
  readonly tools: ReadonlyMap<string, ToolSettings>;
  /** Names of tools that are declared read-only. */
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

/** A named selection of the catalog with an endpoint of its own. */
export interface SnapshotToolset {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  /** In place of the servers' own instructions. */
  readonly instructions: string | null;
  /** Changes with its members and overrides. */
  readonly content: string;
  /** The servers whose items it can contain; undefined for any server. */
  readonly serverIds: ReadonlySet<string> | undefined;
  cut<I extends CuttableInventory>(inventories: readonly I[], naming: Naming): CatalogCut<I>;
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
  /** By slug. */
  readonly toolsets: ReadonlyMap<string, SnapshotToolset>;
  readonly bindings: CompiledBindings;
  readonly rules: CompiledRules;
  readonly windows: readonly CompiledWindow[];
  readonly limits: CompiledLimits;
  /** Of calls to single servers and tools. */
  readonly targetLimits: TargetLimits;
  /** Undefined for a tenant without budgets. */
  readonly budgets: BudgetTerms | undefined;
  readonly ipLists: CompiledIpRules;
  /** What brings a ban; undefined where automatic bans are disabled. */
  readonly bans: BanTerms | undefined;
  readonly retries: RetrySettings;
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
  /** Tenants whose snapshot `get` would return without a load, of those loaded last. */
  listCurrent(): readonly string[];
  /** A snapshot that was loaded together with a key; `loadedAt`: when that load began. */
  keep(tenantId: string, snapshot: TenantSnapshot | undefined, loadedAt: number): void;
  /** Returns the ID of a tenant with anonymous access by its slug. */
  openTenant(slug: string, background: WaitUntil): Promise<string | undefined>;
}

/** Reads tenants from the database (load-snapshot.ts). */
export interface SnapshotSource {
  loadSnapshot(tenantId: string): Promise<TenantSnapshot | undefined>;
  findOpenTenant(slug: string): Promise<string | undefined>;
}

export function createSnapshots(source: SnapshotSource, epochs: Epochs, now: () => number): Snapshots {
  const snapshots = new TenantCache<TenantSnapshot | undefined>(epochs, { now, limit: 1000 });
  const slugs = new TenantCache<string | undefined>(epochs, { now, limit: 1000 });
  return {
    async get(tenantId, background) {
      const load = async () => ({ value: await source.loadSnapshot(tenantId), tenantId });
      return snapshots.get(tenantId, load, background, tenantId);
    },
    listCurrent: () => snapshots.listCurrent(),
    keep: (tenantId, snapshot, loadedAt) => snapshots.keep(tenantId, { value: snapshot, tenantId }, loadedAt),
    peek: (tenantId) => snapshots.peekFresh(tenantId),
    async openTenant(slug, background) {
      const load = async () => {
        const id = await source.findOpenTenant(slug);
        return { value: id, tenantId: id };
      };
      return slugs.get(slug, load, background);
    },
  };
}
