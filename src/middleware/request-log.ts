/** Logs every request except those to the MCP endpoints, which log themselves in more detail. */
import { createMiddleware } from "hono/factory";
import { GatewayError } from "../core/errors.ts";
import type { LogEvent } from "../logs/events.ts";
import {
  createErrorEvent,
  createRequestEvent,
  describeRequest,
  type EventPrincipal,
} from "../logs/request-event.ts";
import type { AppEnv } from "./app-env.ts";
import { describeError } from "./errors.ts";

/** Probes and fragments of pages that are logged already. */
const UNLOGGED_PATHS = /^\/(?:healthz$|readyz$|assets\/|admin\/news\/banner$)/;

interface LoggedEnv {
  Variables: {
    /** Behind a guard. */
    readonly principal?: EventPrincipal;
    /** The signed-in user of a page. */
    readonly person?: { readonly id: string; readonly tenant: { readonly id: string } | undefined };
  };
}

export const requestLog = createMiddleware<AppEnv & LoggedEnv>(async (c, next) => {
  const startedAt = Date.now();
  await next();
  if (UNLOGGED_PATHS.test(c.req.path) || c.get("isInternal")) return;
  const error = describeFailure(c.error, c.res.status);
  const facts = {
    requestId: c.get("requestId"),
    startedAt,
    durationMs: Date.now() - startedAt,
    caller: describeCaller(c.var),
    statusCode: c.res.status,
    error,
  };
  const events: LogEvent[] = [createRequestEvent(describeRequest(c.req.raw), facts)];
  if (error !== undefined && error.status >= 500) events.push(createErrorEvent(error, facts));
  c.get("services").emitter.emit(events, (work) => c.executionCtx.waitUntil(work));
});

/** better-auth answers its own failures; they are no exceptions by then. */
function describeFailure(thrown: Error | undefined, status: number): GatewayError | undefined {
  if (thrown !== undefined) return describeError(thrown);
  return status >= 500 ? new GatewayError("internal", `The request failed with HTTP ${status}.`) : undefined;
}

function describeCaller({ principal, person }: LoggedEnv["Variables"]): EventPrincipal | undefined {
  if (principal !== undefined) return principal;
  if (person?.tenant === undefined) return undefined;
  return { tenantId: person.tenant.id, userId: person.id, apiKeyId: undefined };
}
