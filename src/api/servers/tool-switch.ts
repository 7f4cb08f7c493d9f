/** Disables and enables single tools of a server, for all callers. */
import { Hono } from "hono";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { findTool } from "../../db/queries/servers/inventory.ts";
import { disableTool, enableTool, findPin } from "../../db/queries/servers/pins.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { respondsEmpty } from "../http/responses.ts";
import { params } from "../http/validate.ts";

export const toolDisabling = new Hono<AppEnv>().post(
  "/:id/disable",
  requirePermission("tool-changes.decide"),
  params(idParam),
  respondsEmpty("No client sees or calls the tool until it is enabled: POST /tool-changes/{id}/enable."),
  async (c) => {
    const { db, principal } = c.var;
    const { tenantId, userId = null } = principal;
    const [tool] = await findTool(db, tenantId, c.req.valid("param").id);
    if (tool === undefined) throw new NotFoundError("Tool not found.");
    const { serverId, name, hash, definition } = tool;
    const what = {
      action: "tools.disable",
      resource: { type: "tool", id: `${serverId}/${name}` },
      after: { state: "disabled" },
    };
    const pin = { tenantId, serverId, name, hash: hash ?? "", definition: definition ?? {} };
    await commitWithAudit(c, what, (audit) => db.batch([disableTool(db, pin, userId), audit]));
    return c.body(null, 204);
  },
);

export const toolEnabling = new Hono<AppEnv>().post(
  "/:id/enable",
  requirePermission("tool-changes.decide"),
  params(idParam),
  respondsEmpty("The tool, enabled; held, if its definition has changed since."),
  async (c) => {
    const { db, principal } = c.var;
    const { tenantId, userId = null } = principal;
    const { id } = c.req.valid("param");
    const [pin] = await findPin(db, tenantId, id);
    if (pin === undefined) throw new NotFoundError("Tool not found.");
    if (pin.state !== "disabled") {
      throw new GatewayError("conflict", "This tool is not disabled. Approve its change to enable it.");
    }
    const what = {
      action: "tools.enable",
      resource: { type: "tool", id: `${pin.serverId}/${pin.tool}` },
      before: { state: "disabled" },
    };
    await commitWithAudit(c, what, (audit) => db.batch([enableTool(db, tenantId, id, userId), audit]));
    return c.body(null, 204);
  },
);
