/** What one permission requires. */
import type { ApiKeyScope, Role } from "../enums.ts";

export interface PermissionRule {
  /** The least of the roles that may: see ROLE_ORDER. */
  readonly role: Role;
  readonly scope: ApiKeyScope;
  /** Concerns the whole gateway: the admins of one tenant may not. */
  readonly operator?: true;
}
