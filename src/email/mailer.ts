/** Sends email: one plain-text message to one recipient. */
import type { Database } from "../db/client.ts";
import { saveEmail } from "../db/queries/logs/dev-mailbox.ts";

export interface EmailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export type EmailSender = (mail: EmailMessage) => Promise<void>;

export interface EmailSettings {
  /** Cloudflare's send_email binding, where the deployment has one. */
  readonly binding: SendEmail | undefined;
  readonly from: string | undefined;
  /** Development and tests keep mails where /dev/mailbox shows them. */
  readonly saveToDevMailbox: boolean;
}

export class MailNotConfiguredError extends Error {
  override readonly name = "MailNotConfiguredError";

  constructor() {
    super("Email is not configured: the EMAIL binding and MAIL_FROM are required (docs/guides/deploy.md).");
  }
}

export function createMailer(database: Database, settings: EmailSettings): EmailSender {
  const { binding, from } = settings;
  if (settings.saveToDevMailbox) {
    return async ({ to, subject, text }) => {
      await saveEmail(database.asSystem(), { recipient: to, subject, body: text });
    };
  }
  if (binding === undefined || from === undefined) {
    return () => Promise.reject(new MailNotConfiguredError());
  }
  return async ({ to, subject, text }) => {
    await binding.send({ from, to, subject, text });
  };
}
