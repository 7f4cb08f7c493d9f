/**
 * Feature flags: besides the five routes, the evaluation for a subject, outcomes by variant, and the caller's own
 * flags.
 */

import { Hono } from "hono";
import { z } from "zod";
import { HOUR_MS } from "../../core/durations.ts";
import { newcombeDifference, wilsonInterval } from "../../core/flags/error-rate-intervals.ts";
import { evaluateFlag, type FlagEvaluation } from "../../core/flags/evaluate.ts";
import { KNOWN_FLAGS } from "../../core/flags/known-flags.ts";
import { countFlagResults, listFlags } from "../../db/queries/tenants/flags.ts";
import { createFlagEvent } from "../../logs/flag-event.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { parseFlag, parseFlags } from "../../policy/flag-rules.ts";
import { evaluateForPrincipal, flagSubject } from "../../policy/flags.ts";
import { principalSchema, resolvePrincipal } from "../access/principals.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import { requireRow } from "../resource/reading.ts";
import { collection } from "../resource/routes.ts";
import type { ApiContext, ResourceScope } from "../resource/scope.ts";
import { featureFlags as kind } from "../resources/feature-flags.ts";

const verdict = z.object({
  isOn: z.boolean(),
  reason: z.enum(["off", "named", "rule", "percentage"]),
  rule: z.number().nullable().describe("Index of the matching rule, from 0."),
});

const interval = z.object({ low: z.number(), high: z.number() });

const side = z.object({
  isOn: z.boolean(),
  subjects: z.number().describe("Users, and API keys without owner, whose last evaluation had this variant."),
  calls: z.number(),
  errors: z.number(),
  errorRate: z.number().nullable().describe("Errors of all calls. Null without calls."),
  errorRateInterval: interval.nullable().describe("Wilson's interval of the error rate, of 95 % confidence."),
  difference: interval
    .extend({ value: z.number() })
    .nullable()
    .describe(
      "Error rate of this variant minus the other's, with Newcombe's interval of 95 % confidence. If it contains 0, the variants may not differ.",
    ),
  avgMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
});

const stored = z.object({
  key: z.string(),
  isEnabled: z.boolean(),
  rules: z.array(z.unknown()),
  percentage: z.number(),
  userIds: z.array(z.string()),
});

const period = z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) });

export function createFlagRoutes(reach: ResourceScope) {
  return new Hono<AppEnv>()
    .route("/", collection(kind, reach))
    .post(
      "/:id/try",
      requirePermission(reach.action("feature-flags", "read")),
      params(idParam),
      body(
        z.strictObject({ principal: principalSchema }).meta({ examples: [{ principal: { role: "user" } }] }),
      ),
      responds(verdict, "The evaluated variant and the reason. No exposure is recorded."),
      async (c) => {
        const row = await requireRow(c, kind, reach, c.req.valid("param").id);
        const { caller } = await resolvePrincipal(c, c.req.valid("json").principal, new Date());
        const id = caller.userId ?? caller.keyId ?? "";
        const { rule = null, ...rest } = evaluateFlag(parseFlag(stored.parse(row)), {
          id,
          role: caller.role,
        });
        return c.json({ ...rest, rule });
      },
    )
    .get(
      "/:id/results",
      requirePermission(reach.action("feature-flags", "read")),
      params(idParam),
      query(period),
      respondsPage(side, "Outcomes by variant."),
      async (c) => {
        const { key } = stored.parse(await requireRow(c, kind, reach, c.req.valid("param").id));
        const since = new Date(Date.now() - c.req.valid("query").hours * HOUR_MS);
        const { tenantId } = c.var.principal;
        const db = c.var.services.database.withTenant(tenantId, "read");
        const sides = await countFlagResults(db, tenantId, key, since);
        const items = sides.map((each) => {
          const other = sides.find(({ isOn }) => isOn !== each.isOn);
          return {
            ...each,
            errorRate: each.calls === 0 ? null : each.errors / each.calls,
            errorRateInterval: wilsonInterval(each) ?? null,
            difference: (other && newcombeDifference(each, other)) ?? null,
          };
        });
        return c.json({ items, nextCursor: null });
      },
    );
}

const own = z.object({ key: z.string(), isOn: z.boolean() });
const MOST_FLAGS = 2000;

const wantedFlag = z.object({
  key: z.string().max(200).optional().describe("Evaluates this flag only, so that no other counts as seen."),
});

export const myFlags = new Hono<AppEnv>().get(
  "/",
  requirePermission("me.read"),
  query(wantedFlag),
  respondsPage(own, "The flags, evaluated for the caller. Results count the caller's calls from then on."),
  async (c) => {
    const { principal, db } = c.var;
    const { key: wanted } = c.req.valid("query");
    const flags = parseFlags(await listFlags(db, principal.tenantId).limit(MOST_FLAGS));
    const known = Object.entries(KNOWN_FLAGS).filter(([key]) => !flags.has(key));
    const isWanted = ({ key }: { readonly key: string }) => wanted === undefined || key === wanted;
    const evaluated = [...flags.values()]
      .filter(isWanted)
      .map(({ key, ...flag }) => ({ key, ...evaluateForPrincipal({ key, ...flag }, principal) }));
    recordExposures(c, evaluated);
    const items = [
      ...known.map(([key, { isOn }]) => ({ key, isOn })).filter(isWanted),
      ...evaluated.map(({ key, isOn }) => ({ key, isOn })),
    ];
    return c.json({ items: items.sort((a, b) => (a.key < b.key ? -1 : 1)), nextCursor: null });
  },
);

/** A program that evaluates a flag acts by it, so its results count from here on. The gateway's own count when used. */
function recordExposures(
  c: ApiContext,
  evaluated: readonly (FlagEvaluation & { readonly key: string })[],
): void {
  const { services, principal } = c.var;
  const { tenantId } = principal;
  const { id: subjectId } = flagSubject(principal);
  const events = evaluated
    .filter(({ key }) => !Object.hasOwn(KNOWN_FLAGS, key))
    .filter(({ key, isOn }) => services.flagExposures.isNew(`${tenantId} ${key} ${subjectId} ${isOn}`))
    .map(({ key, isOn, reason }) => createFlagEvent({ tenantId, flagKey: key, subjectId, isOn, reason }));
  services.emitter.emit(events, (work) => c.executionCtx.waitUntil(work));
}
