/** Passkeys of a user; better-auth's plugin writes the rest of their columns. */
import { desc, eq } from "drizzle-orm";
import { passkey } from "../../schema/identity.ts";
import type { Queries } from "../shared/queries.ts";

export function listPasskeys(db: Queries, userId: string) {
  return db
    .select({
      id: passkey.id,
      name: passkey.name,
      createdAt: passkey.createdAt,
      lastUsedAt: passkey.lastUsedAt,
    })
    .from(passkey)
    .where(eq(passkey.userId, userId))
    .orderBy(desc(passkey.createdAt))
    .limit(100);
}

export function touchPasskey(db: Queries, credentialId: string, at: Date) {
  return db.update(passkey).set({ lastUsedAt: at }).where(eq(passkey.credentialID, credentialId));
}
