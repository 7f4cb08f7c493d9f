/** Fired alerts: list, acknowledge and resolve. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError } from "../../core/errors.ts";
import { updateRow } from "../../db/queries/shared/crud.ts";
import { alertEvents as table } from "../../db/schema/alerts.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { params } from "../http/validate.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading, requireRow } from "../resource/reading.ts";
import { type ApiContext, tenantScope } from "../resource/scope.ts";

const events = defineReadOnlyResource({
  noun: "alert event",
  table,
  sorts: ["openedAt", "severity", "status", "resolvedAt", "createdAt"],
  usual: "-openedAt",
  filters: ["alertId", "status", "severity"],
  searched: ["message"],
});

const standing = z.object({ status: z.string(), tenantId: z.string().nullable() });

/** System-wide alerts require operator privileges. */
async function become(c: ApiContext, id: string, action: "acknowledge" | "resolve") {
  const { db, principal } = c.var;
  const before = await requireRow(c, events, tenantScope, id);
  const { status, tenantId } = standing.parse(before);
  if (tenantId === null)
    throw new GatewayError("forbidden", "This alert is system-wide and requires operator privileges.");
  if (status === "resolved") throw new GatewayError("conflict", "This alert is already resolved.");
  const by = { acknowledgedAt: new Date(), acknowledgedBy: principal.userId ?? null };
  const values =
    action === "acknowledge"
      ? { status: "acknowledged", ...by }
      : { status: "resolved", resolvedAt: new Date(), ...(status === "open" && by) };
  const what = {
    action: `alert-events.${action}`,
    resource: { type: "alert_event", id },
    before,
    after: { ...before, ...values },
  };
  const [[row]] = await commitWithAudit(c, what, (audit) =>
    db.batch([updateRow(db, table, events.columns, { owner: principal.tenantId, id }, values), audit]),
  );
  return pickFields(row ?? before, Object.keys(events.shape.shape));
}

export const alertEvents = new Hono<AppEnv>()
  .route("/", reading(events, { list: "alert-events.list", read: "alert-events.read" }))
  .post(
    "/:id/acknowledge",
    requirePermission("alert-events.acknowledge"),
    params(idParam),
    responds(events.shape, "The acknowledged alert."),
    async (c) => c.json(await become(c, c.req.valid("param").id, "acknowledge")),
  )
  .post(
    "/:id/resolve",
    requirePermission("alert-events.resolve"),
    params(idParam),
    responds(events.shape, "The resolved alert."),
    async (c) => c.json(await become(c, c.req.valid("param").id, "resolve")),
  );
