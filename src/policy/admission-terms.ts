/** Loads the part of a tenant that admission needs: its limits and address rules. Requests of no tenant have the shared ones. */

import { type CompiledIpRules, compileIpRules } from "../core/limits/ip-rules.ts";
import type { BanTerms } from "../core/limits/lease/sync-messages.ts";
import { type CompiledLimits, compileLimits } from "../core/limits/resolve-limits.ts";
import { SETTING_KEYS } from "../core/settings/definitions.ts";
import { banTerms } from "../core/settings/traffic-terms.ts";
import { readSettings, type Settings } from "../core/settings/values.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import type { Database } from "../db/client.ts";
import { loadSettings } from "../db/queries/tenants/settings.ts";
import {
  loadSnapshotIpRules,
  loadSnapshotLimits,
  loadSnapshotTenant,
} from "../db/queries/tenants/snapshot.ts";
import { parseTenantSettings } from "./tenant-settings.ts";

/** A tenant's snapshot has all of it, too. */
export interface AdmissionTerms {
  readonly limits: CompiledLimits;
  readonly ipLists: CompiledIpRules;
  /** Of the system's capacity, beside other tenants. */
  readonly weight: number;
  readonly burst: number;
  /** What brings a ban; undefined where automatic bans are disabled. */
  readonly bans: BanTerms | undefined;
  readonly settings: Settings;
}

export interface AdmissionTermsSource {
  get(tenantId: string, background: WaitUntil): AdmissionTerms | Promise<AdmissionTerms>;
  /** Returns what `get` would return without a load, or undefined. */
  peek(tenantId: string): AdmissionTerms | undefined;
}

const MAX_TENANTS = 1000;
const DEFAULT_WEIGHT = 1;

export function createAdmissionTerms(
  database: Database,
  epochs: Epochs,
  now: () => number,
): AdmissionTermsSource {
  const cache = new TenantCache<AdmissionTerms>(epochs, { now, limit: MAX_TENANTS });
  return {
    get(tenantId, background) {
      const load = async () => ({ value: await loadTerms(database, tenantId), tenantId });
      return cache.get(tenantId, load, background, tenantId);
    },
    peek: (tenantId) => cache.peekFresh(tenantId),
  };
}

async function loadTerms(database: Database, tenantId: string): Promise<AdmissionTerms> {
  const db = database.withTenant(tenantId);
  const [[tenant], limits, addresses, stored] = await db.batch([
    loadSnapshotTenant(db, tenantId),
    loadSnapshotLimits(db, tenantId),
    loadSnapshotIpRules(db, tenantId),
    loadSettings(db, tenantId, SETTING_KEYS),
  ]);
  const settings = readSettings(stored);
  return {
    limits: compileLimits(limits, tenant?.planLimits.requestsPerMinute),
    ipLists: compileIpRules(addresses),
    weight: tenant?.weight ?? DEFAULT_WEIGHT,
    burst: parseTenantSettings(tenant?.settings ?? {}).burst,
    bans: banTerms(settings),
    settings,
  };
}
