/** What each tool was when it was approved, and what is offered in its place. */
import { and, asc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import type { ToolState } from "../../../core/enums.ts";
import { toolPins } from "../../schema/pins.ts";
import { mcpServers, serverPrompts, serverResources, serverTools } from "../../schema/registry.ts";
import { tenants } from "../../schema/tenants.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import type { ServerKey } from "./inventory.ts";

const ofServer = ({ tenantId, serverId }: ServerKey) =>
  and(eq(toolPins.tenantId, tenantId), eq(toolPins.serverId, serverId));

export function loadPins(db: Queries, of: ServerKey) {
  return db
    .select({
      name: toolPins.name,
      hash: toolPins.hash,
      definition: toolPins.definition,
      state: toolPins.state,
      pendingHash: toolPins.pendingHash,
      pendingDefinition: toolPins.pendingDefinition,
      revision: toolPins.revision,
    })
    .from(toolPins)
    .where(ofServer(of));
}

/** The stored data of the server itself, and its tenant's policy for changes. */
export function findInventory(db: Queries, { tenantId, serverId }: ServerKey) {
  return db
    .select({
      name: mcpServers.name,
      protocolVersion: mcpServers.protocolVersion,
      instructions: mcpServers.instructions,
      settings: tenants.settings,
    })
    .from(mcpServers)
    .innerJoin(tenants, eq(tenants.id, mcpServers.tenantId))
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId)));
}

export function listToolNames(db: Queries, { tenantId, serverId }: ServerKey) {
  return db
    .select({ name: serverTools.name })
    .from(serverTools)
    .where(and(eq(serverTools.tenantId, tenantId), eq(serverTools.serverId, serverId)));
}

export function listPrompts(db: Queries, { tenantId, serverId }: ServerKey) {
  return db
    .select({ key: serverPrompts.name, definition: serverPrompts.definition })
    .from(serverPrompts)
    .where(and(eq(serverPrompts.tenantId, tenantId), eq(serverPrompts.serverId, serverId)));
}

export function listResources(db: Queries, { tenantId, serverId }: ServerKey) {
  return db
    .select({ key: serverResources.uriTemplate, definition: serverResources.definition })
    .from(serverResources)
    .where(and(eq(serverResources.tenantId, tenantId), eq(serverResources.serverId, serverId)));
}

type PinRow = Omit<typeof toolPins.$inferInsert, "tenantId" | "serverId">;

/** Of two who saw the same change at once, the first writes it. */
export function savePins(db: Queries, of: ServerKey, pins: PinRow[]) {
  return db
    .insert(toolPins)
    .values(pins.map((pin) => ({ ...pin, ...of })))
    .onConflictDoUpdate({
      target: [toolPins.serverId, toolPins.name],
      set: {
        hash: sql`excluded.hash`,
        definition: sql`excluded.definition`,
        state: sql`excluded.state`,
        pendingHash: sql`excluded.pending_hash`,
        pendingDefinition: sql`excluded.pending_definition`,
        revision: sql`excluded.revision`,
        changedAt: sql`excluded.changed_at`,
      },
      setWhere: sql`${toolPins.revision} = excluded.revision - 1`,
    });
}

const shown = {
  id: toolPins.id,
  serverId: toolPins.serverId,
  serverName: mcpServers.name,
  tool: toolPins.name,
  state: toolPins.state,
  hash: toolPins.hash,
  definition: toolPins.definition,
  pendingHash: toolPins.pendingHash,
  pendingDefinition: toolPins.pendingDefinition,
  revision: toolPins.revision,
  changedAt: toolPins.changedAt,
  decidedBy: toolPins.decidedBy,
  decidedAt: toolPins.decidedAt,
};

