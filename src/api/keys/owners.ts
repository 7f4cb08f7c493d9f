/** Whose a new key is, and whether there is room for it. */
import type { Role } from "../../core/enums.ts";
import { ForbiddenError, GatewayError, NotFoundError } from "../../core/errors.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { loadKeyCountAndLimits } from "../../db/queries/tenants/tenants.ts";
import type { ApiContext } from "../resource/scope.ts";

/** Renewing a key needs no further room: the old one goes. */
export async function assertKeyCapacity(c: ApiContext): Promise<void> {
  const { db, principal } = c.var;
  const [own] = await loadKeyCountAndLimits(db, principal.tenantId);
  if ((own?.keys ?? 0) >= (own?.planLimits.apiKeys ?? Number.POSITIVE_INFINITY)) {
    throw new GatewayError("conflict", "Plan limit reached: API keys. Revoke a key first.");
  }
}

/** Rejects keys in the name of another user, since they would act as that user. */
export async function resolveOwner(
  c: ApiContext,
  serviceAccountId: string | null | undefined,
): Promise<{ userId: string | null; role: Role }> {
  const { principal, db } = c.var;
  if (serviceAccountId === undefined) return { userId: principal.userId ?? null, role: principal.role };
  if (principal.role !== "admin") {
    throw new ForbiddenError("Only admins can create service account keys.", { role: "admin" });
  }
  if (serviceAccountId === null) return { userId: null, role: "service" };
  const [account] = await findMemberRole(db, principal.tenantId, serviceAccountId);
  if (account?.isServiceAccount !== true || account.role !== "service")
    throw new NotFoundError("Service account not found.");
  return { userId: serviceAccountId, role: "service" };
}
