/**
 * What the MCP path reads from and writes to the database. Loaded by the first request that needs the database: the driver,
 * Drizzle, the schema and zod take longer to evaluate than everything else that serves a call.
 */
import type { NewBan } from "./core/limits/lease/sync-messages.ts";
import { createDatabase, type Database, type DatabaseDeps, type DatabaseUrls } from "./db/client.ts";
import { recordSecurityEvent, type SecurityEvent } from "./db/queries/logs/security.ts";
import { loadStoredInventories } from "./gateway/catalog/stored-inventory.ts";
import { apiKeyVerifier, legacyKeyVerifier } from "./identity/api-keys.ts";
import type { CredentialVerifier } from "./identity/credentials.ts";
import type { KeyUsageBatch } from "./identity/key-usage.ts";
import { saveKeyUsage } from "./identity/save-key-usage.ts";
import { saveBans } from "./policy/bans.ts";
import { type BudgetObject, saveBudgetCrossings } from "./policy/budget-crossings.ts";
import { compileSnapshot } from "./policy/compile-snapshot.ts";
import { createSnapshotSource } from "./policy/load-snapshot.ts";
import type { SnapshotServer, SnapshotSource, Snapshots } from "./policy/snapshot.ts";
import { type CapacityObject, syncSystemCapacity } from "./policy/system-capacity.ts";
import { saveBreakerTransitions, type TransitionsObject } from "./policy/transitions.ts";

export interface GatewayStorage {
  readonly database: Database;
  readonly apiKeys: CredentialVerifier;
  readonly legacyKeys: CredentialVerifier;
  readonly snapshots: SnapshotSource;
  loadStoredInventories(
    tenantId: string,
    servers: readonly SnapshotServer[],
  ): ReturnType<typeof loadStoredInventories>;
  saveKeyUsage(batch: KeyUsageBatch): Promise<void>;
  /** Transitions of breakers and crossings of budgets that the tenant's object holds. */
  saveObjectRecords(tenantId: string, object: TransitionsObject & BudgetObject): Promise<void>;
  saveBans(trafficId: string, bans: readonly NewBan[]): Promise<void>;
  recordSecurityEvent(event: SecurityEvent): Promise<unknown>;
  syncSystemCapacity(object: CapacityObject): Promise<void>;
}

/** Snapshots in the isolate, to which the look-up of a key adds its tenant's. */
export type KeptSnapshots = Pick<Snapshots, "listCurrent" | "keep">;

export function createGatewayStorage(
  urls: DatabaseUrls,
  deps: DatabaseDeps,
  snapshots: KeptSnapshots,
): GatewayStorage {
  const database = createDatabase(urls, deps);
  return {
    database,
    apiKeys: apiKeyVerifier(database, {
      listCurrent: snapshots.listCurrent,
      keep: async (rows, loadedAt) => snapshots.keep(rows.tenant.id, await compileSnapshot(rows), loadedAt),
    }),
    legacyKeys: legacyKeyVerifier(database),
    snapshots: createSnapshotSource(database),
    loadStoredInventories: (tenantId, servers) => loadStoredInventories(database, tenantId, servers),
    saveKeyUsage: (batch) => saveKeyUsage(database, batch),
    async saveObjectRecords(tenantId, object) {
      await saveBreakerTransitions(database, tenantId, object);
      await saveBudgetCrossings(database, tenantId, object);
    },
    saveBans: (trafficId, bans) => saveBans(database, trafficId, bans, Date.now()),
    recordSecurityEvent: async (event) => recordSecurityEvent(database.asSystem(), event),
    syncSystemCapacity: (object) => syncSystemCapacity(database, object),
  };
}
