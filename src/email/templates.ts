/** Templates of the emails that the gateway sends. Plain text: a link that shows where it leads, and what to do if it is unexpected. */
import type { EmailMessage } from "./mailer.ts";

const NOT_YOU_NOTICE = "If you did not request this, you can ignore this email.";

export function verificationEmail(to: string, link: string): EmailMessage {
  return {
    to,
    subject: "Confirm your email address",
    text: `Open this link within one hour to confirm your email address:\n\n${link}\n\n${NOT_YOU_NOTICE}\n`,
  };
}

export function passwordResetEmail(to: string, link: string): EmailMessage {
  return {
    to,
    subject: "Reset your password",
    text: `Open this link within one hour to reset your password:\n\n${link}\n\n${NOT_YOU_NOTICE}\n`,
  };
}

export function accountChangedEmail(to: string, whatChanged: string, publicUrl: string): EmailMessage {
  return {
    to,
    subject: oneLine(whatChanged),
    text: `${oneLine(whatChanged)} at ${publicUrl}.\n\nIf you made this change, no action is needed. If not, reset your password at ${publicUrl}/forgot-password, revoke your other sessions under Account, and contact an admin of your organization.\n`,
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
    subject: `Invitation to join ${oneLine(tenant)}`,
    text: `You have been invited to join ${oneLine(tenant)} on its MCP gateway with the role ${role}. Accept within ${days} days:\n\n${link}\n\nIf you do not recognize ${oneLine(tenant)}, you can ignore this email.\n`,
  };
}

export function expiringKeysEmail(
  to: string,
  keys: readonly { readonly name: string; readonly keyPrefix: string; readonly expiresAt: Date | null }[],
  link: string,
): EmailMessage {
  const lines = keys.map(
    ({ name, keyPrefix, expiresAt }) =>
      `- ${oneLine(name)} (${keyPrefix}…) expires on ${expiresAt?.toISOString().slice(0, 10) ?? "an unknown day"}`,
  );
  return {
    to,
    subject:
      keys.length === 1 ? "An API key is about to expire" : `${keys.length} API keys are about to expire`,
    text: `Clients that use these keys are rejected from then on:\n\n${lines.join("\n")}\n\nRotate them before they expire:\n\n${link}\n`,
  };
}

/** Names are chosen by people; a line break in one would write further headers or further sentences. */
function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, " ").slice(0, 200);
}
