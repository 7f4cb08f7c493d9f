/** The cookie of a sign-in session, signed as better-auth signs it. */
import { hmacSha256 } from "../../src/core/digest.ts";
import { sessionCookieName } from "../../src/identity/users/cookies.ts";

export async function createSessionCookie(publicUrl: string, secret: string, token: string): Promise<string> {
  const signature = btoa(String.fromCharCode(...(await hmacSha256(secret, token))));
  return `${sessionCookieName(publicUrl)}=${encodeURIComponent(`${token}.${signature}`)}`;
}
