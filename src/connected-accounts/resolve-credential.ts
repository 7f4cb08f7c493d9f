/**
 * Gives the credential with which one member's call is sent to a server. It is kept in the isolate like everything else
 * of the tenant: until the tenant's epoch says that something has changed.
 */
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { Header } from "../upstream/credentials.ts";

/** A server as accounts are bound to it. */
export interface AccountServer {
  readonly id: string;
  readonly tenantId: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
}

export type AccountState =
  | { readonly kind: "connected"; readonly credential: Header }
  | { readonly kind: "missing" }
  /** It no longer fits the server, or the server has withdrawn it. */
  | { readonly kind: "expired" };

export interface AccountCredentialsDeps {
  readonly epochs: Epochs;
  readonly now: () => number;
  readonly load: (server: AccountServer, userId: string | undefined) => Promise<AccountState>;
  /** The origin of the pages. */
  readonly publicUrl: string;
}

const MAX_ACCOUNTS = 10_000;

export class AccountCredentials {
  readonly #deps: AccountCredentialsDeps;
  readonly #cache: TenantCache<AccountState>;

  constructor(deps: AccountCredentialsDeps) {
    this.#deps = deps;
    this.#cache = new TenantCache(deps.epochs, { now: deps.now, limit: MAX_ACCOUNTS });
  }

  /** `userId` undefined: the account that discovery acts as. */
  resolve(
    server: AccountServer,
    userId: string | undefined,
    waitUntil: WaitUntil,
  ): AccountState | Promise<AccountState> {
    const { tenantId, id } = server;
    const load = async () => ({ value: await this.#deps.load(server, userId), tenantId });
    return this.#cache.get(`${id} ${userId ?? ""}`, load, waitUntil, tenantId);
  }

  /** The page where the member connects an account of their own to the server. */
  getConnectUrl({ id, tenantId }: AccountServer): string {
    return `${this.#deps.publicUrl}/account/connections/${id}?organization=${tenantId}`;
  }
}
