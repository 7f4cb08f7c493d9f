/**
 * The guard before every route: who is it, may they take this action, and whose rows are in reach. Each route names
 * its action; a test walks all routes and finds those that name none.
 */
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Permission } from "../core/access/permissions.ts";
import { ForbiddenError, GatewayError, TooManyRequestsError } from "../core/errors.ts";
import type { Database, Db } from "../db/client.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import type { Principal } from "../identity/principal.ts";
import type { TenantEpochs } from "./epoch.ts";
import { keyAddressError, permissionError, secondFactorError } from "./permission-error.ts";
import { type AdmissionEnv, admitPrincipal, admitWithoutPrincipal } from "./request-admission.ts";
import type { Snapshots } from "./snapshot.ts";

/** What the guard needs of a request; AppEnv has it. */
export interface UnguardedEnv {
  Variables: Omit<AdmissionEnv["Variables"], "services"> & {
    readonly requestId: string;
    /** What the REST API checks of every request, once it is known that its caller may make it. */
    readonly checkRequest?: () => void;
    readonly config: { readonly publicUrl: string };
    readonly services: AdmissionEnv["Variables"]["services"] & {
      readonly database: Database;
      readonly authenticator: Authenticator;
      readonly epochs: TenantEpochs;
      readonly snapshots: Snapshots;
    };
  };
}

/** What handlers behind it find in their context. */
export interface GuardedEnv {
  Variables: {
    principal: Principal;
    /** What the route does; set together with the principal, so also where the action is refused. */
    action: Permission;
    /** Reaches the rows of the principal's tenant and no others. */
    db: Db;
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
