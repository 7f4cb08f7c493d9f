/**
 * Where emails are sent: to Cloudflare's binding if configured, to the dev mailbox of a local gateway, otherwise
 * nowhere.
 */
import { describe, expect, it } from "vitest";
import { createMailer, MailNotConfiguredError } from "../../src/email/mailer.ts";
import { invitationEmail } from "../../src/email/templates.ts";
import { database, owner } from "../support/database.ts";

const mail = { to: "someone@example.com", subject: "Hello", text: "…" };

describe("a mail", () => {
  it("goes through the binding, from the address that is configured", async () => {
    const sent: unknown[] = [];
    const binding: SendEmail = {
      async send(message) {
        sent.push(message);
        return { messageId: "1" };
      },
    };
    await createMailer(database, { binding, from: "gateway@example.com", saveToDevMailbox: false })(mail);
    expect(sent).toEqual([{ from: "gateway@example.com", ...mail }]);
  });

  it("stays in the outbox in development", async () => {
    const to = `${crypto.randomUUID()}@example.com`;
    await createMailer(database, { binding: undefined, from: undefined, saveToDevMailbox: true })({
      ...mail,
      to,
    });
    expect(await owner.query("select subject from dev_outbox where recipient = $1", [to])).toEqual([
      { subject: "Hello" },
    ]);
  });

  it("is not taken by a gateway that cannot send it", async () => {
    const send = createMailer(database, { binding: undefined, from: undefined, saveToDevMailbox: false });
    await expect(send(mail)).rejects.toThrow(MailNotConfiguredError);
  });

  it("puts names that users have chosen into one line", () => {
    const tenant = "Acme\r\nBcc: others@example.com\u202e";
    const { subject, text } = invitationEmail("x@example.com", {
      link: "https://x/",
      tenant,
      role: "user",
      days: 7,
    });
    expect(subject).toBe("Invitation to join Acme Bcc: others@example.com ");
    expect(text.split("\n")[0]).toContain("Acme Bcc: others@example.com");
  });
});
