/** The merged view of some of a tenant's servers, built once for each state of what they offer. */
import { NotFoundError } from "../../core/errors.ts";
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { isSameNaming, type Naming } from "../../policy/naming.ts";
import type { SnapshotServer, TenantSnapshot } from "../../policy/snapshot.ts";
import type { McpContext } from "../context.ts";
import type { Offer, Offered, Offers } from "./offers.ts";
import { Tables } from "./tables.ts";

export interface View {
  readonly tables: Tables;
  readonly gaps: readonly UnavailableServer[];
}

/** All of a tenant's servers as one, or a single one that needs translation. */
export interface Scope {
  readonly tenantId: string;
  readonly servers: readonly SnapshotServer[];
  readonly naming: Naming;
  /** All of the tenant's, however many there are just now. */
  readonly isWhole: boolean;
}

export function wholeTenant(tenant: TenantSnapshot): Scope {
  const servers = [...tenant.servers.values()];
  return { tenantId: tenant.id, servers, naming: tenant.naming, isWhole: true };
}

/** Alone, a server's names are its own. */
export function singleServer(tenant: TenantSnapshot, server: SnapshotServer): Scope {
  const naming: Naming = { ...tenant.naming, prefix: "never" };
  return { tenantId: tenant.id, servers: [server], naming, isWhole: false };
}

export function scopeOf(tenant: TenantSnapshot, serverName: string | undefined): Scope {
  if (serverName === undefined) return wholeTenant(tenant);
  const server = tenant.servers.get(serverName);
  if (server === undefined) throw new NotFoundError("The server no longer exists.");
  return singleServer(tenant, server);
}

interface Built {
  readonly offers: readonly Offer[];
  readonly names: readonly string[];
  readonly naming: Naming;
  readonly tables: Tables;
}

const REMEMBERED_TENANTS = 1000;

export class Catalogue {
  readonly #offers: Offers<McpContext>;
  readonly #built = new Map<string, Built>();

  constructor(offers: Offers<McpContext>) {
    this.#offers = offers;
  }

  /** What is known without asking anybody: enough for most calls. */
  async known(scope: Scope, context: McpContext): Promise<View> {
    return this.#view(scope, await this.#offers.known(scope.tenantId, scope.servers, context));
  }

  /** Waits for those of the awaited servers that nothing is known of yet. */
  async complete(
    scope: Scope,
    context: McpContext,
    awaited: readonly SnapshotServer[] = scope.servers,
  ): Promise<View> {
    const { tenantId, servers } = scope;
    return this.#view(scope, await this.#offers.complete(tenantId, servers, context, awaited));
  }

  forget(serverId: string, context: McpContext): void {
    this.#offers.forget(serverId, context);
  }

  #view({ tenantId, servers, naming, isWhole }: Scope, { offers, gaps }: Offered): View {
    const key = isWhole ? tenantId : `${tenantId}:${servers.map(({ id }) => id).join()}`;
    const built = this.#built.get(key);
    const names = servers.map(({ name }) => name);
    const isAsBuilt =
      built !== undefined &&
      isSameNaming(built.naming, naming) &&
      isSame(built.names, names) &&
      isSame(built.offers, offers);
    if (isAsBuilt) return { tables: built.tables, gaps };
    const tables = new Tables(offers, names, naming);
    this.#built.delete(key);
    this.#built.set(key, { offers, names, naming, tables });
    const [oldest] = this.#built.keys();
    if (this.#built.size > REMEMBERED_TENANTS && oldest !== undefined) this.#built.delete(oldest);
    return { tables, gaps };
  }
}

function isSame<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((item, position) => item === right[position]);
}
