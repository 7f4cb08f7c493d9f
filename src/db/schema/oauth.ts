/** What the OAuth 2.1 authorization server keeps: better-auth's OAuth provider and JWT plugins, column for column. */
import { type AnyPgColumn, boolean, index, integer, pgTable, text, unique } from "drizzle-orm/pg-core";
import { uuidv7 } from "../../core/ids.ts";
import { createdAt, jsonb, moment, systemOnly, updatedAt } from "./columns.ts";
import { session, user } from "./identity.ts";

const textId = () =>
  text("id")
    .primaryKey()
    .$defaultFn(() => uuidv7());

const json = (name: string) => jsonb(name).$type<Record<string, unknown>>();

const clientId = () =>
  text("client_id")
    .notNull()
    .references((): AnyPgColumn => oauthClient.clientId, { onDelete: "cascade" });

const sessionId = () =>
  text("session_id").references((): AnyPgColumn => session.id, { onDelete: "set null" });

const ofUser = () => text("user_id").references((): AnyPgColumn => user.id, { onDelete: "cascade" });

export const jwks = pgTable(
  "jwks",
  {
    id: textId(),
    publicKey: text("public_key").notNull(),
    privateKey: text("private_key").notNull(),
    alg: text("alg"),
    crv: text("crv"),
    createdAt: createdAt(),
    expiresAt: moment("expires_at"),
  },
  () => [...systemOnly()],
);

export const oauthClient = pgTable(
  "oauth_client",
  {
    id: textId(),
    clientId: text("client_id").notNull().unique(),
    clientSecret: text("client_secret"),
    clientDiscoveryId: text("client_discovery_id"),
    disabled: boolean("disabled").notNull().default(false),
    skipConsent: boolean("skip_consent"),
    enableEndSession: boolean("enable_end_session"),
    subjectType: text("subject_type"),
    scopes: text("scopes").array(),
    clientCredentialsScopes: text("client_credentials_scopes").array(),
    userId: ofUser(),
    name: text("name"),
    uri: text("uri"),
    icon: text("icon"),
    contacts: text("contacts").array(),
    tos: text("tos"),
    policy: text("policy"),
    softwareId: text("software_id"),
    softwareVersion: text("software_version"),
    softwareStatement: text("software_statement"),
    redirectUris: text("redirect_uris").array().notNull(),
    postLogoutRedirectUris: text("post_logout_redirect_uris").array(),
    backchannelLogoutUri: text("backchannel_logout_uri"),
    backchannelLogoutSessionRequired: boolean("backchannel_logout_session_required"),
    tokenEndpointAuthMethod: text("token_endpoint_auth_method"),
    applicationType: text("application_type"),
    jwks: text("jwks"),
    jwksUri: text("jwks_uri"),
    grantTypes: text("grant_types").array(),
    responseTypes: text("response_types").array(),
    requirePKCE: boolean("require_pkce"),
    dpopBoundAccessTokens: boolean("dpop_bound_access_tokens").notNull().default(false),
    referenceId: text("reference_id"),
    metadata: json("metadata"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("oauth_client_user_id").on(table.userId), ...systemOnly()],
);

export const oauthResource = pgTable(
  "oauth_resource",
  {
    id: textId(),
    identifier: text("identifier").notNull().unique(),
    name: text("name").notNull(),
    accessTokenTtl: integer("access_token_ttl"),
    refreshTokenTtl: integer("refresh_token_ttl"),
    signingAlgorithm: text("signing_algorithm"),
    signingKeyId: text("signing_key_id"),
    allowedScopes: text("allowed_scopes").array(),
    customClaims: json("custom_claims"),
    dpopBoundAccessTokensRequired: boolean("dpop_bound_access_tokens_required").notNull().default(false),
    disabled: boolean("disabled").notNull().default(false),
    policyVersion: integer("policy_version").notNull().default(1),
    metadata: json("metadata"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  () => [...systemOnly()],
);

export const oauthClientResource = pgTable(
  "oauth_client_resource",
  {
    id: textId(),
    clientId: clientId(),
    resourceId: text("resource_id")
      .notNull()
      .references(() => oauthResource.identifier, { onDelete: "cascade" }),
    metadata: json("metadata"),
    createdAt: createdAt(),
  },
  (table) => [
    unique("oauth_client_resource_pair").on(table.clientId, table.resourceId),
    index("oauth_client_resource_resource_id").on(table.resourceId),
    ...systemOnly(),
  ],
);

export const oauthRefreshToken = pgTable(
  "oauth_refresh_token",
  {
    id: textId(),
    token: text("token").notNull().unique(),
    clientId: clientId(),
    sessionId: sessionId(),
    userId: ofUser().notNull(),
    referenceId: text("reference_id"),
    authorizationCodeId: text("authorization_code_id"),
    resources: text("resources").array(),
    requestedUserInfoClaims: text("requested_user_info_claims").array(),
    scopes: text("scopes").array().notNull(),
    confirmation: json("confirmation"),
    authTime: moment("auth_time"),
    revoked: moment("revoked"),
    rotatedAt: moment("rotated_at"),
    rotationReplayResponse: text("rotation_replay_response"),
    rotationReplayExpiresAt: moment("rotation_replay_expires_at"),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("oauth_refresh_token_client_id").on(table.clientId),
    index("oauth_refresh_token_session_id").on(table.sessionId),
    index("oauth_refresh_token_user_id").on(table.userId),
    index("oauth_refresh_token_authorization_code_id").on(table.authorizationCodeId),
    ...systemOnly(),
  ],
);

export const oauthAccessToken = pgTable(
  "oauth_access_token",
  {
    id: textId(),
    token: text("token").notNull().unique(),
    clientId: clientId(),
    sessionId: sessionId(),
    userId: ofUser(),
    referenceId: text("reference_id"),
    authorizationCodeId: text("authorization_code_id"),
    resources: text("resources").array(),
    requestedUserInfoClaims: text("requested_user_info_claims").array(),
    refreshId: text("refresh_id").references(() => oauthRefreshToken.id, { onDelete: "cascade" }),
    scopes: text("scopes").array().notNull(),
    confirmation: json("confirmation"),
    revoked: moment("revoked"),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("oauth_access_token_client_id").on(table.clientId),
    index("oauth_access_token_session_id").on(table.sessionId),
    index("oauth_access_token_user_id").on(table.userId),
    index("oauth_access_token_authorization_code_id").on(table.authorizationCodeId),
    index("oauth_access_token_refresh_id").on(table.refreshId),
    ...systemOnly(),
  ],
);

export const oauthConsent = pgTable(
  "oauth_consent",
  {
    id: textId(),
    clientId: clientId(),
    userId: ofUser(),
    referenceId: text("reference_id"),
    resources: text("resources").array(),
    requestedUserInfoClaims: text("requested_user_info_claims").array(),
    scopes: text("scopes").array().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("oauth_consent_client_id").on(table.clientId),
    index("oauth_consent_user_id").on(table.userId),
    ...systemOnly(),
  ],
);

/** Ids of client assertions (private_key_jwt) already used, kept until they expire. */
export const oauthClientAssertion = pgTable(
  "oauth_client_assertion",
  { id: text("id").primaryKey(), expiresAt: moment("expires_at").notNull(), createdAt: createdAt() },
  (table) => [index("oauth_client_assertion_expires_at").on(table.expiresAt), ...systemOnly()],
);
