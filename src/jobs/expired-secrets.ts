/** Deletes expired records daily: codes, links, challenges, tokens, counted failures, test mails, bans, budget alerts. */
import type { Database } from "../db/client.ts";
import { deleteOldBans } from "../db/queries/access/bans.ts";
import {
  deleteExpiredSecretRows,
  deleteExpiredSessions,
  deleteExpiredTokens,
  deleteOldAttempts,
  deleteOldEmails,
  deleteUnusedClients,
} from "../db/queries/identity/expired-secrets.ts";
import { expireInvitations } from "../db/queries/identity/invitations.ts";
import { deleteOldResponses } from "../db/queries/tenants/idempotency.ts";
import { deleteOldBudgetAlerts } from "../db/queries/traffic/budgets.ts";

export async function deleteExpiredSecrets(database: Database, now: Date): Promise<void> {
  const db = database.asSystem();
  await db.batch([
    deleteExpiredSecretRows(db, now),
    deleteExpiredSessions(db, now),
    ...deleteExpiredTokens(db, now),
    deleteUnusedClients(db, now),
    deleteOldAttempts(db, now),
    deleteOldEmails(db, now),
    deleteOldResponses(db, now),
    expireInvitations(db, now),
    deleteOldBans(db, now),
    deleteOldBudgetAlerts(db, now),
  ]);
}
