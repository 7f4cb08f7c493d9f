/** The settings of every tenant, from the stored values of all: for jobs and queue consumers that serve many tenants. */
import { readSettings, type Settings, type StoredSetting } from "./values.ts";

export interface TenantSettings {
  /** Null: the whole system's, which also holds for tenants without values of their own. */
  readonly get: (tenantId: string | null) => Settings;
  readonly stored: (tenantId: string | null) => readonly StoredSetting[];
  /**
   * Returns the tenants in which `holds`, `undefined` if it holds for the whole system (and so for tenants that are not
   * listed here), or an empty list.
   */
  readonly listTenants: (holds: (settings: Settings) => boolean) => readonly string[] | undefined;
}

export function readTenantSettings(rows: readonly StoredSetting[]): TenantSettings {
  const shared = rows.filter(({ tenantId }) => tenantId === null);
  const own = Map.groupBy(
    rows.filter(({ tenantId }) => tenantId !== null),
    ({ tenantId }) => tenantId,
  );
  const read = new Map<string | null, Settings>();
  const stored = (tenantId: string | null) => [...shared, ...((tenantId && own.get(tenantId)) || [])];
  const get = (tenantId: string | null) => {
    const key = own.has(tenantId) ? tenantId : null;
    const settings = read.get(key) ?? readSettings(stored(key));
    read.set(key, settings);
    return settings;
  };
  return {
    ...{ get, stored },
    listTenants: (holds) =>
      holds(get(null))
        ? undefined
        : [...own.keys()].filter((id): id is string => id !== null && holds(get(id))),
  };
}
