/** What steers traffic: a tenant's routing rules in the order in which they are tried. */
import { and, asc, eq } from "drizzle-orm";
import { routingRules } from "../schema/traffic.ts";
import type { Queries } from "./types.ts";

/** Lowest number first; all of them, because the first that matches decides. */
export function activeRoutingRules(db: Queries, tenantId: string) {
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
