/** What better-auth throws, in words for people. It throws only where we call it, so that is where this is used. */
import { isAPIError } from "@better-auth/core/utils/is-api-error";

export interface AuthFailure {
  readonly status: 400 | 401 | 403 | 429;
  readonly message: string;
}

const WORDS: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: "Incorrect email or password.",
  INVALID_USERNAME_OR_PASSWORD: "Incorrect username or password.",
  INVALID_EMAIL: "Enter a valid email address.",
  INVALID_PASSWORD: "Incorrect password.",
  EMAIL_NOT_VERIFIED: "Your email address is not confirmed. Open the link in the confirmation email.",
  BANNED_USER: "This account is banned. Contact the operator.",
  NOT_ACTIVE: "This account is disabled. Contact the operator.",
  SSO_REQUIRED: "Your organization requires single sign-on. Continue with single sign-on.",
  SSO_SESSION: "Sign-in methods cannot be changed in a session of single sign-on.",
  INVITATION_NEEDED: "This email address has not been invited. Ask an organization admin for an invitation.",
  INVALID_CODE: "Incorrect code. Codes change every 30 seconds.",
  INVALID_BACKUP_CODE: "Incorrect or used backup code.",
  INVALID_TWO_FACTOR_COOKIE: "The sign-in has expired. Sign in again.",
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: "Too many incorrect codes. Sign in again.",
  ACCOUNT_TEMPORARILY_LOCKED: "Too many incorrect codes. Try again in 15 minutes.",
  INVALID_TOKEN: "This link has expired or was already used. Request a new one.",
  TOKEN_EXPIRED: "This link has expired. Request a new one.",
  SIGN_IN_AGAIN: "This change requires a recent sign-in. Sign in again and retry.",
  IMPERSONATING: "Sign-in methods cannot be changed while impersonating.",
  USER_NOT_VERIFIED: "The authenticator did not verify you. Use one with a PIN, fingerprint or face.",
  PASSKEY_NOT_FOUND: "This passkey is unknown here. Sign in with your password, then add it under Account.",
  AUTHENTICATION_FAILED: "The passkey was not accepted.",
  CHALLENGE_NOT_FOUND: "The request has expired. Try again.",
  PREVIOUSLY_REGISTERED: "This authenticator already has a passkey for this account.",
  FAILED_TO_VERIFY_REGISTRATION: "The passkey was not accepted.",
  FAILED_TO_UNLINK_LAST_ACCOUNT: "This is your only sign-in method. Set a password first.",
  PASSWORD_TOO_SHORT: "The password must have at least 12 characters.",
  PASSWORD_TOO_LONG: "The password must have at most 128 characters.",
};

/** Whatever it is that is not better-auth's refusal goes on up. */
export function toAuthFailure(thrown: unknown): AuthFailure {
  if (!isAPIError(thrown)) throw thrown;
  const code = typeof thrown.body?.code === "string" ? thrown.body.code : "";
  const status = thrown.statusCode;
  if (status >= 500) throw thrown;
  const known = status === 400 || status === 401 || status === 403 || status === 429 ? status : 400;
  if (code === "TOO_MANY_ATTEMPTS") {
    return { status: 429, message: thrown.body?.message ?? "Too many attempts. Retry later." };
  }
  if (code === "PASSWORD_PREDICTABLE" || code === "PASSWORD_BREACHED") {
    return { status: 400, message: thrown.body?.message ?? "The password is too common." };
  }
  return { status: known, message: WORDS[code] ?? "The request failed. Check your input." };
}
