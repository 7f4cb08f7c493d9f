/** Finds what a caller has named that belongs to another tenant: it is not found for the caller, and worth an event. */
import type { Database } from "../db/client.ts";
import { findForeignOwners } from "../db/queries/access/foreign-objects.ts";

/** Returns undefined if the ID does not exist, belongs to the caller's tenant, or is shared. */
export async function findForeignObject(
  database: Database,
  id: string,
  tenantId: string,
): Promise<{ readonly kind: string } | undefined> {
  const [found] = await findForeignOwners(database.asSystem(), id, tenantId);
  return found;
}
