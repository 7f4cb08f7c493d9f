/**
 * Guards for batches that change who may do what. Each ends its batch (22012, division by zero) where its condition
 * does not hold, and locks the rows it judged until the batch is through, so that of two changes at once the second
 * sees the first. `lockTenant` comes before them wherever the members themselves change.
 */
import { and, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { apiKeys, legacyApiKeys, serverAccessControls } from "../../schema/access.ts";
import { budgets } from "../../schema/budgets.ts";
import { user } from "../../schema/identity.ts";
import { oauthAccessToken, oauthConsent, oauthRefreshToken } from "../../schema/oauth.ts";
import { tenantInvitations, tenantMembers } from "../../schema/tenancy.ts";
import { toolsetBindings } from "../../schema/toolsets.ts";
import { rateLimitConfigs } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";
import { addFormerMember } from "./sso.ts";

export interface AuthorityActor {
  readonly tenantId: string;
  readonly role: Role;
  /** Undefined where no membership stands behind the actor: keys of no account, and operators. */
  readonly userId: string | undefined;
  /** The API key that is used, where one is. */
  readonly keyId: string | undefined;
}

/** Whether the actor still has the role, and the key still works, by which the request was allowed. */
export function assertActor(db: Queries, { tenantId, role, userId, keyId }: AuthorityActor) {
  const member = sql`select 1 from ${tenantMembers} where ${tenantMembers.tenantId} = ${tenantId}
    and ${tenantMembers.userId} = ${userId} and ${tenantMembers.role} = ${role} for share`;
  const key = sql`select 1 from ${apiKeys} where ${apiKeys.tenantId} = ${tenantId} and ${apiKeys.id} = ${keyId}
    and ${apiKeys.isActive} and ${apiKeys.revokedAt} is null
    and coalesce(${apiKeys.expiresAt} > now(), true) for no key update`;
  const counted = (of: SQL, isAsked: boolean) =>
    isAsked ? sql`(select count(*) from (${of}) as held)` : sql`1`;
  return db.execute(
    sql`select 1 / (${counted(member, userId !== undefined)} * ${counted(key, keyId !== undefined)})`,
  );
}

/** Fails if the user is the tenant's last admin. */
export function assertAnotherAdmin(db: Queries, tenantId: string, userId: string) {
  const admins = sql`select member.user_id from ${tenantMembers} member join ${user} person on person.id = member.user_id
    where member.tenant_id = ${tenantId} and member.role = 'admin' and person.is_active`;
  return db.execute(
    sql`select 1 / (case when ${userId} not in (${admins})
      or exists (select 1 from (${admins}) as admin where admin.user_id <> ${userId}) then 1 else 0 end)`,
  );
}

/** Of a person in a tenant, what must not come back when they do: a membership that begins anew begins with nothing. */
export function revokeMemberRights(db: Queries, tenantId: string, userId: string) {
  const grant = (table: typeof oauthConsent | typeof oauthRefreshToken) =>
    and(eq(table.userId, userId), eq(table.referenceId, tenantId));
  return [
    db
      .update(apiKeys)
      .set({ isActive: false, revokedAt: new Date() })
      .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt))),
    db
      .update(legacyApiKeys)
      .set({ isActive: false })
      .where(and(eq(legacyApiKeys.tenantId, tenantId), eq(legacyApiKeys.userId, userId))),
    db.delete(oauthConsent).where(grant(oauthConsent)),
    db.delete(oauthRefreshToken).where(grant(oauthRefreshToken)),
    db
      .delete(oauthAccessToken)
      .where(
        and(
          eq(oauthAccessToken.userId, userId),
          eq(oauthAccessToken.referenceId, tenantId),
          isNull(oauthAccessToken.revoked),
        ),
      ),
    db
      .delete(serverAccessControls)
      .where(
        and(
          eq(serverAccessControls.tenantId, tenantId),
          eq(serverAccessControls.subjectType, "user"),
          eq(serverAccessControls.subjectId, userId),
          eq(serverAccessControls.effect, "allow"),
        ),
      ),
    cancelInvitationsBy(db, tenantId, userId),
    addFormerMember(db, tenantId, userId),
  ] as const;
}

/** Cancels the pending invitations of a former admin. */
export function cancelInvitationsBy(db: Queries, tenantId: string, inviterId: string) {
  return db
    .update(tenantInvitations)
    .set({ status: "canceled" })
    .where(
      and(
        eq(tenantInvitations.tenantId, tenantId),
        eq(tenantInvitations.inviterId, inviterId),
        inArray(tenantInvitations.status, ["pending", "expired"]),
      ),
    );
}

export interface KeySuccession {
  readonly tenantId: string;
  readonly from: string;
  readonly to: string;
  /** A successor takes all rules; a key that another key mints takes what is denied to its maker. */
  readonly rules: "all" | "deny";
}

/** Copies what is set for one key to another. Four statements for one batch. */
export function copyRules(db: Queries, { tenantId, from, to, rules }: KeySuccession) {
  const only = rules === "deny" ? sql`and effect = 'deny'` : sql``;
  return [
    db.execute(sql`insert into ${serverAccessControls} (tenant_id, subject_type, subject_id, object_type, server_id,
        object_pattern, effect, valid_from, valid_until, days_of_week, start_time, end_time, reason, is_active, created_by)
      select tenant_id, subject_type, ${to}, object_type, server_id, object_pattern, effect, valid_from, valid_until,
        days_of_week, start_time, end_time, reason, is_active, created_by
      from ${serverAccessControls}
      where tenant_id = ${tenantId} and subject_type = 'key' and subject_id = ${from} ${only}`),
    db.execute(sql`insert into ${rateLimitConfigs} (tenant_id, subject_type, subject_id, limit_count, window_seconds,
        burst_factor, is_active, created_by)
      select tenant_id, subject_type, ${to}, limit_count, window_seconds, burst_factor, is_active, created_by
      from ${rateLimitConfigs}
      where tenant_id = ${tenantId} and subject_type = 'key' and subject_id = ${from}`),
    db.execute(sql`insert into ${budgets} (tenant_id, name, subject_type, subject_id, period, amount, alert_thresholds,
        is_active, created_by)
      select tenant_id, name, subject_type, ${to}, period, amount, alert_thresholds, is_active, created_by
      from ${budgets}
      where tenant_id = ${tenantId} and subject_type = 'key' and subject_id = ${from}`),
    // A binding only takes away, so that a key that is minted has it too.
    db.execute(sql`insert into ${toolsetBindings} (tenant_id, subject_type, subject_id, toolset_id, created_by)
      select tenant_id, subject_type, ${to}, toolset_id, created_by
      from ${toolsetBindings}
      where tenant_id = ${tenantId} and subject_type = 'key' and subject_id = ${from}`),
  ] as const;
}
