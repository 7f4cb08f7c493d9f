/** The merged view of some of a tenant's servers, built once for each state of what they offer. */
import { BoundedMap } from "../../core/bounded-map.ts";
import { NotFoundError } from "../../core/errors.ts";
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { isSameNaming, type Naming } from "../../policy/naming.ts";
import type { SnapshotServer, TenantSnapshot } from "../../policy/snapshot.ts";
import type { CachedInventory, InventoryCache, RefreshContext, ServerInventory } from "./inventory-cache.ts";
import { NameIndex } from "./name-index.ts";

export interface CatalogView {
  readonly tables: NameIndex;
  readonly gaps: readonly UnavailableServer[];
}

/** All of a tenant's servers as one, or a single one that needs translation. */
export interface CatalogScope {
  readonly tenantId: string;
  readonly servers: readonly SnapshotServer[];
  readonly naming: Naming;
  /** All of the tenant's, however many there are just now. */
  readonly isWhole: boolean;
}

export function tenantScope(tenant: TenantSnapshot): CatalogScope {
  const servers = [...tenant.servers.values()];
  return { tenantId: tenant.id, servers, naming: tenant.naming, isWhole: true };
}

/** Alone, a server's names are its own. */
export function serverScope(tenant: TenantSnapshot, server: SnapshotServer): CatalogScope {
  const naming: Naming = { ...tenant.naming, prefix: "never" };
  return { tenantId: tenant.id, servers: [server], naming, isWhole: false };
}

export function resolveScope(tenant: TenantSnapshot, serverName: string | undefined): CatalogScope {
  if (serverName === undefined) return tenantScope(tenant);
  const server = tenant.servers.get(serverName);
  if (server === undefined) throw new NotFoundError("The server no longer exists.");
  return serverScope(tenant, server);
}

interface BuiltView {
  readonly inventories: readonly ServerInventory[];
  readonly names: readonly string[];
  readonly naming: Naming;
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
    awaited: readonly SnapshotServer[] = scope.servers,
  ): Promise<CatalogView> {
    const { tenantId, servers } = scope;
    return this.#view(scope, await this.#inventory.load(tenantId, servers, context, awaited));
  }

  evict(serverId: string, context: Context): void {
    this.#inventory.evict(serverId, context);
  }

  #view(
    { tenantId, servers, naming, isWhole }: CatalogScope,
    { inventories, gaps }: CachedInventory,
  ): CatalogView {
    const key = isWhole ? tenantId : `${tenantId}:${servers.map(({ id }) => id).join()}`;
    const built = this.#views.get(key);
    const names = servers.map(({ name }) => name);
    const isAsBuilt =
      built !== undefined &&
      isSameNaming(built.naming, naming) &&
      isSame(built.names, names) &&
      isSame(built.inventories, inventories);
    if (isAsBuilt) return { tables: built.tables, gaps };
    const tables = new NameIndex(inventories, names, naming);
    this.#views.delete(key);
    this.#views.set(key, { inventories, names, naming, tables });
    return { tables, gaps };
  }
}

function isSame<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((item, position) => item === right[position]);
}
