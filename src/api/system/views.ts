/** Views that are refreshed on one schedule. They describe the database, not a tenant. */
import { Hono } from "hono";
import { z } from "zod";
import { REFRESH_STRATEGIES } from "../../core/enums.ts";
import { NotFoundError } from "../../core/errors.ts";
import type { Queries } from "../../db/queries/shared/queries.ts";
import { findView, listViews, updateViews } from "../../db/queries/traffic/operations.ts";
import { materializedViews as table } from "../../db/schema/operations.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { rollUpTraffic } from "../../operations/traffic-rollups.ts";
import { commitWithAudit, writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import { rowShape, selectColumns } from "../resource/shape.ts";

const shape = rowShape(selectColumns(table));
const CHANGEABLE = ["isEnabled", "refreshStrategy", "refreshIntervalSeconds"];

const viewChange = z
  .strictObject({
    isEnabled: z.boolean(),
    refreshStrategy: z.enum(REFRESH_STRATEGIES).describe("manual: only by request."),
    refreshIntervalSeconds: z.number().int().min(60).max(86_400),
  })
  .partial()
  .refine((values) => Object.keys(values).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ refreshIntervalSeconds: 60 }] });

async function requireView(db: Queries, id: string) {
  const [view] = await findView(db, id);
  if (view === undefined) throw new NotFoundError("The materialized view was not found.");
  return view;
}

export const views = new Hono<AppEnv>()
  .get("/", requirePermission("system.read"), respondsPage(shape, "All materialized views."), async (c) => {
    const items = await listViews(c.var.services.database.asSystem());
    return c.json({ items, nextCursor: null });
  })
  .get("/:id", requirePermission("system.read"), params(idParam), responds(shape, "The view."), async (c) => {
    const view = await requireView(c.var.services.database.asSystem(), c.req.valid("param").id);
    await setEtag(c, view, CHANGEABLE);
    return c.json(view);
  })
  .patch(
    "/:id",
    requirePermission("system.write"),
    params(idParam),
    requireIfMatch,
    body(viewChange),
    responds(shape, "The updated view. All views are filled together: the change applies to each of them."),
    async (c) => {
      const db = c.var.services.database.asSystem();
      const before = await requireView(db, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      const values = omitUndefined(c.req.valid("json"));
      const what = {
        action: "system.write",
        resource: { type: "materialized_view", id: before.id },
        before,
        after: { ...before, ...values },
      };
      const [changed] = await commitWithAudit(c, what, (audit) => db.batch([updateViews(db, values), audit]));
      const after = changed.find(({ id }) => id === before.id) ?? before;
      await setEtag(c, after, CHANGEABLE);
      return c.json(after);
    },
  )
  .post(
    "/:id/refresh",
    requirePermission("system.write"),
    params(idParam),
    responds(shape, "The refreshed view."),
    async (c) => {
      const { database } = c.var.services;
      const db = database.asSystem();
      const before = await requireView(db, c.req.valid("param").id);
      await rollUpTraffic(database, () => new Date());
      const view = await requireView(db, before.id);
      await writeAuditEntry(c, {
        action: "system.write",
        resource: { type: "materialized_view", id: view.id },
        details: { refreshed: view.name },
      });
      return c.json(view);
    },
  );
