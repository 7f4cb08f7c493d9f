/** Configuration values in time: each change leaves the version before it to be read and brought back. */
import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { SettingKey } from "../../../core/settings/definitions.ts";
import type { StoredSetting } from "../../../core/settings/values.ts";
import { systemConfigHistory as history, systemConfigs } from "../../schema/operations.ts";
import type { RowOwner } from "../shared/crud.ts";
import { isOwnOrShared } from "../shared/ownership.ts";
import type { Queries } from "../shared/queries.ts";

export function insertConfigVersion(db: Queries, values: typeof history.$inferInsert) {
  return db.insert(history).values(values);
}

const seen = (owner: RowOwner) =>
  owner === null ? isNull(history.tenantId) : isOwnOrShared(history.tenantId, owner);

const shown = {
  version: history.version,
  value: history.value,
  changedBy: history.changedBy,
  reason: history.reason,
  createdAt: history.createdAt,
};

/** Newest first. */
export function listConfigVersions(db: Queries, owner: RowOwner, configId: string) {
  return db
    .select(shown)
    .from(history)
    .where(and(eq(history.configId, configId), seen(owner)))
    .orderBy(desc(history.version))
    .limit(200);
}

export function findConfigVersion(db: Queries, owner: RowOwner, configId: string, version: number) {
  return db
    .select(shown)
    .from(history)
    .where(and(eq(history.configId, configId), eq(history.version, version), seen(owner)));
}

/** Of these keys the tenant's own and the whole system's. */
export function loadSettings(db: Queries, tenantId: string, keys: readonly string[]) {
  return db
    .select({
      id: systemConfigs.id,
      key: systemConfigs.key,
      value: systemConfigs.value,
      tenantId: systemConfigs.tenantId,
    })
    .from(systemConfigs)
    .where(and(inArray(systemConfigs.key, [...keys]), isOwnOrShared(systemConfigs.tenantId, tenantId)));
}

/** System role (queue): of every tenant and of the whole system. */
export function listStoredSettings(db: Queries, keys: readonly string[]) {
  return db
    .select({ key: systemConfigs.key, value: systemConfigs.value, tenantId: systemConfigs.tenantId })
    .from(systemConfigs)
    .where(inArray(systemConfigs.key, [...keys]));
}

/** The number that a setting has in the tenant of a row, or `fallback`: its own value, or else the whole system's. */
export function settingNumber(key: string, tenantId: AnyPgColumn, fallback: number) {
  return sql`coalesce((
    select (c.value #>> '{}')::float8 from system_configs c
    where c.key = ${key} and jsonb_typeof(c.value) = 'number' and (c.tenant_id = ${tenantId} or c.tenant_id is null)
    order by c.tenant_id nulls last limit 1), ${fallback}::float8)`;
}

/** Of each key what holds in the tenant: its own value, or else the whole system's. */
export function listEffectiveConfigs(db: Queries, tenantId: string) {
  const configs = systemConfigs;
  return db
    .selectDistinctOn([configs.key], {
      key: configs.key,
      value: configs.value,
      category: configs.category,
      version: configs.version,
      isRuntime: configs.isRuntime,
      isSensitive: configs.isSensitive,
      tenantId: configs.tenantId,
    })
    .from(configs)
    .where(isOwnOrShared(configs.tenantId, tenantId))
    .orderBy(configs.key, configs.tenantId)
    .limit(2000);
}

/** The stored values of some settings, of a tenant and of the system, as a column of a query that finds the tenant. */
export const selectSettings = (tenantId: AnyPgColumn, keys: readonly SettingKey[]) =>
  sql<StoredSetting[] | null>`(select json_agg(json_build_object('key', ${systemConfigs.key},
      'value', ${systemConfigs.value}, 'tenantId', ${systemConfigs.tenantId}))
    from ${systemConfigs}
    where ${systemConfigs.key} = any(${sql.param([...keys])})
      and (${systemConfigs.tenantId} is null or ${systemConfigs.tenantId} = ${tenantId}))`;
