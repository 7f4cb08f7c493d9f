/**
 * Notifies a user by mail that the credentials of their account have changed, so that a change that was not theirs is
 * noticed. Sent in the background; a gateway that cannot send mail has the security event only.
 */
import type { Database } from "../../db/client.ts";
import { findEmail } from "../../db/queries/identity/user-accounts.ts";
import type { EmailSender } from "../../email/mailer.ts";
import { accountChangedEmail } from "../../email/templates.ts";

export type NotifyUser = (userId: string, whatChanged: string) => void;

interface NotifyUserDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly sendMail: EmailSender;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export function createNotifyUser({ database, publicUrl, sendMail, waitUntil }: NotifyUserDeps): NotifyUser {
  const tell = async (userId: string, whatChanged: string) => {
    const [person] = await findEmail(database.asSystem(), userId);
    if (person !== undefined) await sendMail(accountChangedEmail(person.email, whatChanged, publicUrl));
  };
  return (userId, whatChanged) => waitUntil(tell(userId, whatChanged).catch(() => undefined));
}
