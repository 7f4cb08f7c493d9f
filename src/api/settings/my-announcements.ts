/** What is announced to the caller now. */
import { Hono } from "hono";
import { z } from "zod";
import { SEVERITIES } from "../../core/enums.ts";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import {
  type AnnouncementReader,
  acknowledge,
  findAnnouncement,
  listCurrentAnnouncements,
} from "../../db/queries/tenants/announcements.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { respondsEmpty, respondsPage } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";

const shape = z.object({
  id: z.uuid(),
  title: z.string(),
  body: z.string(),
  severity: z.enum(SEVERITIES),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime().nullable(),
  requiresAcknowledgement: z.boolean(),
  acknowledgedAt: z.iso.datetime().nullable(),
});

function readerOf(c: ApiContext): AnnouncementReader {
  const { tenantId, userId, role } = c.get("principal");
  return { tenantId, userId, role };
}

export const myAnnouncements = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("announcements.seen"),
    respondsPage(shape, "Current announcements, newest first."),
    async (c) => {
      const items = await listCurrentAnnouncements(c.var.db, readerOf(c), new Date());
      return c.json({ items, nextCursor: null });
    },
  )
  .post(
    "/:id/acknowledge",
    requirePermission("announcements.acknowledge"),
    params(idParam),
    respondsEmpty("Announcement acknowledged."),
    async (c) => {
      const { id } = c.req.valid("param");
      const { db, principal } = c.var;
      const [announcement] = await findAnnouncement(db, readerOf(c), id, new Date());
      if (announcement === undefined) throw new NotFoundError("Announcement not found.");
      const { tenantId, userId } = principal;
      if (userId === undefined)
        throw new GatewayError("conflict", "Anonymous callers cannot read announcements.");
      await acknowledge(db, { tenantId, userId, announcementId: id });
      await writeAuditEntry(c, {
        action: "announcements.acknowledge",
        resource: { type: "announcement", id },
      });
      return c.body(null, 204);
    },
  );
