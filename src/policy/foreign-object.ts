/** Finds the named object if it is another tenant's: the caller gets "not found", and an event is recorded. */
import type { Database } from "../db/client.ts";
import { findForeignOwners } from "../db/queries/access/foreign-objects.ts";

/** Returns undefined if the ID does not exist, is of the caller's tenant, or is shared. */
export async function findForeignObject(
  database: Database,
  id: string,
  tenantId: string,
): Promise<{ readonly kind: string } | undefined> {
  const [found] = await findForeignOwners(database.asSystem(), id, tenantId);
  return found;
}
