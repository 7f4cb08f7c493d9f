/** The principal as access decisions see it. */
import type { ApiKeyScope, Role } from "../enums.ts";

export interface AccessPrincipal {
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  readonly userId: string | undefined;
  readonly keyId: string | undefined;
  readonly isOperator?: boolean | undefined;
}
