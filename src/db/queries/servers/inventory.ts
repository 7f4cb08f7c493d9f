/** The stored inventory of a server, used while the server does not respond. */
import { and, eq, getTableColumns, inArray, isNotNull, notInArray, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { mcpServers, serverPrompts, serverResources, serverTools } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";

export function loadInventories(db: Queries, tenantId: string, serverIds: string[]) {
  return db
    .select({
      serverId: mcpServers.id,
      capabilities: mcpServers.capabilities,
      instructions: mcpServers.instructions,
      protocolVersion: mcpServers.protocolVersion,
    })
    .from(mcpServers)
    .where(
      and(
        eq(mcpServers.tenantId, tenantId),
        inArray(mcpServers.id, serverIds),
        isNotNull(mcpServers.protocolVersion),
      ),
    );
}

export function loadTools(db: Queries, tenantId: string, serverIds: string[]) {
  return db
    .select({
      serverId: serverTools.serverId,
      name: serverTools.name,
      definition: serverTools.definition,
      hash: serverTools.definitionHash,
    })
    .from(serverTools)
    .where(
      and(
        eq(serverTools.tenantId, tenantId),
        inArray(serverTools.serverId, serverIds),
        isNotNull(serverTools.definition),
      ),
    );
}

export function listActiveServers(db: Queries, tenantId: string) {
  return db
    .select({ id: mcpServers.id, name: mcpServers.name, tags: mcpServers.tags })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.isActive, true)))
    .orderBy(mcpServers.name);
}

/** The tools of all active servers. */
export function listAllToolNames(db: Queries, tenantId: string) {
  return db
    .select({ server: mcpServers.name, name: serverTools.name })
    .from(serverTools)
    .innerJoin(mcpServers, eq(mcpServers.id, serverTools.serverId))
    .where(and(eq(serverTools.tenantId, tenantId), eq(mcpServers.isActive, true)));
}

export function findTool(db: Queries, tenantId: string, id: string) {
  return db
    .select({
      serverId: serverTools.serverId,
      name: serverTools.name,
      hash: serverTools.definitionHash,
      definition: serverTools.definition,
    })
    .from(serverTools)
    .where(and(eq(serverTools.tenantId, tenantId), eq(serverTools.id, id)));
}

export function loadPrompts(db: Queries, tenantId: string, serverIds: string[]) {
  return db
    .select({ serverId: serverPrompts.serverId, definition: serverPrompts.definition })
    .from(serverPrompts)
    .where(
      and(
        eq(serverPrompts.tenantId, tenantId),
        inArray(serverPrompts.serverId, serverIds),
        isNotNull(serverPrompts.definition),
      ),
    );
}

export function loadResources(db: Queries, tenantId: string, serverIds: string[]) {
  return db
    .select({
      serverId: serverResources.serverId,
      isTemplate: serverResources.isTemplate,
      definition: serverResources.definition,
    })
    .from(serverResources)
    .where(
      and(
        eq(serverResources.tenantId, tenantId),
        inArray(serverResources.serverId, serverIds),
        isNotNull(serverResources.definition),
      ),
    );
}

export interface ServerKey {
  readonly tenantId: string;
  readonly serverId: string;
}

export function saveServerInventory(
  db: Queries,
  { tenantId, serverId }: ServerKey,
  inventory: {
    capabilities: Record<string, unknown>;
    instructions: string | null;
    protocolVersion: string;
    discoveredAt: Date;
    discoveryError: null;
  },
) {
  return (
    db
      .update(mcpServers)
      // The registration did not change, so updated_at is kept.
      .set({ ...inventory, updatedAt: sql`${mcpServers.updatedAt}` })
      .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId)))
  );
}

type Row<Table extends PgTable> = Omit<Table["$inferInsert"], "tenantId" | "serverId">;

export function saveTools(db: Queries, of: ServerKey, tools: Row<typeof serverTools>[]) {
  return db
    .insert(serverTools)
    .values(tools.map((tool) => ({ ...tool, ...of })))
    .onConflictDoUpdate({
      target: [serverTools.serverId, serverTools.name],
      set: excludedValues(serverTools, [
        "title",
        "description",
        "inputSchema",
        "outputSchema",
        "annotations",
        "declaredCost",
        "icons",
        "definition",
        "definitionHash",
      ]),
    });
}

export function savePrompts(db: Queries, of: ServerKey, prompts: Row<typeof serverPrompts>[]) {
  return db
    .insert(serverPrompts)
    .values(prompts.map((prompt) => ({ ...prompt, ...of })))
    .onConflictDoUpdate({
      target: [serverPrompts.serverId, serverPrompts.name],
      set: excludedValues(serverPrompts, ["title", "description", "arguments", "icons", "definition"]),
    });
}

export function saveResources(db: Queries, of: ServerKey, resources: Row<typeof serverResources>[]) {
  return db
    .insert(serverResources)
    .values(resources.map((resource) => ({ ...resource, ...of })))
    .onConflictDoUpdate({
      target: [serverResources.serverId, serverResources.uriTemplate],
      set: excludedValues(serverResources, [
        "isTemplate",
        "accessPattern",
        "size",
        "name",
        "title",
        "description",
        "mimeType",
        "annotations",
        "icons",
        "definition",
      ]),
    });
}

export function deleteOtherTools(db: Queries, { tenantId, serverId }: ServerKey, names: string[]) {
  return db
    .delete(serverTools)
    .where(
      and(
        eq(serverTools.tenantId, tenantId),
        eq(serverTools.serverId, serverId),
        notInArray(serverTools.name, names),
      ),
    );
}

export function deleteOtherPrompts(db: Queries, { tenantId, serverId }: ServerKey, names: string[]) {
  return db
    .delete(serverPrompts)
    .where(
      and(
        eq(serverPrompts.tenantId, tenantId),
        eq(serverPrompts.serverId, serverId),
        notInArray(serverPrompts.name, names),
      ),
    );
}

export function deleteOtherResources(db: Queries, { tenantId, serverId }: ServerKey, uris: string[]) {
  return db
    .delete(serverResources)
    .where(
      and(
        eq(serverResources.tenantId, tenantId),
        eq(serverResources.serverId, serverId),
        notInArray(serverResources.uriTemplate, uris),
      ),
    );
}

/** Takes the values that the insert brought. */
function excludedValues<Table extends PgTable, Column extends string & keyof Table["_"]["columns"]>(
  table: Table,
  columns: readonly Column[],
): Record<string, SQL> {
  const known = getTableColumns(table);
  return {
    ...Object.fromEntries(
      columns.map((column) => [column, sql`excluded.${sql.identifier(known[column]?.name ?? column)}`]),
    ),
    lastSeenAt: sql`now()`,
  };
}
