/** A member's own accounts at servers: listed, connected with a secret of the member's, and disconnected (consent is in authorization.ts). */
import { Hono } from "hono";
import { z } from "zod";
import { revokeDeletedAccounts } from "../../connected-accounts/revoke-accounts.ts";
import { sealAccount, toAccountOrigin } from "../../connected-accounts/vault.ts";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import {
  deleteAccount,
  findAccount,
  listAccountServers,
  releaseDiscoveryAccount,
  saveAccount,
} from "../../db/queries/accounts/connected-accounts.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { requireServer } from "../servers/show.ts";
import { loadVisibility } from "../servers/visible.ts";
import { accountResource, requireMayAppoint, requireMember } from "./account-owner.ts";

const MAX_SERVERS = 500;

const shape = z.object({
  serverId: z.string(),
  server: z.string(),
  title: z.string().nullable(),
  authType: z.string(),
  status: z
    .enum(["connected", "expired", "missing"])
    .describe("`expired`: connect again. The server has changed, or has withdrawn the account."),
  scopes: z.array(z.string()),
  connectedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable().describe("Of the access token; null where it does not expire."),
  isRenewable: z.boolean().describe("The gateway renews the access token by itself."),
  lastUsedAt: z.iso.datetime().nullable().describe("Accurate to a few minutes."),
  isForDiscovery: z.boolean().describe("Capability discovery and health checks act as this account."),
});

const newAccount = z
  .strictObject({
    secret: z
      .string()
      .regex(/^[\x20-\x7e]{1,8000}$/, "must be printable ASCII")
      .describe("The member's own token at the server. It is stored sealed and never shown."),
    isForDiscovery: z.boolean().default(false).describe("Requires the permission `servers.update`."),
  })
  .meta({ examples: [{ secret: "a personal access token" }] });

type ListedServer = Awaited<ReturnType<typeof listAccountServers>>[number];

function present({ id, name, title, type, endpointUrl, account }: ListedServer) {
  const fits = account?.authType === type && account.origin === toAccountOrigin(endpointUrl);
  const works = fits && account.failure === null;
  return {
    ...{ serverId: id, server: name, title, authType: type },
    status: account === null ? ("missing" as const) : works ? ("connected" as const) : ("expired" as const),
    scopes: account?.scopes ?? [],
    connectedAt: account?.connectedAt ?? null,
    expiresAt: account?.expiresAt ?? null,
    isRenewable: account?.isRenewable ?? false,
    lastUsedAt: account?.lastUsedAt ?? null,
    isForDiscovery: account?.isForDiscovery ?? false,
  };
}

/** The server, if members act on it with secrets that they enter. */
async function requireSecretServer(c: ApiContext, id: string) {
  const server = await requireServer(c, id);
  if (server.authType === "user_secret") return server;
  throw new GatewayError("conflict", `Server ${server.name} does not take a secret of each member.`);
}

export const connectedAccounts = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("connected-accounts.list"),
    responds(
      z.object({ items: z.array(shape) }),
      "Servers where members act with their own accounts, and the caller's account at each.",
    ),
    async (c) => {
      const { db, principal } = c.var;
      const userId = requireMember(principal);
      const [servers, allows] = await Promise.all([
        listAccountServers(db, principal.tenantId, userId, MAX_SERVERS),
        loadVisibility(c),
      ]);
      return c.json({ items: servers.filter(({ id, name }) => allows("server", id, name)).map(present) });
    },
  )
  .put(
    "/:id",
    requirePermission("connected-accounts.connect"),
    params(idParam),
    body(newAccount),
    respondsEmpty("Connected. The caller's calls to the server are sent with this secret."),
    async (c) => {
      const { db, principal, services } = c.var;
      const userId = requireMember(principal);
      const { secret, isForDiscovery } = c.req.valid("json");
      const { id: serverId, endpointUrl, authType } = await requireSecretServer(c, c.req.valid("param").id);
      const { tenantId } = principal;
      if (isForDiscovery) requireMayAppoint(principal);
      const origin = toAccountOrigin(endpointUrl);
      const sealed = await sealAccount(services.keyring, { serverId, userId, authType, origin }, { secret });
      const account = { tenantId, serverId, userId, authType, origin, sealed, isForDiscovery };
      const content = {
        ...account,
        scopes: [],
        expiresAt: null,
        isRenewable: false,
        connectedAt: new Date(),
      };
      const what = {
        action: "connected-accounts.connect",
        resource: accountResource(serverId),
        after: { authType, origin, isForDiscovery },
      };
      await commitWithAudit(c, what, (audit) =>
        db.batch([
          audit,
          ...(isForDiscovery ? [releaseDiscoveryAccount(db, tenantId, serverId)] : []),
          saveAccount(db, content),
        ]),
      );
      return c.body(null, 204);
    },
  )
  .delete(
    "/:id",
    requirePermission("connected-accounts.disconnect"),
    params(idParam),
    respondsEmpty("Disconnected. The stored credential is deleted, and tokens of OAuth are revoked."),
    async (c) => {
      const { db, principal, services } = c.var;
      const key = { tenantId: principal.tenantId, serverId: c.req.valid("param").id };
      const mine = { ...key, userId: requireMember(principal) };
      const [account] = await findAccount(db, mine);
      if (account === undefined) throw new NotFoundError("No account is connected at this server.");
      const { authType, origin, isForDiscovery } = account;
      const what = {
        action: "connected-accounts.disconnect",
        resource: accountResource(mine.serverId),
        before: { authType, origin, isForDiscovery },
      };
      await commitWithAudit(c, what, (audit) => db.batch([deleteAccount(db, mine), audit]));
      // What fails is tried again by cron.
      if (authType === "user_oauth") {
        c.executionCtx.waitUntil(revokeDeletedAccounts(services, new Date()).catch(() => undefined));
      }
      return c.body(null, 204);
    },
  );
