/** The gate before each page of the administration: it names the page's action, as REST routes do, and asks the same rules. */
import { createMiddleware } from "hono/factory";
import type { Permission } from "../core/access/permissions.ts";
import { ForbiddenError } from "../core/errors.ts";
import type { Principal } from "../identity/principal.ts";
import { toPrincipal } from "../identity/users/sessions.ts";
import { markPermission } from "../policy/guard.ts";
import { permissionError } from "../policy/permission-error.ts";
import type { PersonalEnv } from "./context.ts";
import { createRest, type Rest, type RestDoor } from "./rest.ts";

export interface AdminEnv {
  Bindings: PersonalEnv["Bindings"];
  Variables: PersonalEnv["Variables"] & {
    /** app.ts */
    restDoor: RestDoor;
    /** admin/gate */
    principal: Principal;
    rest: Rest;
  };
}

export const administration = createMiddleware<AdminEnv>(async (c, next) => {
  const principal = toPrincipal(c.get("person"));
  if (principal === undefined && c.req.path === "/admin") return c.redirect("/account", 303);
  if (principal === undefined) {
    throw new ForbiddenError("You are not a member of any organization. Ask an admin to invite you.");
  }
  c.set("principal", principal);
  c.set("rest", createRest(c.get("restDoor"), c.req.raw, c.get("config").publicUrl));
  await next();
  return;
});

export function gate(action: Permission) {
  const middleware = createMiddleware<AdminEnv>(async (c, next) => {
    const refusal = permissionError(c.get("principal"), action);
    if (refusal !== undefined) throw refusal;
    await next();
  });
  return markPermission(middleware, action);
}
