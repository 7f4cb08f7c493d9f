/** Groups that an identity provider provisions by SCIM (system role; each query names its tenant). */
import { and, count, eq, inArray, notInArray, sql } from "drizzle-orm";
import type { ScimFilter } from "../../../core/scim/filter.ts";
import { groupMembers, groups } from "../../schema/groups.ts";
import { scimUsers } from "../../schema/scim.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import type { Queries } from "../shared/queries.ts";
import { type ScimPage, toCondition } from "./scim.ts";

export type ScimGroupAttribute = "displayName" | "externalId" | "id";

const groupCondition = (tenantId: string, filter: ScimFilter<ScimGroupAttribute> | undefined) =>
  and(
    eq(groups.tenantId, tenantId),
    eq(groups.source, "scim"),
    toCondition(filter, (attribute, value) => {
      switch (attribute) {
        case "displayName":
          return sql`lower(${groups.name}) = lower(${value})`;
        case "externalId":
          return eq(groups.externalId, value);
        case "id":
          return sql`${groups.id}::text = ${value}`;
      }
    }),
  );

export function listScimGroups(
  db: Queries,
  tenantId: string,
  filter: ScimFilter<ScimGroupAttribute> | undefined,
  { offset, limit }: ScimPage,
) {
  return db
    .select({
      id: groups.id,
      name: groups.name,
      externalId: groups.externalId,
      createdAt: groups.createdAt,
      updatedAt: groups.updatedAt,
    })
    .from(groups)
    .where(groupCondition(tenantId, filter))
    .orderBy(groups.id)
    .offset(offset)
    .limit(limit);
}

export type ScimGroupRow = Awaited<ReturnType<typeof listScimGroups>>[number];

export function countScimGroups(
  db: Queries,
  tenantId: string,
  filter: ScimFilter<ScimGroupAttribute> | undefined,
) {
  return db.select({ total: count() }).from(groups).where(groupCondition(tenantId, filter));
}

/** Members that SCIM has added; those of admins are not the provider's to see or to remove. */
export function listScimGroupMembers(db: Queries, tenantId: string, groupIds: readonly string[]) {
  return db
    .select({ groupId: groupMembers.groupId, userId: groupMembers.userId, userName: scimUsers.userName })
    .from(groupMembers)
    .innerJoin(
      scimUsers,
      and(eq(scimUsers.tenantId, groupMembers.tenantId), eq(scimUsers.userId, groupMembers.userId)),
    )
    .where(
      and(
        eq(groupMembers.tenantId, tenantId),
        inArray(groupMembers.groupId, [...groupIds]),
        eq(groupMembers.source, "scim"),
      ),
    )
    .orderBy(scimUsers.userName);
}

/** Of the ids, those of provisioned users, and whether they are members now. */
export function findScimMembers(db: Queries, tenantId: string, userIds: readonly string[]) {
  return db
    .select({ userId: scimUsers.userId, memberId: tenantMembers.id })
    .from(scimUsers)
    .leftJoin(
      tenantMembers,
      and(eq(tenantMembers.tenantId, scimUsers.tenantId), eq(tenantMembers.userId, scimUsers.userId)),
    )
    .where(and(eq(scimUsers.tenantId, tenantId), inArray(scimUsers.userId, [...userIds])));
}

export interface SavedScimGroup {
  readonly id: string;
  readonly tenantId: string;
  readonly displayName: string;
  readonly externalId: string | undefined;
  readonly members: readonly string[];
}

/** The group and exactly these members of SCIM: statements for one batch, of which the first returns the group. */
export function saveScimGroup(db: Queries, group: SavedScimGroup) {
  const { id, tenantId, displayName: name, externalId = null, members } = group;
  const values = { name, externalId };
  const ofGroup = and(
    eq(groupMembers.tenantId, tenantId),
    eq(groupMembers.groupId, id),
    eq(groupMembers.source, "scim"),
  );
  return [
    db
      .insert(groups)
      .values({ id, tenantId, source: "scim", ...values })
      .onConflictDoUpdate({ target: groups.id, set: { ...values, updatedAt: new Date() } })
      .returning({ createdAt: groups.createdAt, updatedAt: groups.updatedAt }),
    db
      .delete(groupMembers)
      .where(members.length === 0 ? ofGroup : and(ofGroup, notInArray(groupMembers.userId, [...members]))),
    ...(members.length === 0
      ? []
      : [
          db
            .insert(groupMembers)
            .values(members.map((userId) => ({ tenantId, groupId: id, userId, source: "scim" as const })))
            .onConflictDoNothing(),
        ]),
  ] as const;
}

export function deleteScimGroup(db: Queries, tenantId: string, id: string) {
  return db
    .delete(groups)
    .where(and(eq(groups.tenantId, tenantId), eq(groups.id, id), eq(groups.source, "scim")));
}
