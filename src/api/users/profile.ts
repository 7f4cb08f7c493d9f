/** The caller's own account, which its user reads and changes. */
import { Hono } from "hono";
import { z } from "zod";
import { ForbiddenError, GatewayError, NotFoundError } from "../../core/errors.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { findProfile, updateProfile } from "../../db/queries/identity/profile.ts";
import type { Principal } from "../../identity/principal.ts";
import { profileChange, USERNAME_TAKEN } from "../../identity/users/profile.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  username: z.string().nullable(),
  displayUsername: z.string().nullable(),
  authProvider: z.string().nullable(),
  twoFactorEnabled: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

const CHANGEABLE = ["name", "username"];

async function loadProfile(c: ApiContext, { userId }: Principal) {
  const rows = userId === undefined ? [] : await findProfile(c.var.services.database.asSystem(), userId);
  const [profile] = rows;
  if (profile === undefined) throw new NotFoundError("This credential belongs to no user account.");
  return profile;
}

export const profile = new Hono<AppEnv>()
  .get("/profile", requirePermission("me.read"), responds(shape, "The caller's account."), async (c) => {
    const own = await loadProfile(c, c.var.principal);
    await setEtag(c, own, CHANGEABLE);
    return c.json(own);
  })
  .patch(
    "/profile",
    requirePermission("me.update"),
    requireIfMatch,
    body(profileChange),
    responds(shape, "The updated account."),
    async (c) => {
      const { principal, services } = c.var;
      if (principal.impersonatorId !== undefined) {
        throw new ForbiddenError("A profile cannot be changed while you impersonate its user.");
      }
      const before = await loadProfile(c, principal);
      await requireMatch(c, before, CHANGEABLE);
      const change = c.req.valid("json");
      const db = services.database.asSystem();
      const what = {
        action: "me.update",
        resource: { type: "user", id: before.id },
        before: { name: before.name, username: before.username },
        after: change,
      };
      try {
        const [[after = before]] = await commitWithAudit(c, what, (audit) =>
          db.batch([updateProfile(db, before.id, change), audit]),
        );
        await services.people.onUserChanged(before.id);
        await setEtag(c, after, CHANGEABLE);
        return c.json(after);
      } catch (error) {
        throw isUniqueViolation(error) ? new GatewayError("conflict", USERNAME_TAKEN) : error;
      }
    },
  );
