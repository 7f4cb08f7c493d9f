/** Secret URLs of a tenant's registry: access without a credential until they are revoked. */
import { Hono } from "hono";
import { z } from "zod";
import { newToken, sha256Hex } from "../../core/digest.ts";
import { NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { deletePath, findPath, insertPath, listPaths } from "../../db/queries/access/registry-paths.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";

/** No tenant's short name has an underscore in it. */
export const REGISTRY_PATH = /^r_[A-Za-z0-9_-]{43}$/;

const shape = z.object({
  id: z.uuid(),
  label: z.string(),
  createdBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
const made = shape.extend({ url: z.url().describe("Returned only in this response.") });

const newPath = z
  .strictObject({ label: z.string().trim().min(1).max(100) })
  .meta({ examples: [{ label: "VS Code" }] });

const resource = (id: string) => ({ type: "registry path", id });

export const registryPaths = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("registry-paths.list"),
    respondsPage(shape, "Active registry URLs, without their secrets."),
    async (c) => {
      const items = await listPaths(c.var.db, c.var.principal.tenantId);
      return c.json({ items, nextCursor: null });
    },
  )
  .post(
    "/",
    requirePermission("registry-paths.create"),
    body(newPath),
    responds(made, "The created registry URL.", 201),
    async (c) => {
      const { principal, db, config } = c.var;
      const secret = `r_${newToken()}`;
      const { label } = c.req.valid("json");
      const values = { id: uuidv7(), tenantId: principal.tenantId, label, createdBy: principal.userId };
      const what = { action: "registry-paths.create", resource: resource(values.id), after: values };
      const tokenHash = await sha256Hex(secret);
      const [[path]] = await commitWithAudit(c, what, (audit) =>
        db.batch([insertPath(db, { ...values, tokenHash }), audit]),
      );
      if (path === undefined) throw new Error("a path that was just written is not there");
      return c.json({ ...path, url: `${config.publicUrl}/r/${secret}` }, 201);
    },
  )
  .delete(
    "/:id",
    requirePermission("registry-paths.delete"),
    params(idParam),
    respondsEmpty("Registry URL revoked."),
    async (c) => {
      const { principal, db } = c.var;
      const [before] = await findPath(db, principal.tenantId, c.req.valid("param").id);
      if (before === undefined) throw new NotFoundError("Registry URL not found.");
      const what = { action: "registry-paths.delete", resource: resource(before.id), before };
      await commitWithAudit(c, what, (audit) =>
        db.batch([deletePath(db, principal.tenantId, before.id), audit]),
      );
      return c.body(null, 204);
    },
  );
