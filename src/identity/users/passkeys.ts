/**
 * Passkeys: WebAuthn by better-auth's plugin. A passkey signs in without a password and without a second factor, so it
 * counts only where the authenticator has verified its user, by a PIN or biometrics.
 */
import { passkey } from "@better-auth/passkey";
import { APIError } from "better-auth/api";
import type { Database } from "../../db/client.ts";
import { touchPasskey } from "../../db/queries/identity/passkeys.ts";

/** The sign-in with a passkey, which proves two factors at once: the device, and its check of the user. */
export const PASSKEY_SIGN_IN = "/passkey/verify-authentication";

export interface PasskeyDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly now: () => number;
}

export function createPasskeys({ database, publicUrl, now }: PasskeyDeps) {
  return passkey({
    rpID: new URL(publicUrl).hostname,
    rpName: "MCP Registry Gateway",
    origin: publicUrl,
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    registration: {
      async afterVerification({ verification }) {
        requireUserVerification(verification.registrationInfo?.userVerified);
      },
    },
    authentication: {
      async afterVerification({ verification }) {
        requireUserVerification(verification.authenticationInfo.userVerified);
        await touchPasskey(
          database.asSystem(),
          verification.authenticationInfo.credentialID,
          new Date(now()),
        );
      },
    },
  });
}

function requireUserVerification(isVerified: boolean | undefined): void {
  if (isVerified === true) return;
  throw new APIError("BAD_REQUEST", {
    code: "USER_NOT_VERIFIED",
    message: "The authenticator did not verify its user.",
  });
}
