/**
 * The three functions and three views of the database that the UI and the API share. They run with the caller's
 * rights: inside a tenant they cover that tenant, in the system role all tenants.
 */
import { asc, desc, sql } from "drizzle-orm";
import { bigint, doublePrecision, pgView, text } from "drizzle-orm/pg-core";
import type { Queries } from "../shared/queries.ts";

/** Drivers return a bigint as text; no count here comes near what a number can hold. */
const whole = (column: string) => sql`${sql.identifier(column)}`.mapWith(Number);
/** Null where there was nothing to average. */
const fractional = (column: string) => sql<number | null>`${sql.identifier(column)}`;

/** One row. */
export function getServerHealthSummary(db: Queries) {
  return db
    .select({
      totalServers: whole("total_servers"),
      healthyServers: whole("healthy_servers"),
      unhealthyServers: whole("unhealthy_servers"),
      degradedServers: whole("degraded_servers"),
      avgResponseTime: fractional("avg_response_time"),
    })
    .from(sql`get_server_health_summary()`);
}

/** One row. */
export function getRequestPerformanceSummary(db: Queries, hours = 24) {
  return db
    .select({
      totalRequests: whole("total_requests"),
      successfulRequests: whole("successful_requests"),
      errorRequests: whole("error_requests"),
      avgDurationMs: fractional("avg_duration_ms"),
      p50DurationMs: fractional("p50_duration_ms"),
      p95DurationMs: fractional("p95_duration_ms"),
      p99DurationMs: fractional("p99_duration_ms"),
    })
    .from(sql`get_request_performance_summary(${hours}::integer)`);
}

/** One row. The error rate is 0 when there were no requests. */
export function getTenantUsageSummary(db: Queries, tenantId: string, hours = 24) {
  return db
    .select({
      totalRequests: whole("total_requests"),
      uniqueUsers: whole("unique_users"),
      avgDurationMs: fractional("avg_duration_ms"),
      errorRate: sql<number>`error_rate`,
    })
    .from(sql`get_tenant_usage_summary(${tenantId}::uuid, ${hours}::integer)`);
}

const wholeColumn = (name: string) => bigint(name, { mode: "number" }).notNull();

const databaseSizes = pgView("database_size_summary", {
  tableName: text("table_name").notNull(),
  estimatedRows: wholeColumn("estimated_rows"),
  dataBytes: wholeColumn("data_bytes"),
  indexBytes: wholeColumn("index_bytes"),
  totalBytes: wholeColumn("total_bytes"),
  dataSize: text("data_size").notNull(),
  indexSize: text("index_size").notNull(),
  totalSize: text("total_size").notNull(),
}).existing();

/** System role. Largest first. */
export function getDatabaseSizeSummary(db: Queries) {
  return db
    .select()
    .from(databaseSizes)
    .orderBy(desc(databaseSizes.totalBytes), asc(databaseSizes.tableName));
}

const indexUsage = pgView("index_usage_summary", {
  tableName: text("table_name").notNull(),
  indexName: text("index_name").notNull(),
  scans: wholeColumn("scans"),
  tuplesRead: wholeColumn("tuples_read"),
  tuplesFetched: wholeColumn("tuples_fetched"),
  sizeBytes: wholeColumn("size_bytes"),
  indexSize: text("index_size").notNull(),
  usage: text("usage", { enum: ["Unused", "Low usage", "Active"] }).notNull(),
}).existing();

/** System role. Most scanned first. */
export function getIndexUsageSummary(db: Queries) {
  return db.select().from(indexUsage).orderBy(desc(indexUsage.scans), asc(indexUsage.indexName));
}

const monitoring = pgView("performance_monitoring", {
  metric: text("metric", { enum: ["servers", "requests_last_hour"] }).notNull(),
  total: wholeColumn("total"),
  healthy: wholeColumn("healthy"),
  avgResponseTimeMs: doublePrecision("avg_response_time_ms"),
  successRate: doublePrecision("success_rate"),
}).existing();

/** Two rows: the servers as they are, and the requests of the last hour (where healthy means succeeded). */
export function getPerformanceMonitoring(db: Queries) {
  return db.select().from(monitoring);
}
