/**
 * Caches the inventory of each server of a tenant in the isolate. Lists are fetched from the servers, each with its own
 * deadline. For a server that does not respond in time, the stored inventory is used and the gap is reported.
 */
import { UpstreamError } from "../../core/errors.ts";
import { itemKey, LIST_METHODS } from "../../core/mcp/list-edit.ts";
import { isSameJson } from "../../core/mcp/lossless-json.ts";
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { FetchedInventory } from "../../upstream/fetch-inventory.ts";

export interface ServerInventory extends Omit<FetchedInventory, "revision" | "serverInfo"> {
  readonly server: SnapshotServer;
  /** Of tools' definitions, by name: what a tenant has approved is approved by hash. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The inventory is from the database, because the server did not respond. */
  readonly isStale: boolean;
}

/** From the server itself. */
export type InventoryReport = ServerInventory & FetchedInventory;

/** What a source needs of the request that uses the lists. */
export interface RefreshContext {
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface InventorySources<C extends RefreshContext> {
  /** Fetches from the server itself, for the request that needs it first. */
  fetch(server: SnapshotServer, context: C): Promise<InventoryReport>;
  /** What was known last of those servers of which anything was. */
  loadStored(tenantId: string, servers: readonly SnapshotServer[]): Promise<readonly ServerInventory[]>;
  /** Saves the inventory for times when the server does not respond. */
  save(tenantId: string, report: InventoryReport): Promise<void>;
  /** Reports the cause of a failure to the operator; clients only receive that the server failed. */
  onError(server: SnapshotServer, error: unknown): void;
  readonly now: () => number;
}

export interface InventoryTimes {
  readonly deadlineMs: number;
  /** How long a list is fresh when its server does not specify it. */
  readonly defaultTtlMs: number;
  /** A server that failed is left in peace for this long. */
  readonly retryMs: number;
}

const INVENTORY_TIMES: InventoryTimes = { deadlineMs: 3000, defaultTtlMs: 60_000, retryMs: 10_000 };

/** Lists are fetched again at least this often, and at most. */
const MIN_TTL_MS = 1000;
const MAX_TTL_MS = 60_000;

/** Between two checks of what another request is fetching. */
const POLL_INTERVAL_MS = 20;

interface Entry {
  readonly tenantId: string;
  server: SnapshotServer;
  inventory: ServerInventory | undefined;
  isStored: boolean;
  freshUntil: number;
  /** When a request last began to fetch it. */
  requestedAt: number;
  failure: string | undefined;
  /** Whether the latest fetched inventory is saved and compared with the pins. */
  isWritten: boolean;
}

export interface CachedInventory {
  readonly inventories: readonly ServerInventory[];
  readonly gaps: readonly UnavailableServer[];
}

type Servers = readonly SnapshotServer[];

export class InventoryCache<C extends RefreshContext> {
  readonly #entries = new Map<string, Entry>();
  readonly #sources: InventorySources<C>;
  readonly #times: InventoryTimes;

  constructor(sources: InventorySources<C>, times: InventoryTimes = INVENTORY_TIMES) {
    this.#sources = sources;
    this.#times = times;
  }