export function listToolChanges(
  db: Queries,
  tenantId: string,
  query: {
    states: readonly ToolState[];
    serverId?: string | undefined;
    after?: string | undefined;
    limit?: number;
  },
) {
  return db
    .select(shown)
    .from(toolPins)
    .innerJoin(mcpServers, eq(mcpServers.id, toolPins.serverId))
    .where(
      and(
        eq(toolPins.tenantId, tenantId),
        inArray(toolPins.state, [...query.states]),
        query.serverId === undefined ? undefined : eq(toolPins.serverId, query.serverId),
        query.after === undefined ? undefined : gt(toolPins.id, query.after),
      ),
    )
    .orderBy(asc(toolPins.id))
    .limit(clampLimit(query.limit));
}

export function findPin(db: Queries, tenantId: string, id: string) {
  return db
    .select(shown)
    .from(toolPins)
    .innerJoin(mcpServers, eq(mcpServers.id, toolPins.serverId))
    .where(and(eq(toolPins.tenantId, tenantId), eq(toolPins.id, id)));
}

interface PinDecision {
  readonly tenantId: string;
  readonly id: string;
  /** What was looked at; something newer is not decided with it. */
  readonly revision: number;
  readonly by: string | null;
}

const isPending = ({ tenantId, id, revision }: PinDecision) =>
  and(eq(toolPins.tenantId, tenantId), eq(toolPins.id, id), eq(toolPins.revision, revision));

/**
 * Comes first in the batch of a decision: it locks the pin, and ends the batch (22012) if the pin has changed since it was
 * shown, so that of several decisions at once exactly one is made and recorded.
 */
export function assertPending(db: Queries, decision: PinDecision) {
  return db.execute(
    sql`select 1 / count(*) from (select 1 from ${toolPins} where ${isPending(decision)} for update) as pending`,
  );
}

/** What is offered becomes what is approved. No row where it has changed again. */
export function approvePin(db: Queries, decision: PinDecision) {
  return db
    .update(toolPins)
    .set({
      hash: sql`coalesce(${toolPins.pendingHash}, ${toolPins.hash})`,
      definition: sql`coalesce(${toolPins.pendingDefinition}, ${toolPins.definition})`,
      state: null,
      pendingHash: null,
      pendingDefinition: null,
      revision: sql`${toolPins.revision} + 1`,
      decidedBy: decision.by,
      decidedAt: new Date(),
    })
    .where(isPending(decision))
    .returning({ revision: toolPins.revision });
}

export function rejectPin(db: Queries, decision: PinDecision) {
  return db
    .update(toolPins)
    .set({
      state: "blocked",
      revision: sql`${toolPins.revision} + 1`,
      decidedBy: decision.by,
      decidedAt: new Date(),
    })
    .where(isPending(decision))
    .returning({ revision: toolPins.revision });
}

/** A disabled tool is neither shown nor called, whatever becomes of its definition. A tool without a pin gets one. */
export function disableTool(
  db: Queries,
  tool: {
    tenantId: string;
    serverId: string;
    name: string;
    hash: string;
    definition: Record<string, unknown>;
  },
  by: string | null,
) {
  const decided = { state: "disabled", decidedBy: by, decidedAt: new Date() } as const;
  return db
    .insert(toolPins)
    .values({ ...tool, ...decided })
    .onConflictDoUpdate({
      target: [toolPins.serverId, toolPins.name],
      set: { ...decided, revision: sql`${toolPins.revision} + 1` },
      setWhere: isNull(toolPins.state),
    })
    .returning({ id: toolPins.id });
}

/** Where the definition changed in the meantime, the tool is held until that is approved. */
export function enableTool(db: Queries, tenantId: string, id: string, by: string | null) {
  return db
    .update(toolPins)
    .set({
      state: sql`case when ${toolPins.pendingHash} is null then null else 'held'::tool_state end`,
      revision: sql`${toolPins.revision} + 1`,
      decidedBy: by,
      decidedAt: new Date(),
    })
    .where(and(eq(toolPins.tenantId, tenantId), eq(toolPins.id, id), eq(toolPins.state, "disabled")))
    .returning({ id: toolPins.id });
}
