/** Access controls as those who write them see them, and whether what they speak of is there. */
import { and, eq } from "drizzle-orm";
import { apiKeys, legacyApiKeys, serverAccessControls } from "../schema/access.ts";
import { mcpServers, serverTools } from "../schema/registry.ts";
import { decisiveControl } from "./snapshot.ts";
import type { Queries } from "./types.ts";

const controls = serverAccessControls;

export const shownControl = {
  ...decisiveControl,
  reason: controls.reason,
  isActive: controls.isActive,
  createdBy: controls.createdBy,
  createdAt: controls.createdAt,
  updatedAt: controls.updatedAt,
};

export type NewControl = typeof controls.$inferInsert;

const one = (tenantId: string, id: string) => and(eq(controls.tenantId, tenantId), eq(controls.id, id));

export function controlById(db: Queries, tenantId: string, id: string) {
  return db.select(shownControl).from(controls).where(one(tenantId, id));
}

export function insertControl(db: Queries, control: NewControl) {
  return db.insert(controls).values(control).returning(shownControl);
}

export function updateControl(db: Queries, tenantId: string, id: string, change: Partial<NewControl>) {
  return db.update(controls).set(change).where(one(tenantId, id)).returning(shownControl);
}

export function deleteControl(db: Queries, tenantId: string, id: string) {
  return db.delete(controls).where(one(tenantId, id));
}

export function serverForRule(db: Queries, tenantId: string, id: string) {
  return db
    .select({ id: mcpServers.id, name: mcpServers.name })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, id)));
}

export function toolForRule(db: Queries, tenantId: string, serverId: string, name: string) {
  return db
    .select({ annotations: serverTools.annotations })
    .from(serverTools)
    .where(
      and(eq(serverTools.tenantId, tenantId), eq(serverTools.serverId, serverId), eq(serverTools.name, name)),
    );
}

/** A rule on a key speaks of either kind. */
export function anyKeyById(db: Queries, tenantId: string, id: string) {
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
