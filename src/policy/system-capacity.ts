/**
 * Applies the system's own rate limit, the row of rate_limit_configs with the subject `global`, to the object that
 * shares the capacity out. Without a row the variable REQUESTS_PER_MINUTE applies.
 */
import type { Database } from "../db/client.ts";
import { findSystemLimit } from "../db/queries/traffic/routing.ts";

/** The part of the global object that this uses. */
export interface CapacityObject {
  /** Null: the value of the variable. */
  setCapacity(perMinute: number | null): Promise<unknown>;
}

export async function syncSystemCapacity(database: Database, object: CapacityObject): Promise<void> {
  const [row] = await findSystemLimit(database.asSystem());
  await object.setCapacity(row?.limitCount ?? null);
}
