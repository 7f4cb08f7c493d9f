/**
 * The ways of proving who one is, each the same small thing: it knows its own when it sees it, and it verifies it.
 * authenticate.ts asks them in order, remembers what they say, and drops it when the tenant's epoch says so.
 */
import { readHeaders } from "../core/net/headers.ts";
import { getPath } from "../core/net/request-url.ts";
import type { LoadedValue } from "../core/tenant-cache.ts";
import type { Principal } from "./principal.ts";

/** What a request carries, read once. */
export interface PresentedCredential {
  /** Where it is shown: OAuth tokens are for one endpoint, cookies are for none that programs use. */
  readonly path: string;
  /** Of `Authorization: Bearer`, or of X-API-Key. Empty where the header is there and makes no sense. */
  readonly token: string | undefined;
  /** Asked for only where no token is sent: a token is meant for this request, a cookie goes with every one. */
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
   * Undefined as the value for whatever does not hold, without saying why: unknown, wrong, expired and switched off
   * look alike. The tenant is named whenever it is known, so that its next change is soon seen.
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

/** Anything else in the header is a proof that we do not know, and so one that does not hold. */
function readBearer(authorization: string): string {
  const [scheme, token, ...rest] = authorization.split(" ");
  return scheme?.toLowerCase() === "bearer" && rest.length === 0 ? (token ?? "") : "";
}
