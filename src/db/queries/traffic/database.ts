/** The database looking at itself (system role): a sample a minute, what isolates have seen, and what runs long now. */
import { and, desc, eq, gte, inArray, ne, sql } from "drizzle-orm";
import { connectionPools as pools } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";

/** The row that is the server's own view; the others are of connection strings, as isolates see them. */
const SERVER = "server";

const whole = (column: string) => sql`${sql.identifier(column)}`.mapWith(Number);

/** One row. */
export function loadCurrentSample(db: Queries) {
  return db
    .select({
      active: whole("active"),
      idle: whole("idle"),
      idleInTransaction: whole("idle_in_transaction"),
      waiting: whole("waiting"),
      connections: whole("connections"),
      maxConnections: whole("max_connections"),
      longestQueryMs: whole("longest_query_ms"),
      longestTransactionMs: whole("longest_transaction_ms"),
      commits: whole("commits"),
      rollbacks: whole("rollbacks"),
      deadlocks: whole("deadlocks"),
      tempBytes: whole("temp_bytes"),
      blocksHit: whole("blocks_hit"),
      blocksRead: whole("blocks_read"),
    })
    .from(sql`gateway_sample_database()`);
}

/** Samples are numbered by their minute, so that a tick that runs twice is one. */
export function insertSample(db: Queries, values: Omit<typeof pools.$inferInsert, "kind" | "name">) {
  return db
    .insert(pools)
    .values({ ...values, kind: "database", name: SERVER })
    .onConflictDoNothing();
}

export function listSamples(db: Queries, since: Date) {
  return db
    .select({
      at: pools.sampledAt,
      active: pools.activeConnections,
      idle: pools.idleConnections,
      waiting: pools.waitingRequests,
      maxConnections: pools.maxConnections,
      details: pools.details,
    })
    .from(pools)
    .where(and(eq(pools.kind, "database"), eq(pools.name, SERVER), gte(pools.sampledAt, since)))
    .orderBy(desc(pools.sampledAt))
    .limit(2000);
}

/** Of all isolates together: averages weighted, the worst of their 95th percentiles. */
export function listTargets(db: Queries, since: Date) {
  return db
    .select({
      name: pools.name,
      queries: sql`sum(${pools.queryCount})`.mapWith(Number),
      errors: sql`sum(${pools.errorCount})`.mapWith(Number),
      avgMs:
        sql`coalesce(sum(${pools.avgQueryMs} * ${pools.queryCount}) / nullif(sum(${pools.queryCount}), 0), 0)`.mapWith(
          Number,
        ),
      p95Ms: sql<number | null>`max(${pools.p95QueryMs})`,
      isolates: sql`count(*)`.mapWith(Number),
    })
    .from(pools)
    .where(
      and(
        eq(pools.kind, "database"),
        ne(pools.name, SERVER),
        inArray(pools.name, ["main", "read", "analytics"]),
        gte(pools.sampledAt, since),
      ),
    )
    .groupBy(pools.name)
    .orderBy(pools.name);
}

export function listSlowQueries(db: Queries, ms: number) {
  return db
    .select({
      query: sql<string>`query`,
      durationMs: whole("duration_ms"),
      state: sql<string>`state`,
      waitsFor: sql<string | null>`waits_for`,
    })
    .from(sql`gateway_slow_queries(${ms}::double precision)`);
}
