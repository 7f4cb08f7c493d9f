/** Authenticates provisioning by the token of a tenant, of which the database stores only the hash. */
import { createMiddleware } from "hono/factory";
import { sha256Hex } from "../../core/digest.ts";
import { ScimError } from "../../core/scim/scim-error.ts";
import { findScimToken, touchScimToken } from "../../db/queries/identity/scim.ts";
import type { Principal } from "../../identity/principal.ts";
import { admitPrincipal, admitWithoutPrincipal } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";

/** Distinguishes its tokens from others, also for scanners of leaked secrets. */
export const SCIM_TOKEN_PREFIX = "scim_";
const TOKEN = /^Bearer (scim_[\w-]{43})$/i;

export const authenticateScim = createMiddleware<AppEnv & GuardedEnv>(async (c, next) => {
  const { database } = c.get("services");
  const db = database.asSystem();
  const text = TOKEN.exec(c.req.header("authorization") ?? "")?.[1];
  const [token] = text === undefined ? [] : await findScimToken(db, await sha256Hex(text));
  if (token === undefined) {
    await admitWithoutPrincipal(c, "authentication");
    throw new ScimError(
      401,
      "The bearer token is missing or invalid. Create one under Members › Provisioning.",
    );
  }
  const { id, tenantId } = token;
  const principal: Principal = {
    ...{ id: `scim:${id}`, tenantId, userId: undefined, apiKeyId: undefined },
    ...{ role: "service", scopes: [], via: "scim" },
  };
  c.set("principal", principal);
  await admitPrincipal(c, principal);
  c.set("db", database.withTenant(tenantId));
  c.executionCtx.waitUntil(touchScimToken(db, id, new Date()).then(() => undefined));
  await next();
});
