/** Finds what a caller has named that belongs to another tenant: it is not found for the caller, and worth an event. */
import type { Database } from "../db/client.ts";
import { foreignOwners } from "../db/queries/foreign-objects.ts";

/** Undefined where the id is nobody's, the caller's own, or shared. */
export async function findForeignObject(
  database: Database,
  id: string,
  tenantId: string,
): Promise<{ readonly kind: string } | undefined> {
  const [found] = await foreignOwners(database.asSystem(), id, tenantId);
  return found;
}
