/** Accounts of members that the authorization server of an upstream grants: consent is begun, and its result is redeemed. */
import { Hono } from "hono";
import { z } from "zod";
import {
  type AuthorizationDeps,
  beginAuthorization,
  type ConsentState,
  completeAuthorization,
  openState,
  type PendingConsent,
  takePending,
} from "../../connected-accounts/authorization.ts";
import { createOAuthFetch } from "../../connected-accounts/oauth-fetch.ts";
import type { AccountServer } from "../../connected-accounts/resolve-credential.ts";
import { sealAccount, toAccountOrigin } from "../../connected-accounts/vault.ts";
import { ForbiddenError, GatewayError, NotFoundError } from "../../core/errors.ts";
import type { AccountTokens } from "../../core/oauth-client/tokens.ts";
import {
  findAccount,
  findAccountServer,
  releaseDiscoveryAccount,
  saveAccount,
} from "../../db/queries/accounts/connected-accounts.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { oauthScopes } from "../../upstream/credentials-schema.ts";
import { idParam } from "../http/id-param.ts";
import { responds } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { requireVisible } from "../servers/visible.ts";
import { accountResource, requireMayAppoint, requireMember, requireSession } from "./account-owner.ts";

const authorization = z.object({
  authorizationUrl: z.string().describe("Where the member's browser goes to consent."),
});

const completed = z.object({
  serverId: z.string(),
  authorizationUrl: z
    .string()
    .nullable()
    .describe("Null when the account is connected; otherwise consent is requested again, with a new client."),
});

const newConsent = z
  .strictObject({
    isForDiscovery: z.boolean().default(false).describe("Requires the permission `servers.update`."),
    scopes: oauthScopes
      .default([])
      .describe("What a call needs beside the scopes of the server and those of the account."),
  })
  .meta({ examples: [{}] });

const callback = z
  .strictObject({
    query: z
      .string()
      .max(20_000)
      .describe("The query of the URL that the authorization server redirected to."),
  })
  .meta({ examples: [{ query: "code=a-code&state=a-state" }] });

function createDeps({ services, config }: ApiContext["var"]): AuthorizationDeps {
  const { database, keyring, upstream, accountObject } = services;
  return {
    ...{ database, keyring, publicUrl: config.publicUrl, now: Date.now },
    fetch: createOAuthFetch(upstream),
    urlPolicy: upstream.urlPolicy,
    getConsentStore: accountObject,
  };
}

/** The server, if members act on it with accounts that its authorization server grants. */
async function requireOAuthServer(c: ApiContext, id: string): Promise<AccountServer> {
  const { db, principal } = c.var;
  const [server] = await findAccountServer(db, principal.tenantId, id);
  if (server === undefined) throw new NotFoundError("Server not found.");
  await requireVisible(c, server);
  if (server.auth.type === "user_oauth") return server;
  throw new GatewayError("conflict", `Server ${server.name} does not use OAuth accounts of its members.`);
}

/** A state of another member or organization is refused before anything is used up. */
async function requireOwnState(c: ApiContext, deps: AuthorizationDeps, text: string): Promise<ConsentState> {
  const { principal } = c.var;
  const state = await openState(deps, text);
  if (state === undefined) throw invalidConsent();
  if (state.userId !== requireMember(principal)) {
    throw new ForbiddenError("This authorization was started by another user. Connect your own account.");
  }
  if (state.tenantId === principal.tenantId) return state;
  throw new ForbiddenError(
    "This authorization was started in another organization. Switch to it and connect again.",
  );
}

const invalidConsent = () =>
  new GatewayError(
    "bad_request",
    "The authorization is invalid, expired or used. Connect the account again.",
  );

async function save(
  c: ApiContext,
  server: AccountServer,
  pending: PendingConsent,
  tokens: AccountTokens,
): Promise<void> {
  const { db, principal, services } = c.var;
  const userId = requireMember(principal);
  const { tenantId, id: serverId } = server;
  const { isForDiscovery } = pending;
  const origin = toAccountOrigin(server.endpointUrl);
  const binding = { serverId, userId, authType: server.auth.type, origin };
  const { scopes, expiresAt, refreshToken, issuer } = tokens;
  const account = {
    ...{ ...binding, tenantId, scopes, isForDiscovery },
    sealed: await sealAccount(services.keyring, binding, tokens),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
    isRenewable: refreshToken !== undefined,
    connectedAt: new Date(),
  };
  const what = {
    action: "connected-accounts.connect",
    resource: accountResource(serverId),
    after: { authType: binding.authType, origin, issuer, scopes, isForDiscovery },
  };
  await commitWithAudit(c, what, (audit) =>
    db.batch([
      audit,
      ...(isForDiscovery ? [releaseDiscoveryAccount(db, tenantId, serverId)] : []),
      saveAccount(db, account),
    ]),
  );
}

export const accountAuthorization = new Hono<AppEnv>()
  .post(
    "/:id/authorize",
    requirePermission("connected-accounts.connect"),
    params(idParam),
    body(newConsent),
    responds(
      authorization,
      "Consent has begun. It must be completed within ten minutes by the same sign-in session.",
    ),
    async (c) => {
      const { principal } = c.var;
      const userId = requireMember(principal);
      const { isForDiscovery, scopes } = c.req.valid("json");
      if (isForDiscovery) requireMayAppoint(principal);
      const server = await requireOAuthServer(c, c.req.valid("param").id);
      const sessionId = requireSession(principal);
      // Requested once more, because a new grant may replace the old one.
      const [account] =
        scopes.length === 0
          ? []
          : await findAccount(c.var.db, { tenantId: server.tenantId, serverId: server.id, userId });
      const furtherScopes = [...(account?.scopes ?? []), ...scopes];
      const request = { server, userId, sessionId, isForDiscovery, furtherScopes };
      return c.json({ authorizationUrl: await beginAuthorization(createDeps(c.var), request) });
    },
  )
  .post(
    "/callback",
    requirePermission("connected-accounts.connect"),
    body(callback),
    responds(completed, "The account is connected, or consent has to be given again."),
    async (c) => {
      const deps = createDeps(c.var);
      const parameters = new URLSearchParams(c.req.valid("json").query);
      const sessionId = requireSession(c.var.principal);
      const state = await requireOwnState(c, deps, parameters.get("state") ?? "");
      const pending = await takePending(deps, state, sessionId);
      if (pending === undefined) throw invalidConsent();
      const server = await requireOAuthServer(c, state.serverId);
      if (toAccountOrigin(server.endpointUrl) !== pending.origin) throw invalidConsent();
      const result = await completeAuthorization(deps, server, pending, parameters);
      const { userId, serverId } = state;
      switch (result.kind) {
        case "tokens":
          await save(c, server, pending, result.tokens);
          return c.json({ serverId, authorizationUrl: null });
        case "refused":
          throw new GatewayError(
            "conflict",
            `Access was not granted (${result.error.slice(0, 100)}). No account was connected.`,
          );
        case "client-unknown": {
          const request = {
            ...{ ...pending, server, userId, sessionId, isRetry: true },
            furtherScopes: pending.scopes,
          };
          return c.json({ serverId, authorizationUrl: await beginAuthorization(deps, request) });
        }
      }
    },
  );
