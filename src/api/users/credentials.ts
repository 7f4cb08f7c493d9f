/** How members sign in, as the admins of the organization that manages their accounts may reset it. */
import { Hono } from "hono";
import { GatewayError } from "../../core/errors.ts";
import { deleteSecondFactor } from "../../db/queries/identity/user-accounts.ts";
import { endSessions } from "../../db/queries/identity/users.ts";
import { recordSecurityEvent } from "../../db/queries/logs/security.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit, writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { requireRecentSignIn } from "../../policy/recent-sign-in.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { memberParam } from "../tenants/schemas.ts";
import { requireHomeTenant, requireUser, userShape } from "./users.ts";

export const userCredentials = new Hono<AppEnv>()
  .post(
    "/:id/reset-second-factor",
    requirePermission("users.reset-second-factor"),
    params(memberParam),
    responds(
      userShape,
      "The user, without two-factor authentication. All sign-in sessions and trusted devices are revoked, and the user is notified by email. A sign-in session must be recent.",
    ),
    async (c) => {
      requireRecentSignIn(c.var.principal, "Resetting two-factor authentication");
      return c.json(await resetSecondFactor(c, c.req.valid("param").id));
    },
  )
  .post(
    "/:id/send-password-reset",
    requirePermission("users.send-password-reset"),
    params(memberParam),
    respondsEmpty("A link to set a new password was sent to the user."),
    async (c) => {
      const { services } = c.var;
      const user = await requireUser(c, c.req.valid("param").id);
      await requireHomeTenant(c, user);
      const auth = await services.people.auth();
      await auth.api.requestPasswordReset({ headers: c.req.raw.headers, body: { email: user.email } });
      await writeAuditEntry(c, {
        action: "users.send-password-reset",
        resource: { type: "user", id: user.id },
      });
      return c.body(null, 204);
    },
  );

async function resetSecondFactor(c: ApiContext, id: string) {
  const { principal, services, requestId } = c.var;
  const before = await requireUser(c, id);
  if (before.id === principal.userId) {
    throw new GatewayError("conflict", "Disable your own two-factor authentication under Account.");
  }
  await requireHomeTenant(c, before);
  if (!before.twoFactorEnabled) {
    throw new GatewayError("conflict", "This user has no two-factor authentication to reset.");
  }
  const after = { ...before, twoFactorEnabled: false };
  const system = services.database.asSystem();
  const event = recordSecurityEvent(system, {
    type: "second-factor.reset",
    description: `Two-factor authentication of ${id} reset by an admin.`,
    tenantId: principal.tenantId,
    userId: principal.userId,
    requestId,
    details: { subject: id },
  });
  const what = {
    action: "users.reset-second-factor",
    resource: { type: "user", id },
    before: { twoFactorEnabled: true },
    after: { twoFactorEnabled: false },
  };
  await commitWithAudit<unknown>(c, what, (audit) =>
    system.batch([...deleteSecondFactor(system, id), endSessions(system, id, undefined), event, audit]),
  );
  await services.people.onUserChanged(id);
  services.people.notifyUser(id, "Two-factor authentication was reset by an admin");
  return after;
}
