/**
 * Records what was refused: a change by an authenticated caller becomes an audit entry with the reason, a missing
 * permission, a blocked address and a look at another tenant's objects become security events.
 */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Permission } from "../core/access/permissions.ts";
import { BoundedMap } from "../core/bounded-map.ts";
import { MINUTE_MS } from "../core/durations.ts";
import {
  BlockedAddressError,
  ForbiddenError,
  type GatewayError,
  InvalidInputError,
  toGatewayError,
} from "../core/errors.ts";
import { isUuid } from "../core/ids.ts";
import { toPostgresObject, toPostgresText } from "../core/postgres-text.ts";
import type { Principal } from "../identity/principal.ts";
import { logFailure } from "../logs/log-failure.ts";
import { createSecurityEvent, type SecurityEventFacts } from "../logs/security-event.ts";
import { auditRejectedWrite } from "../policy/commit-with-audit.ts";
import { findForeignObject } from "../policy/foreign-object.ts";
import type { AppEnv } from "./app-env.ts";
import { describeError } from "./errors.ts";

/** Set by guards, also where they refuse. */
interface DecidedEnv {
  Variables: { readonly principal?: Principal; readonly action?: Permission };
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Nothing was judged: no caller is known, or the caller came too often. */
const UNRECORDED_ERRORS = new Set([401, 429]);

export const recordDenials = createMiddleware<AppEnv & DecidedEnv>(async (c, next) => {
  await next();
  const error = c.error && describeError(c.error);
  if (error === undefined || UNRECORDED_ERRORS.has(error.status)) return;
  const { principal, action } = c.var;
  if (principal !== undefined && action !== undefined) {
    if (!READS.has(c.req.method)) runInBackground(c, auditDenial(c, principal, action, error));
    if (error.status === 404) runInBackground(c, reportForeignObject(c, principal, action));
  }
  if (!(error instanceof ForbiddenError)) return;
  const type = error instanceof BlockedAddressError ? "address.blocked" : "access.denied";
  if (type === "address.blocked" && !isFirstOfMinute(c.req.header("cf-connecting-ip"))) return;
  emit(c, principal, { type, description: error.message, details: { action, ...error.missing } });
});

type DenialContext = Context<AppEnv & DecidedEnv>;

function runInBackground(c: DenialContext, work: Promise<void>): void {
  c.executionCtx.waitUntil(
    work.catch((thrown: unknown) =>
      logFailure(toGatewayError(thrown), {
        requestId: c.var.requestId,
        method: c.req.method,
        path: c.req.path,
      }),
    ),
  );
}

async function auditDenial(
  c: DenialContext,
  principal: Principal,
  action: Permission,
  error: GatewayError,
): Promise<void> {
  const { requestId, services } = c.var;
  const db = services.database.withTenant(principal.tenantId);
  const commitContext = {
    var: { requestId, services, principal, action, db },
    req: c.req,
    executionCtx: c.executionCtx,
  };
  const details = {
    ...{ method: c.req.method, path: c.req.path, status: error.status, code: error.code },
    ...(error instanceof InvalidInputError && { errors: error.errors }),
  };
  const resource = { type: resourceTypeForPermission(action), id: findId(c.req.path) };
  const reason = toPostgresText(error.message);
  await auditRejectedWrite(commitContext, { action, resource, details: toPostgresObject(details) }, reason);
}

/**
 * An ID of another tenant is not found by chance. The event is for operators: in the caller's tenant it would reveal
 * which IDs exist.
 */
async function reportForeignObject(
  c: DenialContext,
  principal: Principal,
  action: Permission,
): Promise<void> {
  const id = findId(c.req.path);
  if (id === undefined || principal.isOperator === true) return;
  const found = await findForeignObject(c.var.services.database, id, principal.tenantId);
  if (found === undefined) return;
  const description = `An object of another organization was referenced: ${found.kind} ${id}.`;
  const details = { action, path: c.req.path, tenantId: principal.tenantId };
  emit(c, principal, { type: "access.foreign-object", tenantId: undefined, description, details });
}

function emit(
  c: DenialContext,
  principal: Principal | undefined,
  event: Pick<SecurityEventFacts, "type" | "tenantId" | "description" | "details">,
): void {
  const facts = {
    ...{ at: Date.now(), tenantId: principal?.tenantId, userId: principal?.userId },
    ...{ apiKeyId: principal?.apiKeyId, ipAddress: c.req.header("cf-connecting-ip") },
    requestId: c.var.requestId,
  };
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  c.var.services.emitter.emit([createSecurityEvent({ ...facts, ...event })], background);
}

const findId = (path: string) => path.split("/").findLast(isUuid);

const RESOURCE_TYPES: Readonly<Record<string, string | undefined>> = {
  access: "access_control",
  keys: "api_key",
  "legacy-keys": "legacy_api_key",
  traffic: "ban",
};

/** As successful changes are recorded: the singular of what the action's name begins with. */
function resourceTypeForPermission(action: Permission): string {
  const [kind = ""] = action.split(".");
  return RESOURCE_TYPES[kind] ?? kind.replace(/ies$/, "y").replace(/s$/, "").replaceAll("-", "_");
}

const MAX_ADDRESSES = 10_000;
const reportedAt = new BoundedMap<string, number>(MAX_ADDRESSES);

/** A blocked address may go on for hours; one event a minute and isolate is enough to see it. */
function isFirstOfMinute(address = ""): boolean {
  const now = Date.now();
  if (now - (reportedAt.get(address) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return false;
  reportedAt.set(address, now);
  return true;
}
