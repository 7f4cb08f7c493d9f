/** Which applications act for the tenant's people, by their consent; an admin ends it. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../core/errors.ts";
import { endGrant } from "../db/queries/grants.ts";
import { grantById, grantId, grantSorts, listGrants } from "../db/queries/oauth-clients.ts";
import type { AppEnv } from "../middleware/app-env.ts";
import { change } from "../policy/change.ts";
import { guard } from "../policy/guard.ts";
import { givesNothing, givesPage } from "./answers.ts";
import { listQuery, type Sorts, slicedPage } from "./lists.ts";
import { memberParam } from "./tenant-schemas.ts";
import { params, query } from "./validate.ts";

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
    guard("oauth-grants.list"),
    query(asked),
    givesPage(shape, "Applications that members have authorized."),
    async (c) => {
      const { q, clientId } = c.req.valid("query");
      const { principal, services } = c.var;
      const { tenantId } = principal;
      const scope = { keyring: services.keyring, tenantId, list: "oauth-grants" };
      const db = services.database.asSystem();
      return c.json(
        await slicedPage(scope, sorts, c.req.valid("query"), (slice) =>
          listGrants(db, tenantId, { q, clientId, ...slice }),
        ),
      );
    },
  )
  .delete(
    "/:id",
    guard("oauth-grants.end"),
    params(memberParam),
    givesNothing("Application disconnected."),
    async (c) => {
      const { principal, services } = c.var;
      const { tenantId } = principal;
      const system = services.database.asSystem();
      const [grant] = await grantById(system, tenantId, c.req.valid("param").id);
      if (grant === undefined) throw new NotFoundError("Grant not found.");
      const what = {
        action: "oauth-grants.end",
        resource: { type: "oauth_grant", id: grant.id },
        before: grant,
      };
      const { clientId, userId } = grant;
      await change(c, what, (audit) =>
        system.batch([...endGrant(system, { clientId, userId, tenantId }), audit]),
      );
      return c.body(null, 204);
    },
  );
