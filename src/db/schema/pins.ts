/**
 * What each tool was when it was first seen or last approved. Kept apart from the tools themselves, and when those
 * vanish: else a server could shed a pin by leaving the tool out once.
 */
import { sql } from "drizzle-orm";
import { index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, jsonb, lengthBetween, moment, tenantOwned, updatedAt } from "./columns.ts";
import { toolState } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ofServer } from "./registry.ts";
import { ownedBy } from "./tenants.ts";

type Json = Record<string, unknown>;

export const toolPins = pgTable(
  "tool_pins",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: uuid("server_id").notNull(),
    name: text("name").notNull(),
    hash: text("hash").notNull(),
    definition: jsonb("definition").$type<Json>().notNull(),
    /** Null: the tool is shown and called. */
    state: toolState("state"),
    /** What the server offers instead, while that is not approved. */
    pendingHash: text("pending_hash"),
    pendingDefinition: jsonb("pending_definition").$type<Json>(),
    /** Raised by each change, so that of two who saw the same one only the first writes it down. */
    revision: integer("revision").notNull().default(0),
    changedAt: moment("changed_at"),
    decidedBy: byUser("decided_by"),
    decidedAt: moment("decided_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("tool_pins_server", table),
    unique("tool_pins_server_name").on(table.serverId, table.name),
    index("tool_pins_tenant_server").on(table.tenantId, table.serverId),
    index("tool_pins_withheld").on(table.tenantId).where(sql`${table.state} is not null`),
    lengthBetween("tool_pins_name_length", table.name, 1, 255),
    ...tenantOwned(table.tenantId),
  ],
);
