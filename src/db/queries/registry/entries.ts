/** A tenant's registry: its entries by name and version. */
import { and, asc, desc, eq, gte, inArray, ne, type SQL, sql } from "drizzle-orm";
import type { EntryStatus } from "../../../core/enums.ts";
import { registryEntries as entries } from "../../schema/entries.ts";
import { mcpServers } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";

const shown = {
  id: entries.id,
  sourceId: entries.sourceId,
  name: entries.name,
  version: entries.version,
  server: entries.server,
  status: entries.status,
  statusMessage: entries.statusMessage,
  statusChangedAt: entries.statusChangedAt,
  isStatusLocal: entries.isStatusLocal,
  isLatest: entries.isLatest,
  publishedAt: entries.publishedAt,
  publishedBy: entries.publishedBy,
  updatedAt: entries.updatedAt,
  /** Of the gateway server that was made of it, while that is there. */
  serverId: mcpServers.id,
  serverName: mcpServers.name,
};

export interface EntryQuery {
  readonly search?: string | undefined;
  readonly updatedSince?: Date | undefined;
  /** `latest`, or an exact one. */
  readonly version?: string | undefined;
  readonly includeDeleted?: boolean | undefined;
  readonly after?: { readonly name: string; readonly version: string } | undefined;
  readonly limit: number;
}

const notDeleted = ne(entries.status, "deleted");

const from = (db: Queries) =>
  db
    .select(shown)
    .from(entries)
    .leftJoin(
      mcpServers,
      and(
        eq(mcpServers.tenantId, entries.tenantId),
        eq(mcpServers.id, entries.serverId),
        eq(mcpServers.isActive, true),
      ),
    )
    .$dynamic();

export function listEntries(db: Queries, tenantId: string, query: EntryQuery) {
  const { search, updatedSince, version, includeDeleted, after, limit } = query;
  return from(db)
    .where(
      and(
        eq(entries.tenantId, tenantId),
        search === undefined
          ? undefined
          : sql`position(${search.toLowerCase()} in ${entries.searchText}) > 0`,
        updatedSince === undefined ? undefined : gte(entries.updatedAt, updatedSince),
        versionIs(version),
        includeDeleted === true ? undefined : notDeleted,
        after === undefined
          ? undefined
          : sql`(${entries.name}, ${entries.version}) > (${after.name}, ${after.version})`,
      ),
    )
    .orderBy(asc(entries.name), asc(entries.version))
    .limit(limit);
}

function versionIs(version: string | undefined): SQL | undefined {
  if (version === undefined) return undefined;
  return version === "latest" ? eq(entries.isLatest, true) : eq(entries.version, version);
}

/** Newest first. */
export function listVersions(db: Queries, tenantId: string, name: string, includeDeleted: boolean) {
  return from(db)
    .where(
      and(eq(entries.tenantId, tenantId), eq(entries.name, name), includeDeleted ? undefined : notDeleted),
    )
    .orderBy(desc(entries.publishedAt), desc(entries.id))
    .limit(1000);
}

export function findEntryVersion(
  db: Queries,
  tenantId: string,
  { name, version, includeDeleted }: { name: string; version: string; includeDeleted: boolean },
) {
  return from(db).where(
    and(
      eq(entries.tenantId, tenantId),
      eq(entries.name, name),
      versionIs(version),
      includeDeleted ? undefined : notDeleted,
    ),
  );
}

export function findEntry(db: Queries, tenantId: string, id: string) {
  return from(db).where(and(eq(entries.tenantId, tenantId), eq(entries.id, id)));
}

export function insertEntry(db: Queries, values: typeof entries.$inferInsert) {
  return db.insert(entries).values(values);
}

const one = (tenantId: string, id: string) => and(eq(entries.tenantId, tenantId), eq(entries.id, id));

export function updateEntry(db: Queries, tenantId: string, id: string, server: Record<string, unknown>) {
  return db.update(entries).set({ server }).where(one(tenantId, id));
}

export function linkEntry(db: Queries, tenantId: string, id: string, serverId: string) {
  return db.update(entries).set({ serverId }).where(one(tenantId, id));
}

export interface EntryStatusChange {
  readonly status: EntryStatus;
  readonly statusMessage: string | null;
}

/** Decided here, whatever its source sends later. */
export function setEntryStatus(
  db: Queries,
  tenantId: string,
  ids: readonly string[],
  change: EntryStatusChange,
) {
  return db
    .update(entries)
    .set({
      ...change,
      isStatusLocal: true,
      statusChangedAt: sql`case when ${entries.status} = ${change.status} then ${entries.statusChangedAt} else now() end`,
    })
    .where(and(eq(entries.tenantId, tenantId), inArray(entries.id, [...ids])));
}

export function listVersionsToRank(db: Queries, tenantId: string, names: readonly string[]) {
  return db
    .select({
      id: entries.id,
      name: entries.name,
      version: entries.version,
      publishedAt: entries.publishedAt,
      status: entries.status,
    })
    .from(entries)
    .where(and(eq(entries.tenantId, tenantId), inArray(entries.name, [...names])));
}

export function markLatest(
  db: Queries,
  tenantId: string,
  names: readonly string[],
  latest: readonly string[],
) {
  const isLatest = sql<boolean>`${entries.id} = any(array(select jsonb_array_elements_text(${JSON.stringify(latest)}::jsonb)::uuid))`;
  return db
    .update(entries)
    .set({ isLatest })
    .where(
      and(
        eq(entries.tenantId, tenantId),
        inArray(entries.name, [...names]),
        sql`${entries.isLatest} <> (${isLatest})`,
      ),
    );
}

/** What was published here, or comes from another source, stays as it is; so does a status that was decided here. */
export function upsertSyncedEntries(db: Queries, rows: (typeof entries.$inferInsert)[]) {
  const isNews = sql`(${entries.server} <> excluded.server or (not ${entries.isStatusLocal} and
    (${entries.status}, coalesce(${entries.statusMessage}, '')) <> (excluded.status, coalesce(excluded.status_message, ''))))`;
  const unlessDecided = (column: SQL.Aliased | SQL, given: SQL) =>
    sql`case when ${entries.isStatusLocal} then ${column} else ${given} end`;
  return db
    .insert(entries)
    .values(rows)
    .onConflictDoUpdate({
      target: [entries.tenantId, entries.name, entries.version],
      set: {
        server: sql`excluded.server`,
        status: unlessDecided(sql`${entries.status}`, sql`excluded.status`),
        statusMessage: unlessDecided(sql`${entries.statusMessage}`, sql`excluded.status_message`),
        statusChangedAt: unlessDecided(sql`${entries.statusChangedAt}`, sql`excluded.status_changed_at`),
        publishedAt: sql`excluded.published_at`,
        updatedAt: sql`now()`,
      },
      setWhere: sql`${entries.sourceId} = excluded.source_id and ${isNews}`,
    })
    .returning({ id: entries.id });
}
