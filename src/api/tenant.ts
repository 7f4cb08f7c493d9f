/** The caller's own tenant. */
import { Hono } from "hono";
import { NotFoundError } from "../core/errors.ts";
import { findTenant, updateTenant } from "../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../middleware/app-env.ts";
import { commitWithAudit } from "../policy/commit-with-audit.ts";
import { requirePermission } from "../policy/guard.ts";
import { gives } from "./answers.ts";
import { conditional, refuseStale, tagged } from "./etag.ts";
import { tenantShape } from "./shapes.ts";
import { ownChange } from "./tenant-schemas.ts";
import { body } from "./validate.ts";
import { defined } from "./values.ts";

const CHANGEABLE = ["name", "timeZone", "settings"];

export const tenant = new Hono<AppEnv>()
  .get("/", requirePermission("tenant.read"), gives(tenantShape, "The tenant."), async (c) => {
    const { db, principal } = c.var;
    const [own] = await findTenant(db, principal.tenantId);
    if (own === undefined) throw new NotFoundError("No organization selected.");
    await tagged(c, own, CHANGEABLE);
    return c.json(own);
  })
  .patch(
    "/",
    requirePermission("tenant.update"),
    conditional,
    body(ownChange),
    gives(tenantShape, "The updated tenant."),
    async (c) => {
      const { db, principal } = c.var;
      const [before] = await findTenant(db, principal.tenantId);
      if (before === undefined) throw new NotFoundError("No organization selected.");
      await refuseStale(c, before, CHANGEABLE);
      const values = defined(c.req.valid("json"));
      const what = {
        action: "tenant.update",
        resource: { type: "tenant", id: before.id },
        before,
        after: { ...before, ...values },
      };
      const [[after]] = await commitWithAudit(c, what, (audit) =>
        db.batch([updateTenant(db, before.id, values), audit]),
      );
      await tagged(c, after ?? before, CHANGEABLE);
      return c.json(after ?? before);
    },
  );
