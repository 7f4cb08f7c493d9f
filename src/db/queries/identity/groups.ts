/** Groups of a tenant and their members. */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { StoredPrincipalGroup } from "../../../core/access/groups.ts";
import { serverAccessControls } from "../../schema/access.ts";
import { budgets } from "../../schema/budgets.ts";
import { groupMembers, groups } from "../../schema/groups.ts";
import { toolsetBindings } from "../../schema/toolsets.ts";
import { rateLimitConfigs } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";

export function findGroup(db: Queries, tenantId: string, id: string) {
  return db
    .select({ id: groups.id, name: groups.name, source: groups.source })
    .from(groups)
    .where(and(eq(groups.tenantId, tenantId), eq(groups.id, id)));
}

/** The groups of a user, as a column of a query that finds the user: what is loaded with a principal. */
export const selectGroups = (
  tenantId: AnyPgColumn,
  userId: AnyPgColumn,
): SQL<StoredPrincipalGroup[] | null> =>
  sql`(select json_agg(json_build_object('id', ${groupMembers.groupId}, 'expiresAt', ${groupMembers.expiresAt}))
    from ${groupMembers} where ${groupMembers.tenantId} = ${tenantId} and ${groupMembers.userId} = ${userId}
      and (${groupMembers.expiresAt} is null or ${groupMembers.expiresAt} > now()))`;

/** The same of a user by ID. */
export function listPrincipalGroups(db: Queries, tenantId: string, userId: string) {
  return db
    .select({ id: groupMembers.groupId, expiresAt: groupMembers.expiresAt })
    .from(groupMembers)
    .where(and(eq(groupMembers.tenantId, tenantId), eq(groupMembers.userId, userId)));
}

/** All of the tenant, for the names in its configuration file. */
/** Beyond this a preview counts too little. */
const MAX_PREVIEWED_MEMBERS = 10_000;

/** The users of a group whose membership has not expired; of no group, none. */
export function listGroupUsers(db: Queries, tenantId: string, groupId: string | undefined) {
  return db
    .select({ userId: groupMembers.userId })
    .from(groupMembers)
    .where(
      and(
        eq(groupMembers.tenantId, tenantId),
        groupId === undefined ? sql`false` : eq(groupMembers.groupId, groupId),
        sql`(${groupMembers.expiresAt} is null or ${groupMembers.expiresAt} > now())`,
      ),
    )
    .limit(MAX_PREVIEWED_MEMBERS);
}

export function listGroupNames(db: Queries, tenantId: string) {
  return db.select({ id: groups.id, name: groups.name }).from(groups).where(eq(groups.tenantId, tenantId));
}

/**
 * For the batch that deletes a group, after the deletion: ends it (22012) if a rule, a limit, a budget or a binding names the group. What
 * names it later waits for the deletion, by `assertGroupExists`.
 */
export function assertGroupUnused(db: Queries, tenantId: string, id: string) {
  const [rules, limits, bindings] = [serverAccessControls, rateLimitConfigs, toolsetBindings];
  return db.execute(
    sql`select 1 / (1 - sign(count(*))) from (
      select 1 from ${rules} where ${rules.tenantId} = ${tenantId} and ${rules.subjectType} = 'group'
        and ${rules.subjectId} = ${id}
      union all
      select 1 from ${limits} where ${limits.tenantId} = ${tenantId} and ${limits.subjectType} = 'group'
        and ${limits.subjectId} = ${id}
      union all
      select 1 from ${budgets} where ${budgets.tenantId} = ${tenantId} and ${budgets.subjectType} = 'group'
        and ${budgets.subjectId} = ${id}
      union all
      select 1 from ${bindings} where ${bindings.tenantId} = ${tenantId} and ${bindings.subjectType} = 'group'
        and ${bindings.subjectId} = ${id}) as uses`,
  );
}

/** For the batch that names a group: ends it (22012) if the group is gone, and keeps it until the batch is through. */
export function assertGroupExists(db: Queries, tenantId: string, id: string) {
  return db.execute(
    sql`select 1 / count(*) from (select 1 from ${groups} where ${groups.tenantId} = ${tenantId}
      and ${groups.id} = ${id} for key share) as kept`,
  );
}
