/**
 * People and OAuth clients. The shapes are better-auth's own (core, username, admin, two-factor, organization, jwt
 * and OAuth provider plugins), so that its Drizzle adapter works unchanged, with the columns the gateway adds.
 * Sign-in happens before a tenant is known; therefore secrets here are out of the runtime role's reach.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgPolicy,
  pgTable,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { uuidv7 } from "../../core/ids.ts";
import { createdAt, jsonb, moment, runtimeRole, systemOnly, tenantOwned, updatedAt } from "./columns.ts";
import { role } from "./enums.ts";
import { identityProviders } from "./identity-providers.ts";
import { tenants } from "./tenants.ts";

/** What a session keeps of the sign-in that began it. */
export interface SignInData {
  readonly method?: string | undefined;
  readonly secondFactor?: string | undefined;
}

const textId = () =>
  text("id")
    .primaryKey()
    .$defaultFn(() => uuidv7());

const userId = () =>
  text("user_id")
    .notNull()
    .references(() => user.id, { onDelete: "cascade" });

export const user = pgTable(
  "user",
  {
    id: textId(),
    name: text("name").notNull(),
    email: text("email").notNull().unique(),
    emailVerified: boolean("email_verified").notNull().default(false),
    image: text("image"),
    username: text("username").unique(),
    displayUsername: text("display_username"),
    role: role("role").notNull().default("user"),
    /** The tenant that manages this user; membership in others is in tenant_members. */
    tenantId: uuid("tenant_id").references(() => tenants.id, { onDelete: "set null" }),
    authProvider: text("auth_provider"),
    authProviderId: text("auth_provider_id"),
    isActive: boolean("is_active").notNull().default(true),
    banned: boolean("banned").notNull().default(false),
    banReason: text("ban_reason"),
    banExpires: moment("ban_expires"),
    twoFactorEnabled: boolean("two_factor_enabled").notNull().default(false),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("idx_users_tenant_role").on(table.tenantId, table.role, table.isActive),
    index("idx_users_auth_provider")
      .on(table.authProvider, table.authProviderId)
      .where(sql`${table.authProvider} is not null`),
    check(
      "user_email_form",
      sql`${table.email} ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(${table.email}) <= 320`,
    ),
    check("user_email_lower", sql`${table.email} = lower(${table.email})`),
    check("user_username_form", sql`${table.username} ~ '^[a-z0-9_.-]{3,64}$'`),
    ...tenantOwned(table.tenantId),
    // A member whose home is another tenant is visible, and no more than visible. tenant_members has its own policy,
    // so the sub-select holds this tenant's members only.
    pgPolicy("member_read", {
      to: runtimeRole,
      for: "select",
      using: sql`${table.id} in (select user_id from tenant_members where tenant_id = (select app_tenant_id()))`,
    }),
  ],
);

/** Who did it; the record outlives the person. */
export const byUser = (name: string) => text(name).references(() => user.id, { onDelete: "set null" });

export const session = pgTable(
  "session",
  {
    id: textId(),
    token: text("token").notNull().unique(),
    userId: userId(),
    expiresAt: moment("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    impersonatedBy: text("impersonated_by").references(() => user.id, { onDelete: "cascade" }),
    activeTenantId: uuid("tenant_id").references(() => tenants.id, { onDelete: "set null" }),
    /** The identity provider that the session began at: then it is of that provider's tenant and no other. */
    identityProviderId: uuid("identity_provider_id").references(() => identityProviders.id, {
      onDelete: "cascade",
    }),
    /** Whether that provider has checked a second factor. */
    isSecondFactorProved: boolean("is_second_factor_proved").notNull().default(false),
    isActive: boolean("is_active").notNull().default(true),
    lastActivity: moment("last_activity").notNull().defaultNow(),
    /** How the user signed in. */
    data: jsonb("data").$type<SignInData>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("idx_sessions_user_active").on(table.userId, table.isActive, table.expiresAt),
    index("idx_sessions_activity_time")
      .on(table.lastActivity.desc().nullsFirst())
      .where(sql`${table.isActive}`),
    index("session_identity_provider").on(table.identityProviderId),
    ...tenantOwned(table.activeTenantId),
  ],
);

export const account = pgTable(
  "account",
  {
    id: textId(),
    accountId: text("account_id").notNull(),
    /** credential, github, google, microsoft, or `sso:` and the id of an identity provider */
    providerId: text("provider_id").notNull(),
    userId: userId(),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: moment("access_token_expires_at"),
    refreshTokenExpiresAt: moment("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("account_user_id").on(table.userId),
    unique("account_provider_account").on(table.providerId, table.accountId),
    ...systemOnly(),
  ],
);

export const verification = pgTable(
  "verification",
  {
    id: textId(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("verification_identifier").on(table.identifier), ...systemOnly()],
);

export const twoFactor = pgTable(
  "two_factor",
  {
    id: textId(),
    secret: text("secret").notNull(),
    backupCodes: text("backup_codes").notNull(),
    userId: userId(),
    verified: boolean("verified").notNull().default(true),
    failedVerificationCount: integer("failed_verification_count").notNull().default(0),
    lockedUntil: moment("locked_until"),
    /** The 30 s step of the last time-based code: each is accepted once. */
    lastUsedStep: bigint("last_used_step", { mode: "number" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("two_factor_user_id").on(table.userId), ...systemOnly()],
);

/** Public keys that sign in by themselves; the private keys never leave the authenticator. */
export const passkey = pgTable(
  "passkey",
  {
    id: textId(),
    name: text("name"),
    publicKey: text("public_key").notNull(),
    userId: userId(),
    credentialID: text("credential_id").notNull().unique(),
    /** The authenticator's own count of signatures, of 32 bits. */
    counter: bigint("counter", { mode: "number" }).notNull(),
    deviceType: text("device_type").notNull(),
    backedUp: boolean("backed_up").notNull(),
    transports: text("transports"),
    aaguid: text("aaguid"),
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [index("passkey_user_id").on(table.userId), ...systemOnly()],
);
