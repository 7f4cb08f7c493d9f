/** Access rules with the names of their subjects and objects, and whether these exist. */
import { and, eq } from "drizzle-orm";
import { apiKeys, legacyApiKeys, serverAccessControls } from "../../schema/access.ts";
import { mcpServers, serverTools } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";
import { decisiveRuleColumns } from "../tenants/snapshot.ts";

const controls = serverAccessControls;

export const ruleColumns = {
  ...decisiveRuleColumns,
  reason: controls.reason,
  isActive: controls.isActive,
  createdBy: controls.createdBy,
  createdAt: controls.createdAt,
  updatedAt: controls.updatedAt,
};

export type NewAccessRule = typeof controls.$inferInsert;

const one = (tenantId: string, id: string) => and(eq(controls.tenantId, tenantId), eq(controls.id, id));

export function findAccessRule(db: Queries, tenantId: string, id: string) {
  return db.select(ruleColumns).from(controls).where(one(tenantId, id));
}

export function insertAccessRule(db: Queries, control: NewAccessRule) {
  return db.insert(controls).values(control).returning(ruleColumns);
}

export function updateAccessRule(db: Queries, tenantId: string, id: string, change: Partial<NewAccessRule>) {
  return db.update(controls).set(change).where(one(tenantId, id)).returning(ruleColumns);
}

export function deleteAccessRule(db: Queries, tenantId: string, id: string) {
  return db.delete(controls).where(one(tenantId, id));
}

export function findServerForRule(db: Queries, tenantId: string, id: string) {
  return db
    .select({ id: mcpServers.id, name: mcpServers.name })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, id)));
}

export function findToolForRule(db: Queries, tenantId: string, serverId: string, name: string) {
  return db
    .select({ annotations: serverTools.annotations })
    .from(serverTools)
    .where(
      and(eq(serverTools.tenantId, tenantId), eq(serverTools.serverId, serverId), eq(serverTools.name, name)),
    );
}

/** A rule on a key applies to either kind. */
export function findAnyKey(db: Queries, tenantId: string, id: string) {
  const ofNew = db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id)));
  const ofOld = db
    .select({ id: legacyApiKeys.id })
    .from(legacyApiKeys)
    .where(and(eq(legacyApiKeys.tenantId, tenantId), eq(legacyApiKeys.id, id)));
  return ofNew.union(ofOld);
}
