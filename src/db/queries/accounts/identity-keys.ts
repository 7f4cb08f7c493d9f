/** Keys that sign the gateway's tokens to servers about its callers (system role). */
import { desc, inArray } from "drizzle-orm";
import { identityKeys } from "../../schema/connected-accounts.ts";
import type { Queries } from "../shared/queries.ts";

export function listIdentityKeys(db: Queries) {
  const { id, publicKey, sealed, createdAt } = identityKeys;
  return db.select({ id, publicKey, sealed, createdAt }).from(identityKeys).orderBy(desc(createdAt));
}

export function insertIdentityKey(
  db: Queries,
  key: Pick<typeof identityKeys.$inferInsert, "id" | "publicKey" | "sealed"> & { readonly createdAt: Date },
) {
  return db.insert(identityKeys).values(key);
}

export function deleteIdentityKeys(db: Queries, ids: readonly string[]) {
  return db.delete(identityKeys).where(inArray(identityKeys.id, [...ids]));
}
