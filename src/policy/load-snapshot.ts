/** Loads a tenant's snapshot in one round trip. */
import type { Database } from "../db/client.ts";
import { loadTenantRows } from "../db/queries/tenants/load-tenant.ts";
import { findOpenTenant } from "../db/queries/tenants/snapshot.ts";
import { compileSnapshot } from "./compile-snapshot.ts";
import type { SnapshotSource } from "./snapshot.ts";

export const createSnapshotSource = (database: Database): SnapshotSource => ({
  async loadSnapshot(tenantId) {
    // From the main database: a replica that lags behind would bring back, under the new epoch, what was just revoked.
    const rows = await loadTenantRows(database.withTenant(tenantId), tenantId);
    return rows && compileSnapshot(rows);
  },
  findOpenTenant: async (slug) => (await findOpenTenant(database.asSystem(), slug))[0]?.id,
});
