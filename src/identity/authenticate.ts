/**
 * The one place where a request's proof becomes a principal. What was verified a moment ago is remembered in the
 * isolate, failures too, so neither a busy key nor a guesser costs a query per request.
 */
import { IsolateCache } from "../core/cache.ts";
import { isInside } from "../core/net/cidr.ts";
import type { Database } from "../db/client.ts";
import { type VerifiedKey, verifyApiKey } from "./api-keys.ts";
import type { Principal } from "./principal.ts";

export type Authentication =
  | { readonly kind: "principal"; readonly principal: Principal }
  /** No proof was given. */
  | { readonly kind: "none" }
  /** A proof was given and does not hold. */
  | { readonly kind: "refused" };

export interface Authenticator {
  authenticate(request: Request, background: (work: Promise<unknown>) => void): Promise<Authentication>;
}

export function createAuthenticator(database: Database, now: () => number): Authenticator {
  const keys = new IsolateCache<VerifiedKey | undefined>(
    // A revoked key stops within a second; while the database is down those known to it go on.
    { freshMs: 1000, staleMs: 1000, brokenMs: 600_000 },
    { now, limit: 10_000 },
  );
  return {
    async authenticate(request, background) {
      const presented = presentedKey(request.headers);
      if (presented === undefined) return { kind: "none" };
      const verified = await keys.get(
        presented,
        () => verifyApiKey(database, presented, new Date(now())),
        background,
      );
      if (verified === undefined) return { kind: "refused" };
      const { principal, ipAllowlist } = verified;
      const from = request.headers.get("cf-connecting-ip") ?? "";
      if (ipAllowlist.length > 0 && !isInside(from, ipAllowlist)) return { kind: "refused" };
      return { kind: "principal", principal };
    },
  };
}

/** Clients that cannot set Authorization (some gateways take it for themselves) use X-API-Key. */
function presentedKey(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  if (authorization === null) return headers.get("x-api-key") ?? undefined;
  const [scheme, token, ...rest] = authorization.split(" ");
  // Anything else in the header is a proof that we do not know, and so one that does not hold.
  return scheme?.toLowerCase() === "bearer" && rest.length === 0 ? (token ?? "") : "";
}
