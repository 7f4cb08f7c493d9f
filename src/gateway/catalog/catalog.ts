/** The merged view of some of a tenant's servers, built once for each state of what they offer. */
import { BoundedMap } from "../../core/bounded-map.ts";
import { NotFoundError } from "../../core/errors.ts";
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { isSameNaming, type Naming } from "../../policy/naming.ts";
import type { SnapshotServer, SnapshotToolset, TenantSnapshot } from "../../policy/snapshot.ts";
import type { CachedInventory, InventoryCache, RefreshContext, ServerInventory } from "./inventory-cache.ts";
import { NameIndex } from "./name-index.ts";

export interface CatalogView {
  readonly tables: NameIndex;
  readonly gaps: readonly UnavailableServer[];
}

/** What an endpoint serves: one server, a toolset, or, without either, all servers of the tenant. */
export interface EndpointTarget {
  readonly serverName?: string | undefined;
  /** Its slug. */
  readonly toolset?: string | undefined;
  /** Tools are found by searching for them; nothing of a single server. */
  readonly isSearched?: boolean | undefined;
}

/** All of a tenant's servers as one, a toolset of them, or a single one that needs translation. */
export interface CatalogScope {
  readonly tenantId: string;
  readonly servers: readonly SnapshotServer[];
  readonly naming: Naming;
  /** All of the tenant's, however many there are just now. */
  readonly isWhole: boolean;
  /** Those of the servers whose items are offered: a toolset may name some of them only. */
  readonly offered: readonly SnapshotServer[];
  readonly toolset?: SnapshotToolset;
  readonly isSearched?: boolean;
}

export function tenantScope(tenant: TenantSnapshot): CatalogScope {
  const servers = [...tenant.servers.values()];
  return { tenantId: tenant.id, servers, naming: tenant.naming, isWhole: true, offered: servers };
}

function toolsetScope(tenant: TenantSnapshot, slug: string): CatalogScope {
  const toolset = tenant.toolsets.get(slug);
  if (toolset === undefined) throw new NotFoundError("Toolset not found. Check the URL.");
  const scope = tenantScope(tenant);
  const { serverIds } = toolset;
  const offered = scope.servers.filter(({ id }) => serverIds === undefined || serverIds.has(id));
  return { ...scope, offered, toolset };
}

/** The scope as it is now; undefined if its toolset no longer exists. That of one server stays the same. */
export function renewScope(scope: CatalogScope, tenant: TenantSnapshot): CatalogScope | undefined {
  const { isWhole, toolset } = scope;
  if (!isWhole) return scope;
  if (toolset === undefined) return tenantScope(tenant);
  return tenant.toolsets.has(toolset.slug) ? toolsetScope(tenant, toolset.slug) : undefined;
}

/** Alone, a server's names are its own. */
export function serverScope(tenant: TenantSnapshot, server: SnapshotServer): CatalogScope {
  const naming: Naming = { ...tenant.naming, prefix: "never" };
  return { tenantId: tenant.id, servers: [server], naming, isWhole: false, offered: [server] };
}

export function resolveScope(tenant: TenantSnapshot, target: EndpointTarget): CatalogScope {
  const { serverName, toolset, isSearched = false } = target;
  if (toolset !== undefined) return { ...toolsetScope(tenant, toolset), isSearched };
  if (serverName === undefined) return { ...tenantScope(tenant), isSearched };
  const server = tenant.servers.get(serverName);
  if (server === undefined) throw new NotFoundError("The server no longer exists.");
  return serverScope(tenant, server);
}

/** Whether unknown targets are sent to the only server that there is. A toolset offers what it names only. */
export const isSoleServer = ({ servers, toolset }: CatalogScope): boolean =>
  servers.length === 1 && toolset === undefined;

interface BuiltView {
  readonly inventories: readonly ServerInventory[];
  readonly names: readonly string[];
  readonly naming: Naming;
  readonly toolset: SnapshotToolset | undefined;
  readonly tables: NameIndex;
}

const MAX_TENANTS = 1000;

export class Catalog<Context extends RefreshContext> {
  readonly #inventory: InventoryCache<Context>;
  readonly #views = new BoundedMap<string, BuiltView>(MAX_TENANTS);

  constructor(offers: InventoryCache<Context>) {
    this.#inventory = offers;
  }

  /** Returns the view from cached inventories, without waiting for a server; sufficient for most calls. */
  async getView(scope: CatalogScope, context: Context): Promise<CatalogView> {
    return this.#view(scope, await this.#inventory.get(scope.tenantId, scope.servers, context));
  }

  /** Returns the view without waiting; undefined unless all its inventories are cached and current. */
  peekView(scope: CatalogScope): CatalogView | undefined {
    const cached = this.#inventory.peek(scope.tenantId, scope.servers);
    return cached && this.#view(scope, cached);
  }

  /** Waits for those of the awaited servers that nothing is known of yet. */
  async loadView(
    scope: CatalogScope,
    context: Context,
    awaited: readonly SnapshotServer[] = scope.offered,
  ): Promise<CatalogView> {
    const { tenantId, servers } = scope;
    return this.#view(scope, await this.#inventory.load(tenantId, servers, context, awaited));
  }

  evict(serverId: string, context: Context): void {
    this.#inventory.evict(serverId, context);
  }

  #view(scope: CatalogScope, { inventories, gaps }: CachedInventory): CatalogView {
    const { tenantId, servers, naming, isWhole, toolset } = scope;
    const shown = toolset === undefined ? gaps : gaps.filter((gap) => isOffered(scope, gap));
    const key = isWhole
      ? `${tenantId}:${toolset?.id ?? ""}`
      : `${tenantId}:${servers.map(({ id }) => id).join()}`;
    const built = this.#views.get(key);
    const names = servers.map(({ name }) => name);
    const isAsBuilt =
      built !== undefined &&
      built.toolset === toolset &&
      isSameNaming(built.naming, naming) &&
      isSame(built.names, names) &&
      isSame(built.inventories, inventories);
    if (isAsBuilt) return { tables: built.tables, gaps: shown };
    const tables = new NameIndex(inventories, names, naming, toolset?.cut(inventories, naming));
    this.#views.delete(key);
    this.#views.set(key, { inventories, names, naming, toolset, tables });
    return { tables, gaps: shown };
  }
}

const isOffered = ({ offered }: CatalogScope, gap: UnavailableServer) =>
  offered.some(({ name }) => name === gap.server);

function isSame<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((item, position) => item === right[position]);
}
