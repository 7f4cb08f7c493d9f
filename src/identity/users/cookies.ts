/** Names and reads the cookies of people who are signed in. */
import type { CredentialKind } from "../credential-kinds.ts";

/** `__Host-` keeps subdomains and plain http from planting cookies; browsers take it on https only. */
export const cookiePrefix = (publicUrl: string) =>
  publicUrl.startsWith("https:") ? "__Host-gateway" : "gateway";

export const sessionCookieName = (publicUrl: string) => `${cookiePrefix(publicUrl)}.session_token`;

/** For the pages' own calls to the REST interface: MCP endpoints accept no cookies. */
export function createSessionKind(publicUrl: string): CredentialKind {
  const name = sessionCookieName(publicUrl);
  return {
    name: "session",
    find: ({ path, cookies }) => (path.startsWith("/api/") ? readCookie(cookies ?? "", name) : undefined),
  };
}

export function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
