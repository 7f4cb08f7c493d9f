/** Deletes expired secrets (system role, cron). */

import { and, eq, isNotNull, lt, notInArray, or } from "drizzle-orm";
import { DAY_MS } from "../../../core/durations.ts";
import { session, verification } from "../../schema/identity.ts";
import {
  oauthAccessToken,
  oauthClient,
  oauthClientAssertion,
  oauthConsent,
  oauthRefreshToken,
} from "../../schema/oauth.ts";
import { authAttempts, devMailbox } from "../../schema/sign-in.ts";
import type { Queries } from "../shared/queries.ts";

const ago = (now: Date, ms: number) => new Date(now.getTime() - ms);

export function deleteExpiredSecretRows(db: Queries, now: Date) {
  return db.delete(verification).where(lt(verification.expiresAt, now));
}

/** Kept for a while, since people look up where they were signed in. */
export function deleteExpiredSessions(db: Queries, now: Date) {
  return db.delete(session).where(lt(session.expiresAt, ago(now, 30 * DAY_MS)));
}

export function deleteExpiredTokens(db: Queries, now: Date) {
  return [
    db.delete(oauthAccessToken).where(lt(oauthAccessToken.expiresAt, now)),
    db.delete(oauthRefreshToken).where(lt(oauthRefreshToken.expiresAt, now)),
    db.delete(oauthClientAssertion).where(lt(oauthClientAssertion.expiresAt, now)),
  ] as const;
}

/**
 * Deletes OAuth clients without consent, because unauthenticated callers can create them. A client with a metadata
 * document is fetched again when it returns; a dynamically registered one is kept for a month. Clients that an operator
 * has blocked are kept.
 */
export function deleteUnusedClients(db: Queries, now: Date) {
  const consented = db.select({ clientId: oauthConsent.clientId }).from(oauthConsent);
  return db
    .delete(oauthClient)
    .where(
      and(
        eq(oauthClient.disabled, false),
        notInArray(oauthClient.clientId, consented),
        or(
          and(isNotNull(oauthClient.clientDiscoveryId), lt(oauthClient.updatedAt, ago(now, DAY_MS))),
          lt(oauthClient.updatedAt, ago(now, 30 * DAY_MS)),
        ),
      ),
    );
}

export function deleteOldAttempts(db: Queries, now: Date) {
  return db.delete(authAttempts).where(lt(authAttempts.updatedAt, ago(now, DAY_MS)));
}

export function deleteOldEmails(db: Queries, now: Date) {
  return db.delete(devMailbox).where(lt(devMailbox.createdAt, ago(now, 30 * DAY_MS)));
}
