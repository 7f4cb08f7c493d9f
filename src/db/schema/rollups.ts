/**
 * What is known of traffic without reading the log: how often, how well and how quickly, by minute, hour and day, of a
 * tenant as a whole and of each of its members in some dimension (a server, a tool, a user, …). Triggers of the two logs
 * put what was added to `rollup_pending`, in the same transaction, and a function of the database adds it up: so each
 * event counts once however often it is delivered, and one that comes late counts in its own slot.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { moment, systemOnly, tenantOwned } from "./columns.ts";

const counter = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

function rollup(name: string) {
  return pgTable(
    name,
    {
      tenantId: uuid("tenant_id").notNull(),
      /** MCP calls by server, or HTTP requests by entry point: core/analytics/dimensions.ts. */
      kind: text("kind").notNull(),
      dimension: text("dimension").notNull(),
      /** When the minute, hour or day of UTC begins. */
      at: moment("at").notNull(),
      /** An id or a name; empty in the dimension of all. */
      member: text("member").notNull(),
      requests: counter("requests"),
      errors: counter("errors"),
      /** The requests whose duration is meaningful: a stream lasts as long as its client listens. */
      timed: counter("timed"),
      durationMs: doublePrecision("duration_ms").notNull().default(0),
      requestBytes: counter("request_bytes"),
      /** Of tool calls: core/limits/call-cost.ts. */
      cost: counter("cost"),
      /** Of durations, between the bounds of core/analytics/histogram.ts; to be added up member by member. */
      histogram: integer("histogram").array().notNull().default(sql`'{}'::integer[]`),
    },
    (table) => [
      primaryKey({
        name: `${name}_pkey`,
        columns: [table.tenantId, table.kind, table.dimension, table.at, table.member],
      }),
      ...tenantOwned(table.tenantId),
    ],
  );
}

export const requestRollupsMinute = rollup("request_rollups_minute");
export const requestRollupsHour = rollup("request_rollups_hour");
export const requestRollupsDay = rollup("request_rollups_day");

/** Of whom it is stands under another name: tenants have no business here. */
export const rollupPending = pgTable(
  "rollup_pending",
  {
    logId: uuid("log_id").notNull(),
    at: moment("at").notNull(),
    ofTenant: uuid("of_tenant").notNull(),
    kind: text("kind").notNull(),
    serverId: uuid("server_id"),
    tool: text("tool"),
    method: text("method"),
    userId: text("user_id"),
    apiKeyId: uuid("api_key_id"),
    client: text("client"),
    failed: boolean("failed").notNull(),
    error: text("error"),
    /** Null where it has no meaning. */
    durationMs: doublePrecision("duration_ms"),
    requestBytes: bigint("request_bytes", { mode: "number" }),
    cost: integer("cost").notNull().default(0),
  },
  (table) => [
    primaryKey({ name: "rollup_pending_pkey", columns: [table.kind, table.logId, table.at] }),
    ...systemOnly(),
  ],
);
