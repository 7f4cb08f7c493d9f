/**
 * Tells a person by mail that the ways into their account have changed, so that a change that was not theirs is
 * noticed. Sent in the background; a gateway that cannot send mail has the security event only.
 */
import type { Database } from "../../db/client.ts";
import { emailOf } from "../../db/queries/people.ts";
import type { EmailSender } from "../../email/mailer.ts";
import { accountChangedEmail } from "../../email/templates.ts";

export type TellPerson = (userId: string, whatChanged: string) => void;

interface TellParts {
  readonly database: Database;
  readonly publicUrl: string;
  readonly sendMail: EmailSender;
  readonly background: (work: Promise<unknown>) => void;
}

export function createTellPerson({ database, publicUrl, sendMail, background }: TellParts): TellPerson {
  const tell = async (userId: string, whatChanged: string) => {
    const [person] = await emailOf(database.asSystem(), userId);
    if (person !== undefined) await sendMail(accountChangedEmail(person.email, whatChanged, publicUrl));
  };
  return (userId, whatChanged) => background(tell(userId, whatChanged).catch(() => undefined));
}
