/** Takes away, daily, what was short-lived and is over: codes, links, challenges, tokens, counted failures, test mails. */
import type { Database } from "../db/client.ts";
import { dropOldAnswers } from "../db/queries/idempotency.ts";
import { expireInvitations } from "../db/queries/invitations.ts";
import {
  dropExpiredSecrets,
  dropExpiredSessions,
  dropExpiredTokens,
  dropOldAttempts,
  dropOldMails,
  dropUnusedClients,
} from "../db/queries/sweep.ts";

export async function deleteExpiredSecrets(database: Database, now: Date): Promise<void> {
  const db = database.asSystem();
  await db.batch([
    dropExpiredSecrets(db, now),
    dropExpiredSessions(db, now),
    ...dropExpiredTokens(db, now),
    dropUnusedClients(db, now),
    dropOldAttempts(db, now),
    dropOldMails(db, now),
    dropOldAnswers(db, now),
    expireInvitations(db, now),
  ]);
}
