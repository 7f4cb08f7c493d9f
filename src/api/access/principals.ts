/** Resolves the principal of an access check: a member, an API key, or any member of a role or group, with current rights. */
import type { Context } from "hono";
import { z } from "zod";
import type { AccessPrincipal } from "../../core/access/access-principal.ts";
import { ROLE_SCOPES } from "../../core/access/permissions.ts";
import { API_KEY_SCOPES, ROLES } from "../../core/enums.ts";
import { NotFoundError } from "../../core/errors.ts";
import { findKey, findMemberRole } from "../../db/queries/access/api-keys.ts";
import { findGroup, listPrincipalGroups } from "../../db/queries/identity/groups.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";

export const principalSchema = z.union([
  z.strictObject({ userId: z.string().min(1).max(200) }),
  z.strictObject({ keyId: z.uuid() }),
  /** A member of this group alone, with role user. */
  z.strictObject({ groupId: z.uuid() }),
  z.strictObject({ role: z.enum(ROLES), scopes: z.array(z.enum(API_KEY_SCOPES)).optional() }),
]);

export type NamedPrincipal = z.infer<typeof principalSchema>;

/** `lapsed`: why they could not prove to be who they are. */
export async function resolvePrincipal(
  c: Context<AppEnv & GuardedEnv>,
  named: NamedPrincipal,
  now: Date,
): Promise<{ caller: AccessPrincipal; lapsed?: string }> {
  const { tenantId } = c.get("principal");
  const db = c.get("db");
  const person = async (userId: string) => {
    const [member] = await findMemberRole(db, tenantId, userId);
    if (member === undefined) throw new NotFoundError("Member not found.");
    return member;
  };
  const groupsOf = async (userId: string) =>
    (await listPrincipalGroups(db, tenantId, userId)).map(({ id, expiresAt }) => ({
      id,
      until: expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    }));
  if ("role" in named) {
    const scopes = named.scopes ?? ROLE_SCOPES[named.role];
    return { caller: { role: named.role, scopes, userId: undefined, keyId: undefined } };
  }
  if ("groupId" in named) {
    const [group] = await findGroup(db, tenantId, named.groupId);
    if (group === undefined) throw new NotFoundError("Group not found.");
    const groups = [{ id: group.id, until: Number.POSITIVE_INFINITY }];
    return {
      caller: { role: "user", scopes: ROLE_SCOPES.user, userId: undefined, keyId: undefined, groups },
    };
  }
  if ("userId" in named) {
    const { role, isActive } = await person(named.userId);
    const groups = await groupsOf(named.userId);
    const caller = { role, scopes: ROLE_SCOPES[role], userId: named.userId, keyId: undefined, groups };
    return { caller, ...(!isActive && { lapsed: "The account is disabled." }) };
  }
  const [key] = await findKey(db, { tenantId }, named.keyId);
  if (key === undefined) throw new NotFoundError("API key not found.");
  const role = key.userId === null ? "service" : (await person(key.userId)).role;
  const groups = key.userId === null ? undefined : await groupsOf(key.userId);
  const caller = { role, scopes: key.scopes, userId: key.userId ?? undefined, keyId: key.id, groups };
  if (!key.isActive) return { caller, lapsed: "The API key is revoked or disabled." };
  return {
    caller,
    ...(key.expiresAt !== null && key.expiresAt <= now && { lapsed: "The API key has expired." }),
  };
}
