/** The letters that the gateway writes. Plain text: a link that shows where it leads, and what to do if it surprises. */
import type { Mail } from "./mail.ts";

const NOT_YOU = "If you did not ask for this, ignore this mail: nothing changes.";

export function verificationLetter(to: string, link: string): Mail {
  return {
    to,
    subject: "Confirm your e-mail address",
    text: `Follow this link within an hour to confirm that this address is yours:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

export function passwordResetLetter(to: string, link: string): Mail {
  return {
    to,
    subject: "Choose a new password",
    text: `Follow this link within an hour to choose a new password:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

export function accountChangedLetter(to: string, whatChanged: string, publicUrl: string): Mail {
  return {
    to,
    subject: oneLine(whatChanged),
    text: `${oneLine(whatChanged)} at ${publicUrl}.\n\nIf this was you, there is nothing to do. If not, reset your password at ${publicUrl}/forgot-password, end your other sessions under Account, and tell an administrator of your organization.\n`,
  };
}

export function invitationLetter(
  to: string,
  invitation: {
    readonly link: string;
    readonly tenant: string;
    readonly role: string;
    readonly days: number;
  },
): Mail {
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
