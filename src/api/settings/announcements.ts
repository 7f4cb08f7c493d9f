/** Announcements: besides the five routes who has acknowledged one. */
import { Hono } from "hono";
import { z } from "zod";
import { countAcknowledgements } from "../../db/queries/tenants/announcements.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { idParam } from "../http/id-param.ts";
import { respondsPage } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import { requireRow } from "../resource/reading.ts";
import { collection } from "../resource/routes.ts";
import type { ResourceScope } from "../resource/scope.ts";
import { announcements as kind } from "../resources/announcements.ts";

const acknowledgement = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  acknowledgedAt: z.iso.datetime().nullable().describe("Null if not acknowledged."),
});

export function createAnnouncementRoutes(reach: ResourceScope) {
  return new Hono<AppEnv>()
    .route("/", collection(kind, reach))
    .get(
      "/:id/acknowledgements",
      requirePermission(reach.action("announcements", "read")),
      params(idParam),
      respondsPage(acknowledgement, "Recipients of the announcement, and when each acknowledged it."),
      async (c) => {
        const { id, audience } = audienceRow.parse(await requireRow(c, kind, reach, c.req.valid("param").id));
        const items = await countAcknowledgements(c.var.db, c.var.principal.tenantId, { id, audience });
        return c.json({ items, nextCursor: null });
      },
    );
}

const audienceRow = z.object({ id: z.string(), audience: z.array(z.string()) });
