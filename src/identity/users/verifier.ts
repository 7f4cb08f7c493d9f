/** Proof by session cookie, for the pages' own calls to the REST interface. MCP endpoints take no cookies. */
import type { CredentialVerifier } from "../credentials.ts";
import { toPrincipal, type UserSessions } from "./sessions.ts";

export const sessionVerifier = (sessions: UserSessions): Pick<CredentialVerifier, "verify"> => ({
  async verify(cookie, now) {
    const person = await sessions.find(cookie, now);
    const principal = person && toPrincipal(person);
    if (person === undefined || principal === undefined) return { value: undefined, tenantId: undefined };
    const proved = { principal, ipAllowlist: [], expiresAt: person.expiresAt };
    return { value: proved, tenantId: person.tenant?.id };
  },
});
