/** Checks the permission of each page of the administration, by the same rules as REST routes. */
import { createMiddleware } from "hono/factory";
import type { Permission } from "../../core/access/permissions.ts";
import { ForbiddenError } from "../../core/errors.ts";
import { toPrincipal } from "../../identity/users/sessions.ts";
import { markPermission } from "../../middleware/require-permission.ts";
import { permissionError } from "../../policy/permission-error.ts";
import { createApiClient } from "./api-client.ts";
import type { AdminEnv } from "./page-env.ts";

export const requireMembership = createMiddleware<AdminEnv>(async (c, next) => {
  const person = c.get("person");
  if (person.secondFactorDuty === "missing") return c.redirect("/account/second-factor", 303);
  const principal = toPrincipal(person);
  if (principal === undefined && c.req.path === "/admin") return c.redirect("/account", 303);
  if (principal === undefined) {
    throw new ForbiddenError("You are not a member of any organization. Ask an admin to invite you.");
  }
  c.set("principal", principal);
  c.set("rest", createApiClient(c.get("restApi"), c.req.raw, c.get("config").publicUrl));
  await next();
  return;
});

export function requirePagePermission(action: Permission) {
  const middleware = createMiddleware<AdminEnv>(async (c, next) => {
    const refusal = permissionError(c.get("principal"), action);
    if (refusal !== undefined) throw refusal;
    await next();
  });
  return markPermission(middleware, action);
}
