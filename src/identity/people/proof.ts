/** Proof by session cookie, for the pages' own calls to the REST interface. MCP endpoints take no cookies. */
import type { Proof } from "../proofs.ts";
import { principalOf, type Sessions } from "./sessions.ts";

export const sessionProof = (sessions: Sessions): Proof => ({
  name: "session",
  find: ({ path, cookies }) => (path.startsWith("/api/") ? sessions.cookieOf(cookies) : undefined),
  async verify(cookie, now) {
    const person = await sessions.find(cookie, now);
    const principal = person && principalOf(person);
    if (person === undefined || principal === undefined) return { value: undefined, tenantId: undefined };
    const proved = { principal, ipAllowlist: [], expiresAt: person.expiresAt };
    return { value: proved, tenantId: person.tenant?.id };
  },
});
