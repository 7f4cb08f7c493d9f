/** The principal as access decisions see it. */
import type { ApiKeyScope, Role } from "../enums.ts";
import type { PrincipalGroup } from "./groups.ts";

export interface AccessPrincipal {
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  readonly userId: string | undefined;
  readonly keyId: string | undefined;
  readonly groups?: readonly PrincipalGroup[] | undefined;
  readonly isOperator?: boolean | undefined;
}
