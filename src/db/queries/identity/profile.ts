/** The part of an account that its user changes. System role: users are not the runtime role's to write. */
import { eq } from "drizzle-orm";
import { user } from "../../schema/identity.ts";
import type { Queries } from "../shared/queries.ts";

const profile = {
  id: user.id,
  name: user.name,
  email: user.email,
  emailVerified: user.emailVerified,
  username: user.username,
  displayUsername: user.displayUsername,
  authProvider: user.authProvider,
  twoFactorEnabled: user.twoFactorEnabled,
  createdAt: user.createdAt,
  updatedAt: user.updatedAt,
};

export function findProfile(db: Queries, userId: string) {
  return db.select(profile).from(user).where(eq(user.id, userId)).limit(1);
}

/** Fails with a unique violation where the username is another account's. */
export function updateProfile(
  db: Queries,
  userId: string,
  { name, username }: { name?: string | undefined; username?: string | null | undefined },
) {
  return db
    .update(user)
    .set({
      ...(name !== undefined && { name }),
      ...(username !== undefined && {
        username: username === null ? null : username.toLowerCase(),
        displayUsername: username,
      }),
    })
    .where(eq(user.id, userId))
    .returning(profile);
}
