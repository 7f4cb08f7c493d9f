/**
 * The verifiers of credentials. Each recognizes its format and verifies a credential. authenticate.ts calls them in
 * order, caches their results, and discards a result when the tenant's epoch changes.
 */
import { readHeaders } from "../core/net/headers.ts";
import { getPath } from "../core/net/request-url.ts";
import type { LoadedValue } from "../core/tenant-cache.ts";
import type { Principal } from "./principal.ts";

/** What a request carries, read once. */
export interface PresentedCredential {
  /** Where it is shown: OAuth tokens are for one endpoint, cookies are for none that programs use. */
  readonly path: string;
  /** The value of `Authorization: Bearer` or X-API-Key; empty for an invalid header. */
  readonly token: string | undefined;
  /** Read only where no token is sent: a token is meant for this request, a cookie is sent with every one. */
  readonly cookies: string | undefined;
}

export interface VerifiedPrincipal {
  readonly principal: Principal;
  /** Judged at each request, because time passes and the same key comes from many places. Empty: from anywhere. */
  readonly ipAllowlist: readonly string[];
  readonly expiresAt: Date | null;
}

export interface CredentialVerifier {
  readonly name: string;
  /** The text that this proof is about; undefined where the request carries none of its kind. */
  find(presented: PresentedCredential): string | undefined;
  /**
   * Verifies the credential. The value is undefined for any invalid one, without a reason: unknown, wrong, expired and
   * disabled are indistinguishable. The tenant is included whenever it is known, so that its next change invalidates
   * the result.
   */
  verify(text: string, now: Date): Promise<LoadedValue<VerifiedPrincipal | undefined>>;
}

export function readCredentials(request: Request): PresentedCredential {
  const fields = readHeaders(request);
  const authorization = fields.get("authorization");
  // Clients that cannot set Authorization (some gateways take it for themselves) use X-API-Key.
  const token = authorization === undefined ? fields.get("x-api-key") : readBearer(authorization);
  return {
    path: getPath(request.url),
    token,
    cookies: token === undefined ? fields.get("cookie") : undefined,
  };
}

/** Anything else in the header is an unknown credential, and so an invalid one. */
function readBearer(authorization: string): string {
  const [scheme, token, ...rest] = authorization.split(" ");
  return scheme?.toLowerCase() === "bearer" && rest.length === 0 ? (token ?? "") : "";
}
