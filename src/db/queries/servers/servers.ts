/** A tenant's servers as REST and pages show, search and change them. */
import {
  and,
  arrayContains,
  asc,
  count,
  eq,
  exists,
  getTableColumns,
  inArray,
  type SQL,
  sql,
} from "drizzle-orm";
import type { HealthStatus, Transport } from "../../../core/enums.ts";
import { mcpServers, serverTools } from "../../schema/registry.ts";
import { tenants } from "../../schema/tenants.ts";
import { afterCursor, clampLimit, type NameCursor } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import {
  afterKey,
  type CursorValues,
  cursorValues,
  orderBy,
  type SortKey,
  type SortOrder,
  sortKey,
} from "../shared/sort.ts";

const servers = mcpServers;
const { authConfig, healthRecent: _, ...open } = getTableColumns(servers);

/** Never the sealed secret; its fingerprint shows whether it has changed. */
const serverColumns = {
  ...open,
  authType: sql<string>`${authConfig} ->> 'type'`.as("auth_type"),
  authReference: sql<string | null>`${authConfig} ->> 'reference'`.as("auth_reference"),
  authVersion: sql<string>`md5(${authConfig}::text)`.as("auth_version"),
};

export type NewServer = typeof servers.$inferInsert;

const one = (tenantId: string, id: string) => and(eq(servers.tenantId, tenantId), eq(servers.id, id));

export interface ServerFilter {
  readonly tag?: readonly string[] | undefined;
  readonly capability?: string | undefined;
  readonly transport?: Transport | undefined;
  readonly health?: HealthStatus | undefined;
  /** By its exact name. */
  readonly tool?: string | undefined;
  readonly name?: string | undefined;
  readonly region?: string | undefined;
  readonly isActive?: boolean | undefined;
  /** Beginnings of words, all of which must be there. */
  readonly words?: readonly string[] | undefined;
}

const matchesWords = (words: readonly string[]) =>
  sql`gateway_find_servers(array(select jsonb_array_elements_text(${JSON.stringify(words)}::jsonb)))`;

/** Only with search words. */
export const relevance: SortKey = { by: sql`found.rank`, type: "real" };

export const serverSorts: Readonly<Record<string, SortKey>> = {
  name: sortKey(servers.name),
  createdAt: sortKey(servers.createdAt),
  updatedAt: sortKey(servers.updatedAt),
  healthStatus: sortKey(servers.healthStatus),
  transportType: sortKey(servers.transportType),
  avgResponseTime: sortKey(servers.avgResponseTime),
  successRate: sortKey(servers.successRate),
  lastHealthCheck: sortKey(servers.lastHealthCheck),
  weight: sortKey(servers.weight),
};

export interface ServerQuery {
  readonly filter: ServerFilter;
  readonly order: SortOrder;
  readonly after?: CursorValues | undefined;
  readonly limit: number;
}

/** First the page, by what it is sorted by, and then what is shown of it: half of all servers may match. */
export function searchServers(db: Queries, tenantId: string, { filter, order, after, limit }: ServerQuery) {
  const { words } = filter;
  const sorted = order.keys.map(({ by }, index) => [`k${index}`, sql`${by}`.as(`k${index}`)] as const);
  const query = db
    .select({ id: servers.id, ...Object.fromEntries(sorted) })
    .from(servers)
    .$dynamic();
  const narrowed =
    words === undefined
      ? query
      : query.innerJoin(sql`${matchesWords(words)} as found`, eq(servers.id, sql`found.server_id`));
  const page = narrowed
    .where(and(eq(servers.tenantId, tenantId), toCondition(db, filter), afterKey(order, after)))
    .orderBy(...orderBy(order))
    .limit(limit)
    .as("page");
  const shown: SortOrder = {
    keys: order.keys.map((key, index) => ({ ...key, by: sql`page.${sql.identifier(`k${index}`)}` })),
    id: servers.id,
  };
  return db
    .select({ ...serverColumns, place: cursorValues(shown) })
    .from(page)
    .innerJoin(servers, eq(servers.id, sql`page.id`))
    .orderBy(...orderBy(shown));
}

function toCondition(db: Queries, filter: ServerFilter): SQL | undefined {
  const { tag, capability, transport, health, tool, name, region, isActive } = filter;
  const offers = (toolName: string) =>
    exists(
      db
        .select({ one: sql`1` })
        .from(serverTools)
        .where(and(eq(serverTools.serverId, servers.id), eq(serverTools.name, toolName))),
    );
  return and(
    tag && arrayContains(servers.tags, [...tag]),
    capability === undefined ? undefined : sql`jsonb_exists(${servers.capabilities}, ${capability})`,
    transport && eq(servers.transportType, transport),
    health && eq(servers.healthStatus, health),
    tool === undefined ? undefined : offers(tool),
    name === undefined ? undefined : eq(servers.name, name),
    region === undefined ? undefined : eq(servers.region, region),
    isActive === undefined ? undefined : eq(servers.isActive, isActive),
  );
}

export function findServer(db: Queries, tenantId: string, id: string) {
  return db.select(serverColumns).from(servers).where(one(tenantId, id));
}

export function findServerByName(db: Queries, tenantId: string, name: string) {
  return db
    .select(serverColumns)
    .from(servers)
    .where(and(eq(servers.tenantId, tenantId), eq(servers.name, name)));
}

/** A page by name of the servers that connectors serve. */
export function listStdioServers(
  db: Queries,
  tenantId: string,
  page: { after: NameCursor | undefined; limit: number },
) {
  return db
    .select({ id: servers.id, name: servers.name })
    .from(servers)
    .where(
      and(
        eq(servers.tenantId, tenantId),
        eq(servers.transportType, "stdio"),
        afterCursor(servers.name, servers.id, page.after),
      ),
    )
    .orderBy(asc(servers.name), asc(servers.id))
    .limit(clampLimit(page.limit));
}

export function insertServer(db: Queries, server: NewServer) {
  return db.insert(servers).values(server).returning(serverColumns);
}

export function updateServer(db: Queries, tenantId: string, id: string, change: Partial<NewServer>) {
  return db.update(servers).set(change).where(one(tenantId, id)).returning(serverColumns);
}

export function deleteServer(db: Queries, tenantId: string, id: string) {
  return db.delete(servers).where(one(tenantId, id));
}

/** Which of some ids are this tenant's servers. */
export function listServersByIds(db: Queries, tenantId: string, ids: readonly string[]) {
  return db
    .select({ id: servers.id, name: servers.name })
    .from(servers)
    .where(and(eq(servers.tenantId, tenantId), inArray(servers.id, [...ids])));
}

/** Locks the tenant at the start of a batch, so that concurrent registrations wait and are counted. */
export function lockTenant(db: Queries, tenantId: string) {
  return db.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for("no key update");
}

/** Ends the batch (22012) where the plan has no room for one server more. */
export function assertPlanCapacity(db: Queries, tenantId: string) {
  const held = db.select({ servers: count() }).from(servers).where(eq(servers.tenantId, tenantId));
  return db.execute(
    sql`select 1 / (case when (${held}) < coalesce((${tenants.planLimits} ->> 'servers')::bigint, 9e18) then 1 else 0 end)
      from ${tenants} where ${eq(tenants.id, tenantId)}`,
  );
}