  /** Returns cached inventories, from servers or the database. Expired ones are refreshed in the background. */
  async get(tenantId: string, servers: Servers, context: C): Promise<CachedInventory> {
    const entries = servers.map((server) => this.#getEntry(tenantId, server));
    await this.#loadStored(tenantId, entries);
    for (const entry of entries) if (this.#isDue(entry)) context.waitUntil(this.#fetch(entry, context));
    // A stored inventory does not show what a call would run now.
    await this.#settled(entries.filter(({ server }) => server.holdsChanges));
    return this.#toResult(entries);
  }

  /** Returns what `get` would, without waiting; undefined unless all of it is current. */
  peek(tenantId: string, servers: Servers): CachedInventory | undefined {
    const entries = servers.map((server) => this.#getEntry(tenantId, server));
    const isCurrent = entries.every((entry) => entry.inventory?.isStale === false && !this.#isDue(entry));
    return isCurrent ? this.#toResult(entries) : undefined;
  }

  /** Waits for those that have not answered yet, but never longer than one deadline, however many hang. */
  async load(
    tenantId: string,
    servers: Servers,
    context: C,
    awaited: Servers = servers,
  ): Promise<CachedInventory> {
    const known = await this.get(tenantId, servers, context);
    const entries = awaited.map((server) => this.#getEntry(tenantId, server));
    if (entries.every(isSettled)) return known;
    await this.#settled(entries);
    return this.#toResult(servers.map((server) => this.#getEntry(tenantId, server)));
  }

  /** Looks again and again, because the promise may be another request's: see core/cache.ts. */
  async #settled(entries: readonly Entry[]): Promise<void> {
    const until = this.#sources.now() + this.#times.deadlineMs;
    while (!entries.every(isSettled) && this.#sources.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
    for (const entry of entries) {
      if (!isSettled(entry)) entry.failure = `did not respond within ${this.#times.deadlineMs} ms`;
    }
  }

  /** The server has announced that its lists have changed. */
  evict(serverId: string, context: C): void {
    const entry = this.#entries.get(serverId);
    if (entry === undefined) return;
    entry.freshUntil = 0;
    // Fetched immediately even without a waiting client, because an approved tool may have changed.
    if (this.#isDue(entry)) context.waitUntil(this.#fetch(entry, context));
  }

  #toResult(entries: readonly Entry[]): CachedInventory {
    return {
      inventories: entries.flatMap(({ server, inventory }) =>
        inventory === undefined || isUnchecked(server, inventory) ? [] : [inventory],
      ),
      gaps: entries.flatMap(({ server, inventory, failure }) =>
        inventory?.isStale === false
          ? []
          : {
              server: server.name,
              reason: failure ?? "is still being discovered",
              stale: inventory !== undefined && !isUnchecked(server, inventory),
            },
      ),
    };
  }

  #isDue({ inventory, freshUntil, requestedAt }: Entry): boolean {
    const now = this.#sources.now();
    if (now < freshUntil) return false;
    // A server that responds may be fetched again after the deadline; one that fails, after a longer pause.
    const pause = inventory?.isStale === false ? this.#times.deadlineMs : this.#times.retryMs;
    return now - requestedAt >= pause;
  }

  #getEntry(tenantId: string, server: SnapshotServer): Entry {
    const known = this.#entries.get(server.id);
    // A server that was moved is another server.
    if (known !== undefined && known.server.endpointUrl === server.endpointUrl) {
      known.server = server;
      return known;
    }
    const entry: Entry = {
      tenantId,
      server,
      inventory: undefined,
      isStored: false,
      freshUntil: 0,
      requestedAt: Number.NEGATIVE_INFINITY,
      failure: undefined,
      isWritten: true,
    };
    this.#entries.set(server.id, entry);
    return entry;
  }

  async #loadStored(tenantId: string, entries: readonly Entry[]): Promise<void> {
    const unknown = entries.filter(({ inventory, isStored }) => inventory === undefined && !isStored);
    if (unknown.length === 0) return;
    const servers = unknown.map(({ server }) => server);
    const recalled = await this.#sources.loadStored(tenantId, servers).catch(() => []);
    const byId = new Map(recalled.map((offer) => [offer.server.id, offer]));
    for (const entry of unknown) {
      entry.isStored = true;
      entry.inventory ??= byId.get(entry.server.id);
    }
  }

  async #fetch(entry: Entry, context: C): Promise<void> {
    entry.requestedAt = this.#sources.now();
    try {
      const offer = await this.#sources.fetch(entry.server, context);
      const isNews = !entry.isWritten || !isSameInventory(entry.inventory, offer);
      // An equal inventory keeps its identity, so that what was derived from it stays valid.
      entry.inventory =
        entry.inventory !== undefined && !isNews && !entry.inventory.isStale ? entry.inventory : offer;
      entry.failure = undefined;
      entry.freshUntil = this.#sources.now() + this.#ttl(offer);
      if (isNews) await this.#save(entry, offer);
    } catch (error) {
      this.#sources.onError(entry.server, error);
      entry.failure = errorReason(error, entry.server);
      if (entry.inventory !== undefined) entry.inventory = { ...entry.inventory, isStale: true };
    }
  }

  /**
   * Where tool changes are held, an inventory that could not be saved is not compared with the pins either, and counts
   * as not fetched.
   */
  async #save(entry: Entry, offer: InventoryReport): Promise<void> {
    try {
      entry.isWritten = false;
      await this.#sources.save(entry.tenantId, offer);
      entry.isWritten = true;
    } catch (error) {
      if (entry.server.holdsChanges) throw error;
      this.#sources.onError(entry.server, error);
    }
  }

  #ttl(offer: ServerInventory): number {
    const stated = Object.values(offer.lists).map(({ ttlMs }) => ttlMs ?? this.#times.defaultTtlMs);
    return Math.min(Math.max(Math.min(...stated), MIN_TTL_MS), MAX_TTL_MS);
  }
}

const isSettled = ({ failure, inventory }: Entry) => failure !== undefined || inventory?.isStale === false;

/** Where tool changes are held, only items of a current inventory are listed and can be called. */
const isUnchecked = (server: SnapshotServer, offer: ServerInventory) => server.holdsChanges && offer.isStale;

/** The tables keep neither the order of items nor that of members. */
function isSameInventory(before: ServerInventory | undefined, after: ServerInventory): boolean {
  if (before?.era !== after.era || before.instructions !== after.instructions) return false;
  if (!isSameJson(before.capabilities, after.capabilities)) return false;
  return LIST_METHODS.every((method) => {
    const known = new Map(before.lists[method].items.map((item) => [itemKey(method, item), item]));
    const { items } = after.lists[method];
    return (
      before.lists[method].items.length === items.length &&
      items.every((item) => isSameJson(known.get(itemKey(method, item)), item))
    );
  });
}

/** Addresses and causes are not for callers. */
function errorReason(error: unknown, { transport }: SnapshotServer): string {
  const code = error instanceof UpstreamError ? error.code : undefined;
  switch (code) {
    case "upstream_timeout":
      return "did not respond in time";
    case "upstream_refused":
      return "rejected the configured credential";
    case "upstream_closed":
      return "is unavailable: its circuit breaker is open";
    case "maintenance":
      return "is under maintenance";
    case "upstream_unsupported":
      return "uses a transport that is not supported";
    default:
      return transport === "stdio" ? "has no connector, or its process failed" : "is unreachable";
  }
}
