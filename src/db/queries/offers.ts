/** What a server offered when it was last heard, for the days when it says nothing. */
import { and, eq, getTableColumns, inArray, isNotNull, notInArray, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { mcpServers, serverPrompts, serverResources, serverTools } from "../schema/registry.ts";
import type { Queries } from "./types.ts";

export function heardServers(db: Queries, tenantId: string, serverIds: string[]) {
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

export function heardTools(db: Queries, tenantId: string, serverIds: string[]) {
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

export function heardPrompts(db: Queries, tenantId: string, serverIds: string[]) {
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

export function heardResources(db: Queries, tenantId: string, serverIds: string[]) {
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

export interface HeardServer {
  readonly tenantId: string;
  readonly serverId: string;
}

export function keepHeardServer(
  db: Queries,
  { tenantId, serverId }: HeardServer,
  heard: {
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
      // Nobody has changed the registration.
      .set({ ...heard, updatedAt: sql`${mcpServers.updatedAt}` })
      .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId)))
  );
}

type Row<Table extends PgTable> = Omit<Table["$inferInsert"], "tenantId" | "serverId">;

export function keepTools(db: Queries, of: HeardServer, tools: Row<typeof serverTools>[]) {
  return db
    .insert(serverTools)
    .values(tools.map((tool) => ({ ...tool, ...of })))
    .onConflictDoUpdate({
      target: [serverTools.serverId, serverTools.name],
      set: newest(serverTools, [
        "title",
        "description",
        "inputSchema",
        "outputSchema",
        "annotations",
        "icons",
        "definition",
        "definitionHash",
      ]),
    });
}

export function keepPrompts(db: Queries, of: HeardServer, prompts: Row<typeof serverPrompts>[]) {
  return db
    .insert(serverPrompts)
    .values(prompts.map((prompt) => ({ ...prompt, ...of })))
    .onConflictDoUpdate({
      target: [serverPrompts.serverId, serverPrompts.name],
      set: newest(serverPrompts, ["title", "description", "arguments", "icons", "definition"]),
    });
}

export function keepResources(db: Queries, of: HeardServer, resources: Row<typeof serverResources>[]) {
  return db
    .insert(serverResources)
    .values(resources.map((resource) => ({ ...resource, ...of })))
    .onConflictDoUpdate({
      target: [serverResources.serverId, serverResources.uriTemplate],
      set: newest(serverResources, [
        "isTemplate",
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

export function dropOtherTools(db: Queries, { tenantId, serverId }: HeardServer, names: string[]) {
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

export function dropOtherPrompts(db: Queries, { tenantId, serverId }: HeardServer, names: string[]) {
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

export function dropOtherResources(db: Queries, { tenantId, serverId }: HeardServer, uris: string[]) {
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
function newest<Table extends PgTable, Column extends string & keyof Table["_"]["columns"]>(
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
