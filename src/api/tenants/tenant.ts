/** The caller's own tenant. */
import { Hono } from "hono";
import { NotFoundError } from "../../core/errors.ts";
import { findTenant, updateTenant } from "../../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { tenantShape } from "../resource/row-shapes.ts";
import { ownChange } from "./schemas.ts";

const CHANGEABLE = ["name", "timeZone", "settings"];

export const tenant = new Hono<AppEnv>()
  .get("/", requirePermission("tenant.read"), responds(tenantShape, "The tenant."), async (c) => {
    const { db, principal } = c.var;
    const [own] = await findTenant(db, principal.tenantId);
    if (own === undefined) throw new NotFoundError("No organization selected.");
    await setEtag(c, own, CHANGEABLE);
    return c.json(own);
  })
  .patch(
    "/",
    requirePermission("tenant.update"),
    requireIfMatch,
    body(ownChange),
    responds(tenantShape, "The updated tenant."),
    async (c) => {
      const { db, principal } = c.var;
      const [before] = await findTenant(db, principal.tenantId);
      if (before === undefined) throw new NotFoundError("No organization selected.");
      await requireMatch(c, before, CHANGEABLE);
      const values = omitUndefined(c.req.valid("json"));
      const what = {
        action: "tenant.update",
        resource: { type: "tenant", id: before.id },
        before,
        after: { ...before, ...values },
      };
      const [[after]] = await commitWithAudit(c, what, (audit) =>
        db.batch([updateTenant(db, before.id, values), audit]),
      );
      await setEtag(c, after ?? before, CHANGEABLE);
      return c.json(after ?? before);
    },
  );
