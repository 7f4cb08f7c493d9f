/** All OAuth clients of the installation, for operators, who can block one for all tenants. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import {
  clientRowId,
  clientSorts,
  findClient,
  listClients,
  setClientDisabled,
} from "../../db/queries/access/oauth-clients.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { type GuardedEnv, requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { listQuery, offsetPage, type Sorts } from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import { memberParam } from "../tenants/schemas.ts";

const shape = z.object({
  id: z.string(),
  clientId: z.string(),
  name: z.string().nullable(),
  uri: z.string().nullable(),
  redirectUris: z.array(z.string()),
  discovery: z.string().nullable(),
  disabled: z.boolean(),
  grants: z.number().int(),
  createdAt: z.iso.datetime(),
});

const sorts: Sorts = { keys: clientSorts, usual: "-createdAt", id: clientRowId };
const asked = listQuery(sorts, shape).extend({
  disabled: z.stringbool().optional(),
  q: z.string().min(1).max(200).optional(),
});
const clientChange = z.strictObject({ disabled: z.boolean() }).meta({ examples: [{ disabled: true }] });
const CHANGEABLE = ["disabled"];

async function clientOf(c: Context<AppEnv & GuardedEnv>, id: string) {
  const [client] = await findClient(c.var.services.database.asSystem(), id);
  if (client === undefined) throw new NotFoundError("OAuth client not found.");
  return client;
}

export const oauthClients = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("system.read"),
    query(asked),
    respondsPage(shape, "All OAuth clients."),
    async (c) => {
      const { q, disabled } = c.req.valid("query");
      const { principal, services } = c.var;
      const scope = { keyring: services.keyring, tenantId: principal.tenantId, list: "oauth-clients" };
      const db = services.database.asSystem();
      return c.json(
        await offsetPage(scope, sorts, c.req.valid("query"), (slice) =>
          listClients(db, { q, disabled, ...slice }),
        ),
      );
    },
  )
  .get(
    "/:id",
    requirePermission("system.read"),
    params(memberParam),
    responds(shape, "The OAuth client."),
    async (c) => {
      const client = await clientOf(c, c.req.valid("param").id);
      await setEtag(c, client, CHANGEABLE);
      return c.json(client);
    },
  )
  .patch(
    "/:id",
    requirePermission("system.write"),
    params(memberParam),
    requireIfMatch,
    body(clientChange),
    responds(
      shape,
      "The updated OAuth client. A disabled client cannot sign in, and its tokens are rejected.",
    ),
    async (c) => {
      const { disabled } = c.req.valid("json");
      const before = await clientOf(c, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      const after = { ...before, disabled };
      const system = c.var.services.database.asSystem();
      const what = {
        action: "system.write",
        resource: { type: "oauth_client", id: before.id },
        before,
        after,
        isSystem: true,
      };
      await commitWithAudit(c, what, (audit) =>
        system.batch([setClientDisabled(system, before.id, disabled), audit]),
      );
      await setEtag(c, after, CHANGEABLE);
      return c.json(after);
    },
  );
