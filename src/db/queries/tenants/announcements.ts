/** The current announcements for a user, with acknowledgments. */
import { and, arrayContains, desc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { user } from "../../schema/identity.ts";
import { announcementAcknowledgements, systemAnnouncements } from "../../schema/operations.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { isOwnOrShared } from "../shared/ownership.ts";
import type { Queries } from "../shared/queries.ts";

const announcements = systemAnnouncements;
const acks = announcementAcknowledgements;

const forRole = (role: Role, now: Date) =>
  and(
    eq(announcements.isActive, true),
    lte(announcements.startsAt, now),
    or(isNull(announcements.endsAt), gt(announcements.endsAt, now)),
    or(sql`cardinality(${announcements.audience}) = 0`, arrayContains(announcements.audience, [role])),
  );

export interface AnnouncementReader {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly role: Role;
}

export function listCurrentAnnouncements(
  db: Queries,
  { tenantId, userId, role }: AnnouncementReader,
  now: Date,
) {
  return db
    .select({
      id: announcements.id,
      title: announcements.title,
      body: announcements.body,
      severity: announcements.severity,
      startsAt: announcements.startsAt,
      endsAt: announcements.endsAt,
      requiresAcknowledgement: announcements.requiresAcknowledgement,
      acknowledgedAt: acks.acknowledgedAt,
    })
    .from(announcements)
    .leftJoin(
      acks,
      and(
        eq(acks.announcementId, announcements.id),
        eq(acks.tenantId, tenantId),
        eq(acks.userId, userId ?? ""),
      ),
    )
    .where(and(isOwnOrShared(announcements.tenantId, tenantId), forRole(role, now)))
    .orderBy(desc(announcements.startsAt), desc(announcements.id))
    .limit(200);
}

export function findAnnouncement(db: Queries, { tenantId, role }: AnnouncementReader, id: string, now: Date) {
  return db
    .select({ id: announcements.id })
    .from(announcements)
    .where(
      and(eq(announcements.id, id), isOwnOrShared(announcements.tenantId, tenantId), forRole(role, now)),
    );
}

/** Acknowledging twice is acknowledging once. */
export function acknowledge(db: Queries, values: typeof acks.$inferInsert) {
  return db.insert(acks).values(values).onConflictDoNothing();
}

/** Members whom it is meant for: those who have not acknowledged it first. */
export function countAcknowledgements(
  db: Queries,
  tenantId: string,
  { id, audience }: { readonly id: string; readonly audience: readonly string[] },
) {
  const isMeant =
    audience.length === 0 ? undefined : inArray(sql`${tenantMembers.role}::text`, [...audience]);
  return db
    .select({
      userId: user.id,
      name: user.name,
      email: user.email,
      acknowledgedAt: acks.acknowledgedAt,
    })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .leftJoin(acks, and(eq(acks.userId, user.id), eq(acks.announcementId, id), eq(acks.tenantId, tenantId)))
    .where(and(eq(tenantMembers.tenantId, tenantId), isMeant))
    .orderBy(sql`${acks.acknowledgedAt} desc nulls first`, user.name)
    .limit(1000);
}
