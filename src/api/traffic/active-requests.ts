/** The requests to MCP servers that have been running for a while: seen by admins, and ended by them. */
import { Hono } from "hono";
import { NotFoundError } from "../../core/errors.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { respondsEmpty, respondsPage } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import { activeRequestShape } from "../resource/row-shapes.ts";

export const activeRequests = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("active-requests.list"),
    respondsPage(activeRequestShape, "Active requests."),
    async (c) => {
      const { principal, services } = c.var;
      const items = await services.tenantObject(principal.tenantId).listActive();
      return c.json({ items, nextCursor: null });
    },
  )
  .post(
    "/:id/cancel",
    requirePermission("active-requests.cancel"),
    params(idParam),
    respondsEmpty("Cancellation requested.", 202),
    async (c) => {
      const { principal, services } = c.var;
      const { id } = c.req.valid("param");
      const isRunning = await services.tenantObject(principal.tenantId).cancelActive(id);
      if (!isRunning) throw new NotFoundError("Request not found, or already completed.");
      await writeAuditEntry(c, { action: "active-requests.cancel", resource: { type: "request", id } });
      return c.body(null, 202);
    },
  );
