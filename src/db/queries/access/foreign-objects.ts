/** Finds the tenant of an object by its id, whatever kind it is (system role): for what a tenant names and does not own. */

import { and, eq, isNotNull, ne, sql } from "drizzle-orm";
import { type AnyPgColumn, type PgTable, unionAll } from "drizzle-orm/pg-core";
import { apiKeys, ipRules, legacyApiKeys, serverAccessControls } from "../../schema/access.ts";
import { alertEvents, performanceAlerts } from "../../schema/alerts.ts";
import { budgets } from "../../schema/budgets.ts";
import { registryEntries, registryPaths, registrySources } from "../../schema/entries.ts";
import { groupMembers, groups } from "../../schema/groups.ts";
import { featureFlags, maintenanceWindows, systemAnnouncements } from "../../schema/operations.ts";
import { mcpServers, serverPrompts, serverResources, serverTools } from "../../schema/registry.ts";
import { tenantInvitations } from "../../schema/tenancy.ts";
import { toolsetBindings, toolsets } from "../../schema/toolsets.ts";
import { circuitBreakers, rateLimitConfigs, routingRules } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";

type OwnedTable = PgTable & { readonly id: AnyPgColumn; readonly tenantId: AnyPgColumn };

/** What has an address of its own in the REST API. */
const OWNED = {
  server: mcpServers,
  tool: serverTools,
  resource: serverResources,
  prompt: serverPrompts,
  "API key": apiKeys,
  "legacy key": legacyApiKeys,
  "access rule": serverAccessControls,
  "IP rule": ipRules,
  "routing rule": routingRules,
  "rate limit": rateLimitConfigs,
  budget: budgets,
  "circuit breaker": circuitBreakers,
  "maintenance window": maintenanceWindows,
  announcement: systemAnnouncements,
  "feature flag": featureFlags,
  "alert rule": performanceAlerts,
  alert: alertEvents,
  invitation: tenantInvitations,
  "registry entry": registryEntries,
  "registry source": registrySources,
  "registry path": registryPaths,
  toolset: toolsets,
  "toolset binding": toolsetBindings,
  group: groups,
  "group member": groupMembers,
} as const satisfies Record<string, OwnedTable>;

export function findForeignOwners(db: Queries, id: string, tenantId: string) {
  const of = (kind: string, table: OwnedTable) =>
    db
      .select({ kind: sql<string>`${kind}::text`.as("kind") })
      .from(table)
      .where(and(eq(table.id, id), isNotNull(table.tenantId), ne(table.tenantId, tenantId)));
  const { server, ...others } = OWNED;
  const [second, ...rest] = Object.entries(others).map(([kind, table]) => of(kind, table));
  const first = of("server", server);
  return second === undefined ? first : unionAll(first, second, ...rest);
}
