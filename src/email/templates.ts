/** The letters that the gateway writes. Plain text: a link that shows where it leads, and what to do if it surprises. */
import type { EmailMessage } from "./mailer.ts";

const NOT_YOU_NOTICE = "If you did not ask for this, ignore this mail: nothing changes.";

export function verificationEmail(to: string, link: string): EmailMessage {
  return {
    to,
    subject: "Confirm your e-mail address",
    text: `Follow this link within an hour to confirm that this address is yours:\n\n${link}\n\n${NOT_YOU_NOTICE}\n`,
  };
}

export function passwordResetEmail(to: string, link: string): EmailMessage {
  return {
    to,
    subject: "Choose a new password",
    text: `Follow this link within an hour to choose a new password:\n\n${link}\n\n${NOT_YOU_NOTICE}\n`,
  };
}

export function accountChangedEmail(to: string, whatChanged: string, publicUrl: string): EmailMessage {
  return {
    to,
    subject: oneLine(whatChanged),
    text: `${oneLine(whatChanged)} at ${publicUrl}.\n\nIf this was you, there is nothing to do. If not, reset your password at ${publicUrl}/forgot-password, end your other sessions under Account, and tell an administrator of your organization.\n`,
  };
}

export function invitationEmail(
  to: string,
  invitation: {
    readonly link: string;
    readonly tenant: string;
    readonly role: string;
    readonly days: number;
  },
): EmailMessage {
  const { link, tenant, role, days } = invitation;
  return {
    to,
    subject: `Join ${oneLine(tenant)}`,
    text: `You are invited to join ${oneLine(tenant)} on its MCP gateway, as ${role}. Accept within ${days} days:\n\n${link}\n\nIf you do not know ${oneLine(tenant)}, ignore this mail.\n`,
  };
}

/** Names are chosen by people; a line break in one would write further headers or further sentences. */
function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, " ").slice(0, 200);
}
