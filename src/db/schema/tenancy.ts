/** The members of a tenant, and its invitations. better-auth's organization plugin is mapped on these. */
import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
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

/**
 * Whose membership ended. Single sign-on does not make them members again; an invitation does, and so does provisioning.
 */
export const formerMembers = pgTable(
  "former_members",
  {
    id: id(),
    tenantId: ownedBy(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (table) => [
    unique("former_members_tenant_user").on(table.tenantId, table.userId),
    index("former_members_user_id").on(table.userId),
    ...tenantOwned(table.tenantId),
  ],
);

/** Domains of email addresses that a tenant claims, and has proved by a record in their DNS. */
export const verifiedDomains = pgTable(
  "verified_domains",
  {
    id: id(),
    tenantId: ownedBy(),
    domain: text("domain").notNull(),
    /** What the TXT record has to contain. It proves nothing by itself, so it is no secret. */
    token: text("token").notNull(),
    verifiedAt: moment("verified_at"),
    /** Members with an address of the domain sign in at an identity provider of the tenant only. */
    isSsoRequired: boolean("is_sso_required").notNull().default(false),
    /** The admin who may still sign in otherwise, when no identity provider responds. */
    breakGlassUserId: byUser("break_glass_user_id"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("verified_domains_tenant_domain").on(table.tenantId, table.domain),
    // An unproved claim blocks no other tenant.
    uniqueIndex("verified_domains_verified").on(table.domain).where(sql`${table.verifiedAt} is not null`),
    check("verified_domains_domain_form", sql`${table.domain} ~ '^[a-z0-9.-]{3,253}$'`),
    ...tenantOwned(table.tenantId),
  ],
);
