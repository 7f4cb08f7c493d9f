/** Circuit breakers as the tenant's object last saved them, and the route that forces the state of one. */
import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import { BREAKER_STATES } from "../../core/enums.ts";
import { SETTING_KEYS } from "../../core/settings/definitions.ts";
import { describeTerms } from "../../core/settings/traffic-terms.ts";
import { readSettings } from "../../core/settings/values.ts";
import { setBreakerForced } from "../../db/queries/servers/breakers.ts";
import { loadSettings } from "../../db/queries/tenants/settings.ts";
import { circuitBreakerTransitions, circuitBreakers as table } from "../../db/schema/traffic.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { readServerSettings } from "../../policy/server-settings.ts";
import { saveBreakerTransitions } from "../../policy/transitions.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import { createTimeline } from "../logs/timeline.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading } from "../resource/reading.ts";
import { requireServer } from "./show.ts";

const breakers = defineReadOnlyResource({
  noun: "circuit breaker",
  table,
  sorts: ["state", "lastTransitionAt", "failureCount", "createdAt", "updatedAt"],
  usual: "-lastTransitionAt",
  filters: ["serverId", "state", "isForced"],
});

export const circuitBreakers = new Hono<AppEnv>().route(
  "/",
  reading(breakers, { list: "circuit-breakers.list", read: "circuit-breakers.read" }),
);

const liveShape = z.object({
  serverId: z.uuid(),
  state: z.enum(BREAKER_STATES),
  isForced: z.boolean(),
  since: z.iso.datetime().nullable(),
  nextAttemptAt: z.iso.datetime().nullable(),
  consecutiveOpens: z.number().int(),
  calls: z.number().int().describe("Calls in the window."),
  failures: z.number().int(),
  slow: z.number().int(),
  thresholds: z.object({
    windowSeconds: z.number(),
    minimumCalls: z.number().int(),
    errorRate: z.number(),
    slowCallRate: z.number(),
    slowCallMs: z.number(),
    openSeconds: z.number(),
    maxOpenSeconds: z.number(),
    probes: z.number().int(),
  }),
});

const wish = z
  .strictObject({ state: z.enum(["open", "closed", "automatic"]) })
  .meta({ examples: [{ state: "automatic" }] });

/** Under /servers, because a server that was never in trouble has no breaker to name. */
const transitions = createTimeline({
  table: circuitBreakerTransitions,
  time: "transitionedAt",
  filters: ["toState", "reason"],
});

export const breakerOfServer = new Hono<AppEnv>()
  .get(
    "/:id/breaker-transitions",
    requirePermission("circuit-breakers.read"),
    params(idParam),
    query(transitions.query),
    respondsPage(transitions.shape, "Transitions, newest first."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      return c.json(
        await transitions.list(c, c.req.valid("query"), eq(circuitBreakerTransitions.serverId, id)),
      );
    },
  )
  .get(
    "/:id/breaker",
    requirePermission("circuit-breakers.read"),
    params(idParam),
    responds(liveShape, "The current circuit breaker, with the thresholds that apply."),
    async (c) => {
      const { id, settings } = await requireServer(c, c.req.valid("param").id);
      const { services, principal, db } = c.var;
      const stored = await loadSettings(db, principal.tenantId, SETTING_KEYS);
      const { breaker: terms } = readServerSettings(settings, readSettings(stored));
      const found = await services.tenantObject(principal.tenantId).describeBreaker(id, terms);
      const { state, since, forced, opens, nextAttemptAt, counts } = found;
      const toTime = (ms: number | undefined) => (ms ? new Date(ms).toISOString() : null);
      return c.json({
        ...{ serverId: id, state, isForced: forced !== undefined, consecutiveOpens: opens },
        ...{ since: toTime(since), nextAttemptAt: toTime(nextAttemptAt) },
        ...{ calls: counts.total, failures: counts.failures, slow: counts.slow },
        thresholds: describeTerms(terms),
      });
    },
  )
  .post(
    "/:id/breaker",
    requirePermission("circuit-breakers.force"),
    params(idParam),
    body(wish),
    respondsEmpty("Breaker state set."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      const { state } = c.req.valid("json");
      const { services, principal } = c.var;
      const to = state === "automatic" ? undefined : state;
      const object = services.tenantObject(principal.tenantId);
      await object.forceBreaker(id, to, principal.userId);
      await saveBreakerTransitions(services.database, principal.tenantId, object);
      await setBreakerForced(c.var.db, {
        tenantId: principal.tenantId,
        serverId: id,
        isForced: to !== undefined,
      });
      const what = { resource: { type: "server", id }, after: { state } };
      await writeAuditEntry(c, { action: "circuit-breakers.force", ...what });
      return c.body(null, 204);
    },
  );
