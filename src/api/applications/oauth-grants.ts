/** Which applications act for the tenant's people, by their consent; an admin ends it. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { deleteGrant } from "../../db/queries/access/grants.ts";
import { findGrant, grantId, grantSorts, listGrants } from "../../db/queries/access/oauth-clients.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { respondsEmpty, respondsPage } from "../http/responses.ts";
import { listQuery, offsetPage, type Sorts } from "../http/sorted-lists.ts";
import { params, query } from "../http/validate.ts";
import { memberParam } from "../tenants/schemas.ts";

const shape = z.object({
  id: z.string(),
  clientId: z.string(),
  clientName: z.string().nullable(),
  userId: z.string(),
  userName: z.string(),
  email: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

const sorts: Sorts = { keys: grantSorts, usual: "-updatedAt", id: grantId };
const asked = listQuery(sorts, shape).extend({
  clientId: z.string().max(2000).optional(),
  q: z.string().min(1).max(200).optional(),
});

export const oauthGrants = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("oauth-grants.list"),
    query(asked),
    respondsPage(shape, "Applications that members have authorized."),
    async (c) => {
      const { q, clientId } = c.req.valid("query");
      const { principal, services } = c.var;
      const { tenantId } = principal;
      const scope = { keyring: services.keyring, tenantId, list: "oauth-grants" };
      const db = services.database.asSystem();
      return c.json(
        await offsetPage(scope, sorts, c.req.valid("query"), (slice) =>
          listGrants(db, tenantId, { q, clientId, ...slice }),
        ),
      );
    },
  )
  .delete(
    "/:id",
    requirePermission("oauth-grants.end"),
    params(memberParam),
    respondsEmpty("Application disconnected."),
    async (c) => {
      const { principal, services } = c.var;
      const { tenantId } = principal;
      const system = services.database.asSystem();
      const [grant] = await findGrant(system, tenantId, c.req.valid("param").id);
      if (grant === undefined) throw new NotFoundError("Grant not found.");
      const what = {
        action: "oauth-grants.end",
        resource: { type: "oauth_grant", id: grant.id },
        before: grant,
      };
      const { clientId, userId } = grant;
      await commitWithAudit(c, what, (audit) =>
        system.batch([...deleteGrant(system, { clientId, userId, tenantId }), audit]),
      );
      return c.body(null, 204);
    },
  );
