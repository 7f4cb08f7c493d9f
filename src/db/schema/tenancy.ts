/** Who belongs to a tenant, and who has been asked to. better-auth's organization plugin is mapped on these. */
import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id, moment, tenantOwned, updatedAt } from "./columns.ts";
import { invitationStatus, role } from "./enums.ts";
import { byUser, user } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

export const tenantMembers = pgTable(
  "tenant_members",
  {
    id: id(),
    tenantId: ownedBy(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    role: role("role").notNull().default("user"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("tenant_members_tenant_user").on(table.tenantId, table.userId),
    index("tenant_members_user_id").on(table.userId),
    ...tenantOwned(table.tenantId),
  ],
);

export const tenantInvitations = pgTable(
  "tenant_invitations",
  {
    id: id(),
    tenantId: ownedBy(),
    email: text("email").notNull(),
    role: role("role").notNull().default("user"),
    /** SHA-256 of the token in the mail; the token itself is not kept. */
    tokenHash: text("token_hash").notNull(),
    status: invitationStatus("status").notNull().default("pending"),
    expiresAt: moment("expires_at").notNull(),
    inviterId: byUser("inviter_id"),
    acceptedAt: moment("accepted_at"),
    sentCount: integer("sent_count").notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("idx_tenant_invitations_token").on(table.tokenHash),
    index("tenant_invitations_tenant_email").on(table.tenantId, table.email),
    check(
      "tenant_invitations_email_form",
      sql`${table.email} ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(${table.email}) <= 320`,
    ),
    ...tenantOwned(table.tenantId),
  ],
);
