/** The identity providers of tenants, by which their members sign in with single sign-on. */
import { boolean, pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, lengthBetween, tenantOwned, updatedAt } from "./columns.ts";
import { role } from "./enums.ts";
import { ownedBy } from "./tenants.ts";

export const identityProviders = pgTable(
  "identity_providers",
  {
    id: id(),
    tenantId: ownedBy(),
    /** On the button of the sign-in page. */
    name: text("name").notNull(),
    issuer: text("issuer").notNull(),
    /** Null: the issuer with /.well-known/openid-configuration. */
    discoveryUrl: text("discovery_url"),
    clientId: text("client_id").notNull(),
    /** Sealed. Null: a public client, which proves itself by PKCE only. */
    clientSecret: text("client_secret"),
    emailClaim: text("email_claim").notNull().default("email"),
    nameClaim: text("name_claim").notNull().default("name"),
    /** Of members that signing in creates. */
    defaultRole: role("default_role").notNull().default("user"),
    isJitEnabled: boolean("is_jit_enabled").notNull().default(false),
    /** Values of the claims `amr` and `acr` that stand for a second factor. */
    trustedAmr: text("trusted_amr").array().notNull().default([]),
    trustedAcr: text("trusted_acr").array().notNull().default([]),
    isActive: boolean("is_active").notNull().default(true),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("identity_providers_tenant_name").on(table.tenantId, table.name),
    lengthBetween("identity_providers_name_length", table.name, 1, 200),
    lengthBetween("identity_providers_issuer_length", table.issuer, 1, 500),
    ...tenantOwned(table.tenantId),
  ],
);
