/** Notifies the owners of API keys by email, 7 days and 1 day before a key expires. */
import { DAY_MS } from "../core/durations.ts";
import type { Database } from "../db/client.ts";
import { listExpiringKeys } from "../db/queries/access/api-key-lookup.ts";
import { listAccountEmails, listAdminEmails } from "../db/queries/identity/user-lookup.ts";
import { type EmailSender, MailNotConfiguredError } from "../email/mailer.ts";
import { expiringKeysEmail } from "../email/templates.ts";

const NOTICE_DAYS = [7, 1];
/** Keys with the same expiry beyond that number are in the list of expiring keys only. */
const MAX_KEYS = 500;

interface NoticeDeps {
  readonly database: Database;
  readonly sendMail: EmailSender;
  readonly publicUrl: string;
}

/** The keys that expire on that day, so that a job that runs daily gives each notice once. */
function listKeysExpiringIn(database: Database, days: number, now: Date) {
  const until = new Date(now.getTime() + days * DAY_MS);
  const from = new Date(until.getTime() - DAY_MS);
  return listExpiringKeys(database.asSystem(), { from, until, limit: MAX_KEYS });
}

type Key = Awaited<ReturnType<typeof listKeysExpiringIn>>[number];

/** Returns how many emails were sent. Without a mail service there is nothing to do: `/system/insights/expiring-keys` lists the keys. */
export async function notifyExpiringKeys(deps: NoticeDeps, now: Date): Promise<number> {
  const { database, sendMail, publicUrl } = deps;
  const keys = (await Promise.all(NOTICE_DAYS.map((days) => listKeysExpiringIn(database, days, now)))).flat();
  const byRecipient = new Map<string, Key[]>();
  for (const [key, recipients] of await findRecipients(database, keys)) {
    for (const email of recipients) byRecipient.set(email, [...(byRecipient.get(email) ?? []), key]);
  }
  for (const [email, own] of byRecipient) {
    try {
      await sendMail(expiringKeysEmail(email, own, `${publicUrl}/admin/keys`));
    } catch (error) {
      if (error instanceof MailNotConfiguredError) return 0;
      throw error;
    }
  }
  return byRecipient.size;
}

/** The user of a key, or the admins of its organization for keys of service accounts and keys without a user. */
async function findRecipients(database: Database, keys: readonly Key[]): Promise<Map<Key, string[]>> {
  const userIds = [...new Set(keys.flatMap(({ userId }) => (userId === null ? [] : [userId])))];
  const owners = userIds.length === 0 ? [] : await listAccountEmails(database.asSystem(), userIds);
  const emails = new Map(owners.map(({ id, email }) => [id, email]));
  const admins = new Map<string, string[]>();
  const recipients = new Map<Key, string[]>();
  for (const key of keys) {
    const email = emails.get(key.userId ?? "");
    if (email !== undefined) {
      recipients.set(key, [email]);
      continue;
    }
    const known = admins.get(key.tenantId) ?? (await loadAdminEmails(database, key.tenantId));
    admins.set(key.tenantId, known);
    recipients.set(key, known);
  }
  return recipients;
}

async function loadAdminEmails(database: Database, tenantId: string): Promise<string[]> {
  const admins = await listAdminEmails(database.asSystem(), tenantId);
  return admins.map(({ email }) => email);
}
