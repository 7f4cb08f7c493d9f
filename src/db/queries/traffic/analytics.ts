/** A tenant's traffic from the rollups: over time, by member of a dimension, and all of it for billing. */
import { and, desc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Dimension, Grain, TrafficKind } from "../../../core/analytics/dimensions.ts";
import { splitByRollup } from "../../../core/analytics/period.ts";
import { apiKeys } from "../../schema/access.ts";
import { user } from "../../schema/identity.ts";
import { materializedViews } from "../../schema/operations.ts";
import { mcpServers } from "../../schema/registry.ts";
import { requestRollupsDay, requestRollupsHour } from "../../schema/rollups.ts";
import { tenants } from "../../schema/tenants.ts";
import { inPeriod, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import { ROLLUPS } from "./rollups.ts";

export interface TrafficQuery extends Period {
  readonly tenantId: string;
  readonly kind: TrafficKind;
  readonly grain: Grain;
}

export interface DimensionQuery extends TrafficQuery {
  readonly dimension?: Dimension;
  /** An id or a name; a tool's is `{server id}/{name}`. */
  readonly member?: string;
}

function trafficScope(
  { tenantId, kind, grain, from, to }: TrafficQuery,
  dimension: Dimension,
): SQL | undefined {
  const table = ROLLUPS[grain];
  return and(
    eq(table.tenantId, tenantId),
    eq(table.kind, kind),
    eq(table.dimension, dimension),
    inPeriod(table.at, { from, to }),
  );
}

/** A row for each minute, hour or day in which there was something, oldest first. */
export function loadTrafficSeries(db: Queries, query: DimensionQuery) {
  const { dimension = "all", member = "" } = query;
  const table = ROLLUPS[query.grain];
  return db
    .select({
      at: table.at,
      requests: table.requests,
      errors: table.errors,
      timed: table.timed,
      durationMs: table.durationMs,
      requestBytes: table.requestBytes,
      cost: table.cost,
      histogram: table.histogram,
    })
    .from(table)
    .where(and(trafficScope(query, dimension), eq(table.member, member)))
    .orderBy(table.at);
}

export type TrafficRanking = "requests" | "errors" | "durationMs" | "requestBytes" | "cost";

export interface TopQuery extends TrafficQuery {
  readonly dimension: Dimension;
  readonly by: TrafficRanking;
  readonly limit: number;
}

/** The members with the most, with what they add up to; names are as they are now, null where nothing has it any more. */
export function listTopMembers(db: Queries, query: TopQuery) {
  const ranked = rankMembers(db, query);
  return db
    .with(ranked)
    .select(memberColumns(ranked, query))
    .from(ranked)
    .orderBy(desc(ranked[query.by]), sql`ranked.member`);
}

/** The same with their histograms. Adding these up is what costs, so only those of the members that are shown. */
export function listTopMembersWithLatency(db: Queries, query: TopQuery) {
  const ranked = rankMembers(db, query);
  const measured = db.$with("measured").as(
    db
      .select({
        member: sql<string>`parts.member`.as("member"),
        histogram: sql<number[]>`gateway_sum_histograms(parts.histogram)`.as("histogram"),
      })
      .from(rollupParts(db, query))
      .where(inArray(sql`parts.member`, db.select({ member: ranked.member }).from(ranked)))
      .groupBy(sql`parts.member`),
  );
  return db
    .with(ranked, measured)
    .select({ ...memberColumns(ranked, query), histogram: measured.histogram })
    .from(ranked)
    .innerJoin(measured, sql`measured.member = ranked.member`)
    .orderBy(desc(ranked[query.by]), sql`ranked.member`);
}

/** Sums of whole days answer for most of a week: a seventh of the rows. */
function rollupParts(db: Queries, query: TopQuery): SQL {
  const pieces = splitByRollup(query, query.grain).map((piece) => {
    const table = ROLLUPS[piece.grain];
    const { member, requests, errors, timed, durationMs, requestBytes, cost, histogram } = table;
    return db
      .select({ member, requests, errors, timed, durationMs, requestBytes, cost, histogram })
      .from(table)
      .where(trafficScope({ ...query, ...piece }, query.dimension))
      .getSQL();
  });
  return sql`(${sql.join(pieces, sql` union all `)}) as parts`;
}

const COLUMNS: Readonly<Record<TrafficRanking, string>> = {
  requests: "requests",
  errors: "errors",
  durationMs: "duration_ms",
  requestBytes: "request_bytes",
  cost: "cost",
};

function rankMembers(db: Queries, query: TopQuery) {
  const all = (column: string) => sql`sum(parts.${sql.identifier(column)})`;
  return db.$with("ranked").as(
    db
      .select({
        member: sql<string>`parts.member`.as("member"),
        requests: all("requests").mapWith(Number).as("requests"),
        errors: all("errors").mapWith(Number).as("errors"),
        timed: all("timed").mapWith(Number).as("timed"),
        durationMs: all("duration_ms").mapWith(Number).as("duration_ms"),
        requestBytes: all("request_bytes").mapWith(Number).as("request_bytes"),
        cost: all("cost").mapWith(Number).as("cost"),
      })
      .from(rollupParts(db, query))
      .groupBy(sql`parts.member`)
      .orderBy(desc(all(COLUMNS[query.by])), sql`parts.member`)
      .limit(query.limit),
  );
}

function memberColumns(ranked: ReturnType<typeof rankMembers>, { dimension, tenantId }: TopQuery) {
  return {
    // By its table's name: other parts of a query have members too.
    member: sql<string>`ranked.member`,
    name: sql<string | null>`${memberName(dimension, tenantId)}`,
    requests: ranked.requests,
    errors: ranked.errors,
    timed: ranked.timed,
    durationMs: ranked.durationMs,
    requestBytes: ranked.requestBytes,
    cost: ranked.cost,
  };
}

/** Members of these dimensions are ids of the columns' own types: the function that adds up takes them from there. */
function memberName(dimension: Dimension, tenantId: string): SQL {
  switch (dimension) {
    case "server":
    case "tool":
      return sql`(select ${mcpServers.name} from ${mcpServers} where ${mcpServers.tenantId} = ${tenantId}::uuid
        and ${mcpServers.id} = split_part(ranked.member, '/', 1)::uuid)`;
    case "user":
      return sql`(select ${user.name} from ${user} where ${user.id} = ranked.member)`;
    case "key":
      return sql`(select ${apiKeys.name} from ${apiKeys} where ${apiKeys.tenantId} = ${tenantId}::uuid
        and ${apiKeys.id} = ranked.member::uuid)`;
    default:
      return sql`null::text`;
  }
}

/** System role, one row: the sums hold all that was logged before this moment. Null before the first time. */
export function loadRolledUpAt(db: Queries) {
  return db
    .select({ at: materializedViews.lastRefreshedAt })
    .from(materializedViews)
    .where(eq(materializedViews.name, "request_rollups_minute"));
}

export interface UsageCursor {
  readonly at: Date;
  readonly tenantId: string;
}

/** System role: what each tenant used on each UTC day. */
export function listDailyUsage(
  db: Queries,
  query: Period & { after?: UsageCursor | undefined; limit: number },
) {
  const table = requestRollupsDay;
  const of = (kind: TrafficKind, column: "requests" | "errors") =>
    sql`coalesce(sum(${table[column]}) filter (where ${table.dimension} = 'all' and ${table.kind} = ${kind}), 0)`.mapWith(
      Number,
    );
  const inAll = sql`filter (where ${table.dimension} = 'all')`;
  return db
    .select({
      at: table.at,
      tenantId: table.tenantId,
      tenant: sql<
        string | null
      >`(select ${tenants.slug} from ${tenants} where ${tenants.id} = ${table.tenantId})`,
      calls: of("call", "requests"),
      callErrors: of("call", "errors"),
      mcpRequests: of("mcp", "requests"),
      restRequests: of("rest", "requests"),
      pageRequests: of("page", "requests"),
      requestBytes: sql`coalesce(sum(${table.requestBytes}) ${inAll}, 0)`.mapWith(Number),
      cost: sql`coalesce(sum(${table.cost}) ${inAll}, 0)`.mapWith(Number),
      users: sql`count(distinct ${table.member}) filter (where ${table.dimension} = 'user')`.mapWith(Number),
    })
    .from(table)
    .where(
      and(
        inPeriod(table.at, query),
        inArray(table.dimension, ["all", "user"]),
        query.after === undefined
          ? undefined
          : sql`(${table.tenantId}, ${table.at}) > (${query.after.tenantId}::uuid, ${query.after.at.toISOString()}::timestamptz)`,
      ),
    )
    .groupBy(table.tenantId, table.at)
    .orderBy(table.tenantId, table.at)
    .limit(query.limit);
}

export interface RollupCursor {
  readonly at: Date;
  readonly kind: string;
  readonly dimension: string;
  readonly member: string;
}

/** A tenant's sums as they are, in the order of their key, so that a page begins where the one before has ended. */
export function listRollups(
  db: Queries,
  query: Period & {
    tenantId: string;
    grain: "hour" | "day";
    after?: RollupCursor | undefined;
    limit: number;
  },
) {
  const table = query.grain === "hour" ? requestRollupsHour : requestRollupsDay;
  const { after } = query;
  return db
    .select({
      at: table.at,
      kind: table.kind,
      dimension: table.dimension,
      member: table.member,
      requests: table.requests,
      errors: table.errors,
      timed: table.timed,
      durationMs: table.durationMs,
      requestBytes: table.requestBytes,
      cost: table.cost,
      histogram: table.histogram,
    })
    .from(table)
    .where(
      and(
        eq(table.tenantId, query.tenantId),
        inPeriod(table.at, query),
        after === undefined
          ? undefined
          : sql`(${table.kind}, ${table.dimension}, ${table.at}, ${table.member}) >
              (${after.kind}, ${after.dimension}, ${after.at.toISOString()}::timestamptz, ${after.member})`,
      ),
    )
    .orderBy(table.kind, table.dimension, table.at, table.member)
    .limit(query.limit);
}
