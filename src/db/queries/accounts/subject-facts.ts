/** What the gateway asserts to servers about a member of a tenant (system role: users are of no tenant). */
import { and, eq, sql } from "drizzle-orm";
import { groupMembers, groups } from "../../schema/groups.ts";
import { user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import type { Queries } from "../shared/queries.ts";

export function findSubjectFacts(db: Queries, tenantId: string, userId: string) {
  return db
    .select({
      email: user.email,
      isEmailVerified: user.emailVerified,
      name: user.name,
      groups: sql<string[]>`coalesce((select json_agg(${groups.name} order by ${groups.name})
        from ${groupMembers} join ${groups} on ${groups.id} = ${groupMembers.groupId}
        where ${groupMembers.tenantId} = ${tenantId} and ${groupMembers.userId} = ${userId}
          and (${groupMembers.expiresAt} is null or ${groupMembers.expiresAt} > now())), '[]')`,
    })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(and(eq(tenantMembers.tenantId, tenantId), eq(tenantMembers.userId, userId)));
}
