/** Adds what an isolate has counted of keys' use to the database. */
import type { Database } from "../db/client.ts";
import { addKeyUsage, addLegacyKeyUsage } from "../db/queries/access/api-keys.ts";
import type { KeyUsageBatch } from "./key-usage.ts";

export async function saveKeyUsage(database: Database, { keys, legacyKeys }: KeyUsageBatch): Promise<void> {
  const db = database.asSystem();
  if (legacyKeys.length === 0) await addKeyUsage(db, keys);
  else if (keys.length === 0) await addLegacyKeyUsage(db, legacyKeys);
  else await db.batch([addKeyUsage(db, keys), addLegacyKeyUsage(db, legacyKeys)]);
}
