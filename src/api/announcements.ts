/** Announcements: besides the five routes who has acknowledged one. */
import { Hono } from "hono";
import { z } from "zod";
import { countAcknowledgements } from "../db/queries/tenants/announcements.ts";
import type { AppEnv } from "../middleware/app-env.ts";
import { requirePermission } from "../policy/guard.ts";
import { givesPage } from "./answers.ts";
import { collection } from "./collection/collection.ts";
import type { Reach } from "./collection/reach.ts";
import { found } from "./collection/reading.ts";
import { idParam } from "./key-schemas.ts";
import { announcements as kind } from "./kinds/announcements.ts";
import { params } from "./validate.ts";

const acknowledgement = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  acknowledgedAt: z.iso.datetime().nullable().describe("Null if not acknowledged."),
});

export function announcementsOf(reach: Reach) {
  return new Hono<AppEnv>()
    .route("/", collection(kind, reach))
    .get(
      "/:id/acknowledgements",
      requirePermission(reach.action("announcements", "read")),
      params(idParam),
      givesPage(acknowledgement, "Recipients of the announcement, and when each acknowledged it."),
      async (c) => {
        const { id, audience } = heard.parse(await found(c, kind, reach, c.req.valid("param").id));
        const items = await countAcknowledgements(c.var.db, c.var.principal.tenantId, { id, audience });
        return c.json({ items, nextCursor: null });
      },
    );
}

const heard = z.object({ id: z.string(), audience: z.array(z.string()) });
