/** Who is calling, for which tenant, with what rights: where every way of proving it ends. */
import type { PrincipalGroup } from "../core/access/groups.ts";
import type { ApiKeyScope, Role } from "../core/enums.ts";

export interface Principal {
  /** Unique among all principals of all kinds: what sessions and sealed state are bound to. */
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string | undefined;
  /** A key's row, of either kind: see `via`. */
  readonly apiKeyId: string | undefined;
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  /** Of the user, in the tenant; undefined without any. */
  readonly groups?: readonly PrincipalGroup[];
  /** The server that a connector with this key may serve. */
  readonly connectServer?: string;
  readonly via: "api_key" | "legacy_api_key" | "session" | "oauth" | "scim" | "anonymous";
  /** Manages the whole gateway, not one tenant. Only signed-in users can be operators. */
  readonly isOperator?: boolean;
  readonly sessionId?: string;
  /** When the person of a session signed in. */
  readonly authenticatedAt?: Date;
  /** The tenant requires a second factor that the user of this session has not set up. */
  readonly isSecondFactorMissing?: boolean;
  /** The admin who acts as this person. */
  readonly impersonatorId?: string;
  readonly oauthClientId?: string;
  /** What the key itself allows, however much its owner may. */
  readonly keyLimits?: { readonly id: string; readonly perHour: number; readonly perDay: number };
}

/**
 * Stands where a tenant's id does for requests of no tenant: no row has it. Its configuration is what all tenants
 * share, and its epoch is that of the whole system.
 */
export const NO_TENANT_ID = "00000000-0000-0000-0000-000000000000";

/**
 * The principal of unauthenticated callers of a tenant with anonymous access. All of them share it, so no state may be
 * bound to it.
 */
export function createAnonymous(tenantId: string): Principal {
  return {
    id: `anonymous:${tenantId}`,
    tenantId,
    userId: undefined,
    apiKeyId: undefined,
    role: "readonly",
    scopes: ["read", "proxy"],
    via: "anonymous",
  };
}
