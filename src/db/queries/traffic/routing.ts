/** What steers traffic: a tenant's routing rules in the order in which they are tried. */
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import { rateLimitConfigs, routingRules } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";

/** Requests per minute of the whole system. */
export function findSystemLimit(db: Queries) {
  const { tenantId, subjectType, isActive, limitCount } = rateLimitConfigs;
  return db
    .select({ limitCount })
    .from(rateLimitConfigs)
    .where(and(isNull(tenantId), eq(subjectType, "global"), eq(isActive, true)));
}

/** Lowest number first; all of them, because the first that matches decides. */
export function listActiveRoutingRules(db: Queries, tenantId: string) {
  return db
    .select({
      id: routingRules.id,
      name: routingRules.name,
      conditions: routingRules.conditions,
      targetServers: routingRules.targetServers,
      loadBalancingStrategy: routingRules.loadBalancingStrategy,
      strategyOptions: routingRules.strategyOptions,
      priority: routingRules.priority,
    })
    .from(routingRules)
    .where(and(eq(routingRules.tenantId, tenantId), eq(routingRules.isActive, true)))
    .orderBy(asc(routingRules.priority));
}

/** All of them, as they are tried. */
export function listRoutingRuleOrder(db: Queries, tenantId: string) {
  return db
    .select({ id: routingRules.id, name: routingRules.name })
    .from(routingRules)
    .where(eq(routingRules.tenantId, tenantId))
    .orderBy(asc(routingRules.priority), asc(routingRules.name));
}

/** With room between them for one that comes later. */
export function saveRoutingRuleOrder(db: Queries, tenantId: string, ids: readonly string[]) {
  const places = sql`jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) with ordinality as placed (id, place)`;
  return db
    .update(routingRules)
    .set({ priority: sql`placed.place * 10` })
    .from(places)
    .where(and(eq(routingRules.tenantId, tenantId), sql`${routingRules.id} = placed.id::uuid`))
    .returning({ id: routingRules.id });
}
