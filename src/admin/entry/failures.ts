/** What better-auth throws, in words for people. It throws only where we call it, so that is where this is used. */
import { isAPIError } from "@better-auth/core/utils/is-api-error";

export interface Refusal {
  readonly status: 400 | 401 | 403 | 429;
  readonly message: string;
}

const WORDS: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: "That is not the right address and password.",
  INVALID_USERNAME_OR_PASSWORD: "That is not the right name and password.",
  INVALID_EMAIL: "That is not an e-mail address.",
  INVALID_PASSWORD: "That is not your password.",
  EMAIL_NOT_VERIFIED: "Confirm your e-mail address first: follow the link in the mail that you got.",
  BANNED_USER: "This account is barred. Ask whoever runs the gateway.",
  NOT_ACTIVE: "This account is switched off. Ask whoever runs the gateway.",
  INVITATION_NEEDED: "Nobody has invited that address. Ask an admin of your organisation.",
  INVALID_CODE: "That code does not match. Codes change every 30 seconds.",
  INVALID_BACKUP_CODE: "That is not one of your unused backup codes.",
  INVALID_TWO_FACTOR_COOKIE: "That took too long. Sign in again.",
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: "Too many wrong codes. Sign in again.",
  ACCOUNT_TEMPORARILY_LOCKED: "Too many wrong codes. Try again in a quarter of an hour.",
  INVALID_TOKEN: "This link has expired or was used before. Ask for a new one.",
  TOKEN_EXPIRED: "This link has expired. Ask for a new one.",
  SIGN_IN_AGAIN: "Your sign-in is too old for this change. Sign in again, then repeat it.",
  IMPERSONATING: "While you act as another person, you cannot change how they sign in.",
  FAILED_TO_UNLINK_LAST_ACCOUNT: "This is your only way to sign in. Set a password first.",
  PASSWORD_TOO_SHORT: "Choose a password of at least 12 characters.",
  PASSWORD_TOO_LONG: "Choose a password of at most 128 characters.",
};

/** Whatever it is that is not better-auth's refusal goes on up. */
export function refusalOf(thrown: unknown): Refusal {
  if (!isAPIError(thrown)) throw thrown;
  const code = typeof thrown.body?.code === "string" ? thrown.body.code : "";
  const status = thrown.statusCode;
  if (status >= 500) throw thrown;
  const known = status === 400 || status === 401 || status === 403 || status === 429 ? status : 400;
  if (code === "TOO_MANY_ATTEMPTS") {
    return { status: 429, message: thrown.body?.message ?? "Too many attempts. Wait a moment." };
  }
  return { status: known, message: WORDS[code] ?? "That did not work. Check what you entered." };
}
