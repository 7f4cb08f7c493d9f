/** Where the caller is signed in. Programs are signed in nowhere; a person's key sees and ends that person's sessions. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { endSession } from "../../db/queries/identity/user-accounts.ts";
import { listActiveSessions } from "../../db/queries/identity/user-lookup.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { respondsEmpty, respondsPage } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import { sessionShape } from "../resource/row-shapes.ts";

const sessionParam = z.object({ id: z.string().min(1).max(100) });

export const sessions = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("sessions.list"),
    respondsPage(sessionShape, "Sign-in sessions of the caller."),
    async (c) => {
      const { principal, services } = c.var;
      if (principal.userId === undefined) return c.json({ items: [], nextCursor: null });
      const rows = await listActiveSessions(services.database.asSystem(), principal.userId, new Date());
      const items = rows.map((row) => ({ ...row, current: row.id === principal.sessionId }));
      return c.json({ items, nextCursor: null });
    },
  )
  .delete(
    "/:id",
    requirePermission("sessions.end"),
    params(sessionParam),
    respondsEmpty("Session revoked."),
    async (c) => {
      const { principal, services } = c.var;
      const { id } = c.req.valid("param");
      const { userId } = principal;
      const [ended] = userId === undefined ? [] : await endSession(services.database.asSystem(), userId, id);
      if (ended === undefined) throw new NotFoundError("Session not found.");
      await commitWithAudit(
        c,
        { action: "sessions.end", resource: { type: "session", id } },
        (audit) => audit,
      );
      if (userId !== undefined) await services.people.onUserChanged(userId);
      return c.body(null, 204);
    },
  );
