/** The occurrences of maintenance windows by day. It has a path of its own because /:id is taken. */
import { Hono } from "hono";
import { z } from "zod";
import { InvalidInputError } from "../../core/errors.ts";
import { listOccurrences } from "../../core/maintenance/recurrence.ts";
import { listCalendarWindows } from "../../db/queries/servers/maintenance.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsPage } from "../http/responses.ts";
import { moment } from "../http/times.ts";
import { query } from "../http/validate.ts";

const LONGEST_MS = 400 * 24 * 60 * 60_000;
const USUAL_MS = 30 * 24 * 60 * 60_000;
const MOST = 1000;

const occurrence = z.object({
  windowId: z.uuid(),
  title: z.string(),
  serverId: z.uuid().nullable().describe("Null: all servers."),
  serverName: z.string().nullable(),
  isShared: z.boolean().describe("System-wide, not of the tenant."),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
});

const asked = z.object({
  from: moment.optional().describe("Default: now."),
  to: moment.optional().describe("Default: 30 days after `from`."),
});

export const maintenanceCalendar = new Hono<AppEnv>().get(
  "/",
  requirePermission("maintenance-windows.list"),
  query(asked),
  respondsPage(occurrence, "Occurrences in the period, earliest first."),
  async (c) => {
    const { from = new Date(), to = new Date(from.getTime() + USUAL_MS) } = c.req.valid("query");
    const length = to.getTime() - from.getTime();
    if (length <= 0 || length > LONGEST_MS) {
      throw new InvalidInputError([{ path: "to", message: "must be at most 400 days after from" }]);
    }
    const windows = await listCalendarWindows(c.var.db, c.var.principal.tenantId);
    const items = windows
      .flatMap(({ id, tenantId, serverName, ...window }) =>
        listOccurrences(window, from, to, MOST).map((times) => ({
          windowId: id,
          ...{ title: window.title, serverId: window.serverId, serverName, isShared: tenantId === null },
          ...times,
        })),
      )
      .sort((one, other) => one.startsAt.getTime() - other.startsAt.getTime())
      .slice(0, MOST);
    return c.json({ items, nextCursor: null });
  },
);
