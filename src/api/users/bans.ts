/** An account's bans and where its person is signed in, as the admins of the tenant that manages it see and end them. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { listActiveSessions } from "../../db/queries/identity/user-lookup.ts";
import { banUser, endSessions } from "../../db/queries/identity/users.ts";
import { recordSecurityEvent } from "../../db/queries/logs/security.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit, writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { moment } from "../http/times.ts";
import { body, params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { memberParam } from "../tenants/schemas.ts";
import { requireHomeTenant, requireUser, userShape } from "./users.ts";

const ban = z
  .strictObject({
    reason: z.string().trim().min(1).max(500),
    until: moment
      .refine((time) => time.getTime() > Date.now(), "must be in the future")
      .nullable()
      .default(null)
      .describe("Null: no expiry."),
  })
  .meta({ examples: [{ reason: "Shared their password." }] });

/** Without a session: all of them. */
const wish = z.strictObject({ sessionId: z.string().min(1).max(100).optional() }).meta({ examples: [{}] });

const sessionShape = z.object({
  id: z.string(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  impersonatedBy: z.string().nullable(),
  lastActivity: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export const userStanding = new Hono<AppEnv>()
  .post(
    "/:id/ban",
    requirePermission("users.ban"),
    params(memberParam),
    body(ban),
    responds(userShape, "The banned user. All sign-in sessions are revoked."),
    async (c) => c.json(await setBan(c, c.req.valid("param").id, c.req.valid("json"))),
  )
  .post(
    "/:id/unban",
    requirePermission("users.ban"),
    params(memberParam),
    responds(userShape, "The user, no longer banned."),
    async (c) => c.json(await setBan(c, c.req.valid("param").id, undefined)),
  )
  .get(
    "/:id/sessions",
    requirePermission("users.sessions"),
    params(memberParam),
    respondsPage(sessionShape, "Sign-in sessions of the user."),
    async (c) => {
      const { services, principal } = c.var;
      const { id, isHome } = await requireUser(c, c.req.valid("param").id);
      const rows = await listActiveSessions(services.database.asSystem(), id, new Date());
      // Sessions with another active tenant are visible to that tenant only.
      const isSeen = ({ activeTenantId }: { activeTenantId: string | null }) =>
        principal.isOperator === true ||
        (activeTenantId === null ? isHome : activeTenantId === principal.tenantId);
      const items = rows.filter(isSeen).map(({ userId: _, activeTenantId: __, ...row }) => row);
      return c.json({ items, nextCursor: null });
    },
  )
  .post(
    "/:id/end-sessions",
    requirePermission("users.end-sessions"),
    params(memberParam),
    body(wish),
    respondsEmpty("Sessions revoked."),
    async (c) => {
      const { services } = c.var;
      const { sessionId } = c.req.valid("json");
      const user = await requireUser(c, c.req.valid("param").id);
      await requireHomeTenant(c, user);
      const ended = await endSessions(services.database.asSystem(), user.id, sessionId);
      if (sessionId !== undefined && ended.length === 0) throw new NotFoundError("Session not found.");
      await writeAuditEntry(c, {
        action: "users.end-sessions",
        resource: { type: "user", id: user.id },
        details: { sessions: ended.length },
      });
      await services.people.onUserChanged(user.id);
      return c.body(null, 204);
    },
  );

async function setBan(c: ApiContext, id: string, wanted: z.output<typeof ban> | undefined) {
  const { principal, services, requestId } = c.var;
  const before = await requireUser(c, id);
  if (before.id === principal.userId) throw new GatewayError("conflict", "You cannot ban yourself.");
  await requireHomeTenant(c, before);
  const after = {
    ...before,
    banned: wanted !== undefined,
    banReason: wanted?.reason ?? null,
    banExpires: wanted?.until ?? null,
  };
  const system = services.database.asSystem();
  const event = recordSecurityEvent(system, {
    type: wanted === undefined ? "user.unbanned" : "user.banned",
    description: wanted === undefined ? `Ban of ${id} removed` : `${id} banned: ${wanted.reason}`,
    tenantId: principal.tenantId,
    userId: principal.userId,
    requestId,
  });
  const what = { action: "users.ban", resource: { type: "user", id }, before, after };
  const write = banUser(system, principal.tenantId, id, wanted);
  await commitWithAudit<unknown>(c, what, (audit) =>
    wanted === undefined
      ? system.batch([write, event, audit])
      : system.batch([write, endSessions(system, id, undefined), event, audit]),
  );
  await services.people.onUserChanged(id);
  // Read anew: the last activity was that of the deleted sessions.
  return requireUser(c, id);
}
