/** The merged view of some of a tenant's servers, built once for each state of what they offer. */
import { NotFoundError } from "../../core/errors.ts";
import type { Gap } from "../../core/mcp/merge.ts";
import { isSameNaming, type Naming } from "../../policy/naming.ts";
import type { SnapshotServer, TenantSnapshot } from "../../policy/snapshot.ts";
import type { Offer, Offered, Offers } from "./offers.ts";
import { Tables } from "./tables.ts";

export interface View {
  readonly tables: Tables;
  readonly gaps: readonly Gap[];
}

/** All of a tenant's servers as one, or a single one that needs translation. */
export interface Scope {
  readonly tenantId: string;
  readonly servers: readonly SnapshotServer[];
  readonly naming: Naming;
}

export function wholeTenant(tenant: TenantSnapshot): Scope {
  return { tenantId: tenant.id, servers: [...tenant.servers.values()], naming: tenant.naming };
}

/** Alone, a server's names are its own. */
export function singleServer(tenant: TenantSnapshot, server: SnapshotServer): Scope {
  return { tenantId: tenant.id, servers: [server], naming: { ...tenant.naming, prefix: "never" } };
}

export function scopeOf(tenant: TenantSnapshot, serverName: string | undefined): Scope {
  if (serverName === undefined) return wholeTenant(tenant);
  const server = tenant.servers.get(serverName);
  if (server === undefined) throw new NotFoundError("There is no such MCP server here any more.");
  return singleServer(tenant, server);
}

type Background = (work: Promise<unknown>) => void;

interface Built {
  readonly offers: readonly Offer[];
  readonly naming: Naming;
  readonly tables: Tables;
}

const REMEMBERED_TENANTS = 1000;

export class Catalogue {
  readonly #offers: Offers;
  readonly #built = new Map<string, Built>();

  constructor(offers: Offers) {
    this.#offers = offers;
  }

  /** What is known without asking anybody: enough for most calls. */
  async known(scope: Scope, background: Background): Promise<View> {
    return this.#view(scope, await this.#offers.known(scope.tenantId, scope.servers, background));
  }

  /** Waits for servers that nothing is known of yet. */
  async complete(scope: Scope, background: Background): Promise<View> {
    return this.#view(scope, await this.#offers.complete(scope.tenantId, scope.servers, background));
  }

  forget(serverId: string): void {
    this.#offers.forget(serverId);
  }

  #view({ tenantId, servers, naming }: Scope, { offers, gaps }: Offered): View {
    const [only] = servers;
    const key = servers.length === 1 && only !== undefined ? `${tenantId}:${only.id}` : tenantId;
    const built = this.#built.get(key);
    if (built !== undefined && isSameNaming(built.naming, naming) && isSame(built.offers, offers)) {
      return { tables: built.tables, gaps };
    }
    const tables = new Tables(offers, naming);
    this.#built.delete(key);
    this.#built.set(key, { offers, naming, tables });
    const [oldest] = this.#built.keys();
    if (this.#built.size > REMEMBERED_TENANTS && oldest !== undefined) this.#built.delete(oldest);
    return { tables, gaps };
  }
}

function isSame(left: readonly Offer[], right: readonly Offer[]): boolean {
  return left.length === right.length && left.every((offer, position) => offer === right[position]);
}
