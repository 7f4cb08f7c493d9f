/**
 * Authenticates the caller of a route, admits the request, checks the permission and opens the tenant's rows. Each route
 * names its permission: `app.get("/", requirePermission("servers.read"), handler)`; tests/api/route-permissions.test.ts fails for one
 * that names none.
 */
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Permission } from "../core/access/permissions.ts";
import { ForbiddenError, GatewayError, TooManyRequestsError } from "../core/errors.ts";
import type { Principal } from "../identity/principal.ts";
import { keyAddressError, permissionError, secondFactorError } from "../policy/permission-error.ts";
import type { Services } from "../services.ts";
import { admitPrincipal, admitWithoutPrincipal } from "./admission.ts";
import type { AppEnv } from "./app-env.ts";

interface UnguardedEnv extends AppEnv {
  Variables: AppEnv["Variables"] & {
    /** Checks of the REST API that follow the check of the permission. */
    readonly checkRequest?: () => void;
  };
}

/** The variables that handlers behind the middleware read. */
export interface GuardedEnv {
  Variables: {
    principal: Principal;
    /** What the route does; set together with the principal, so also where the action is refused. */
    action: Permission;
    /** Reaches the rows of the principal's tenant and no others. */
    db: ReturnType<Services["database"]["withTenant"]>;
  };
}

const permissionsByHandler = new WeakMap<object, Permission>();

export function requirePermission(action: Permission): MiddlewareHandler<UnguardedEnv & GuardedEnv> {
  const middleware = createMiddleware<UnguardedEnv & GuardedEnv>(async (c, next) => {
    const principal = await identify(c);
    c.set("principal", principal);
    c.set("action", action);
    await admitPrincipal(c, principal);
    if (principal.via === "session") rejectForgery(c.req.raw, c.get("config").publicUrl);
    if (principal.isSecondFactorMissing === true) throw secondFactorError();
    const refusal = permissionError(principal, action);
    if (refusal !== undefined) throw refusal;
    c.get("checkRequest")?.();
    c.set("db", c.get("services").database.withTenant(principal.tenantId));
    await next();
  });
  return markPermission(middleware, action);
}

/** For middleware with its own authentication: that of the pages. */
export function markPermission<M extends object>(middleware: M, action: Permission): M {
  permissionsByHandler.set(middleware, action);
  return middleware;
}

/** The action that a handler of `app.routes` guards, for the route test and the API's description. */
export const getPermission = (handler: object): Permission | undefined => permissionsByHandler.get(handler);

async function identify(c: Context<UnguardedEnv & GuardedEnv>): Promise<Principal> {
  const authentication = await c
    .get("services")
    .authenticator.authenticate(c.req.raw, (work) => c.executionCtx.waitUntil(work));
  if (authentication.kind === "principal") return authentication.principal;
  await admitWithoutPrincipal(c, "general");
  switch (authentication.kind) {
    case "none":
      throw new GatewayError("unauthorized", "Sign in, or send an API key as `Authorization: Bearer mcp_…`.");
    case "refused":
      if (authentication.reason === "address") throw keyAddressError();
      if (authentication.retryAfterSeconds !== undefined)
        throw tooManyCredentials(authentication.retryAfterSeconds);
      throw new GatewayError("unauthorized", "The credential is invalid or expired.");
  }
}

const tooManyCredentials = (seconds: number) =>
  new TooManyRequestsError("Too many failed authentication attempts. Retry later.", seconds);

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** Rejects cross-origin changes: browsers send cookies with requests of any page, and state the origin truthfully. */
function rejectForgery(request: Request, publicUrl: string): void {
  if (SAFE.has(request.method) || request.headers.get("origin") === publicUrl) return;
  throw new ForbiddenError("Cross-origin request rejected.");
}
