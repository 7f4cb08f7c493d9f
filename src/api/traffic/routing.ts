/** Routing rules: besides the five routes their order as a whole, and which one a request would fall under. */
import { Hono } from "hono";
import { z } from "zod";
import { compileRouting, matchRule, type RoutedRequest } from "../../core/routing/rules.ts";
import { listServersByIds } from "../../db/queries/servers/servers.ts";
import { findTenant } from "../../db/queries/tenants/tenants.ts";
import {
  listActiveRoutingRules,
  listRoutingRuleOrder,
  saveRoutingRuleOrder,
} from "../../db/queries/traffic/routing.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { parseRoutingRule } from "../../policy/routing.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { collection } from "../resource/routes.ts";
import type { ResourceScope } from "../resource/scope.ts";
import { routingRules as kind } from "../resources/routing-rules.ts";

const order = z
  .strictObject({ ids: z.array(z.uuid()).min(1).max(1000) })
  .meta({ examples: [{ ids: ["01890a5d-ac96-774b-bcce-b302099a8057"] }] });

const request = z
  .strictObject({
    method: z.string().min(1).max(200).default("tools/call"),
    tool: z.string().min(1).max(500).optional(),
    client: z.string().min(1).max(200).optional(),
    /** Of the servers that could serve it. */
    tags: z.array(z.string().max(100)).max(100).default([]),
    headers: z.record(z.string().max(100), z.string().max(1000)).default({}),
    /** Session, user or key: what percentages are taken of. */
    stableId: z.string().max(200).default(""),
  })
  .meta({ examples: [{ tool: "search_web", headers: { "x-team": "research" } }] });

const CONDITIONS = ["tools", "methods", "tags", "clients", "headers", "tenants", "percentage"] as const;

const verdict = z.object({
  rule: z.object({ id: z.uuid(), name: z.string(), strategy: z.string() }).nullable(),
  servers: z.array(z.object({ id: z.uuid(), name: z.string() })).describe("Target servers."),
  tried: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      priority: z.number().int(),
      unmet: z
        .enum(CONDITIONS)
        .nullable()
        .describe("First condition that does not match; null if all match."),
    }),
  ),
});

export const createRoutingRuleRoutes = (reach: ResourceScope) =>
  new Hono<AppEnv>()
    .post(
      "/order",
      requirePermission("routing-rules.update"),
      body(order),
      respondsEmpty("The new order; rules that are not listed come after."),
      async (c) => {
        const { principal, db } = c.var;
        const { tenantId } = principal;
        const { ids } = c.req.valid("json");
        const before = await listRoutingRuleOrder(db, tenantId);
        const known = new Map(before.map((rule) => [rule.id, rule]));
        const named = [...new Set(ids)].flatMap((id) => known.get(id.toLowerCase()) ?? []);
        const after = [...named, ...before.filter((rule) => !named.includes(rule))];
        const what = {
          action: "routing-rules.update",
          resource: { type: "routing_rule", id: "order" },
          before: { order: before.map(({ name }) => name) },
          after: { order: after.map(({ name }) => name) },
        };
        const places = after.map(({ id }) => id);
        await commitWithAudit(c, what, (audit) =>
          db.batch([saveRoutingRuleOrder(db, tenantId, places), audit]),
        );
        return c.body(null, 204);
      },
    )
    .post(
      "/test",
      requirePermission("routing-rules.read"),
      body(request),
      responds(verdict, "The matching rule, and why earlier rules do not match. No request is sent."),
      async (c) => {
        const { principal, db } = c.var;
        const { tenantId } = principal;
        const { headers, tags, ...rest } = c.req.valid("json");
        const [rows, [tenant]] = await db.batch([
          listActiveRoutingRules(db, tenantId),
          findTenant(db, tenantId),
        ]);
        const given = new Headers();
        for (const [name, value] of Object.entries(headers))
          if (isHeader(name, value)) given.set(name, value);
        const asked: RoutedRequest = {
          ...rest,
          tags: new Set(tags),
          header: (name) => given.get(name),
          tenant: { id: tenantId, slug: tenant?.slug ?? "" },
        };
        const rules = compileRouting(rows.flatMap(parseRoutingRule));
        const rule = matchRule(rules, asked);
        const tried = rules.slice(0, rule === undefined ? rules.length : rules.indexOf(rule) + 1);
        return c.json({
          rule: rule === undefined ? null : { id: rule.id, name: rule.name, strategy: rule.strategy },
          servers: rule === undefined ? [] : await listServersByIds(db, tenantId, rule.targetServers),
          tried: tried.map((each) => ({
            id: each.id,
            name: each.name,
            priority: each.priority,
            unmet: each.unmet(asked) ?? null,
          })),
        });
      },
    )
    .route("/", collection(kind, reach));

/** What no request could carry, none does. */
function isHeader(name: string, value: string): boolean {
  return /^[A-Za-z0-9-]+$/.test(name) && /^[\x20-\x7e\x80-\xff]*$/.test(value);
}
