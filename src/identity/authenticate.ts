/**
 * The one place where a request's credential becomes a principal. Results are cached in the isolate, failures
 * too, until the tenant's epoch increases; so a busy key costs no query, and a revoked one is
 * refused within a second.
 */

import { clientPrefix, FailedAuthThrottle } from "../core/limits/failed-auth-throttle.ts";
import { isInside } from "../core/net/cidr.ts";
import { readHeaders } from "../core/net/headers.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import {
  type CredentialVerifier,
  type PresentedCredential,
  readCredentials,
  type VerifiedPrincipal,
} from "./credentials.ts";
import type { KeyUsageRecorder } from "./key-usage.ts";
import type { Principal } from "./principal.ts";

export type Authentication =
  | { readonly kind: "principal"; readonly principal: Principal }
  /** No proof was given. */
  | { readonly kind: "none" }
  /** A proof was given and does not hold. */
  | {
      readonly kind: "refused";
      /** So many did not hold that none is looked at for a while: to be answered by 429. */
      readonly retryAfterSeconds?: number;
      /** The key is right, and this address is none of those that it may be used from: to be answered by 403. */
      readonly reason?: "address";
    };

export interface RejectedCredential {
  readonly kind: "rejected";
  /** What distinguishes it from other credentials. */
  readonly key: string;
  readonly address: string;
}

export type KnownCredential =
  | { readonly kind: "principal"; readonly principal: Principal }
  | RejectedCredential;

export interface Authenticator {
  authenticate(request: Request, background: WaitUntil): Promise<Authentication>;
  /** What `authenticate` would return at once, if that is all there is to it; otherwise undefined. Counts nothing. */
  peek(request: Request): KnownCredential | undefined;
  /** A request that was authenticated by `peek` is served. */
  countUse(principal: Principal, background: WaitUntil): void;
  /** A request that was authenticated by `peek` is rejected. */
  countRejection(known: RejectedCredential, background: WaitUntil): void;
}

export interface AuthenticatorDeps {
  /** In order: the first that recognizes the form of the credential decides. */
  readonly verifiers: readonly CredentialVerifier[];
  readonly epochs: Epochs;
  readonly usage: KeyUsageRecorder;
  /** Called once per window for an address with repeated invalid credentials. */
  readonly onThrottled: (ipAddress: string) => Promise<unknown>;
  /** Called once per minute, key and address when a valid key is used from an address outside its allowlist. */
  readonly onRejectedAddress: (principal: Principal, ipAddress: string) => Promise<unknown>;
  readonly now: () => number;
}

const FAILED_AUTH_LIMITS = { free: 20, windowMs: 60_000 };
const REJECTED: Authentication = { kind: "refused" };
const REJECTED_ADDRESS: Authentication = { kind: "refused", reason: "address" };
/** Only the first rejection per minute is reported. */
const MISPLACED_CREDENTIALS = { free: 1, windowMs: 60_000 };

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { verifiers, epochs, usage, onThrottled, onRejectedAddress, now } = deps;
  const verified = new TenantCache<VerifiedPrincipal | undefined>(epochs, { now, limit: 10_000 });
  const guesses = new FailedAuthThrottle(FAILED_AUTH_LIMITS);
  const wrongPlaces = new FailedAuthThrottle(MISPLACED_CREDENTIALS);

  const countRejection = ({ key, address }: Omit<RejectedCredential, "kind">, background: WaitUntil) => {
    if (guesses.recordFailure(clientPrefix(address), key, now())) background(onThrottled(address));
  };

  return {
    peek(request) {
      const claim = selectVerifier(verifiers, readCredentials(request));
      if (claim === undefined) return undefined;
      const key = toCacheKey(claim);
      if (!verified.isFresh(key)) return undefined;
      const proved = verified.peek(key);
      const [time, address] = [now(), getAddress(request)];
      if (proved === undefined) {
        const isThrottled = guesses.waitMs(clientPrefix(address), time) !== undefined;
        return isThrottled ? undefined : { kind: "rejected", key, address };
      }
      if (isExpired(proved, time) || !isAllowedFrom(proved, address)) return undefined;
      return { kind: "principal", principal: proved.principal };
    },
    countUse: usage.count,
    countRejection,
    async authenticate(request, background) {
      const presented = readCredentials(request);
      const claim = selectVerifier(verifiers, presented);
      if (claim === undefined) return presented.token === undefined ? { kind: "none" } : REJECTED;
      const { proof, text } = claim;
      const key = toCacheKey(claim);
      const from = getAddress(request);
      const place = clientPrefix(from);
      const time = now();
      const waitMs = guesses.waitMs(place, time);
      // Credentials that were verified before stay valid for a throttled address, which may be shared.
      if (waitMs !== undefined && verified.peek(key) === undefined) {
        return { kind: "refused", retryAfterSeconds: Math.ceil(waitMs / 1000) };
      }
      const proved = await verified.get(key, () => proof.verify(text, new Date(now())), background);
      if (proved === undefined) {
        countRejection({ key, address: from }, background);
        return REJECTED;
      }
      if (isExpired(proved, time)) return REJECTED;
      if (!isAllowedFrom(proved, from)) {
        if (wrongPlaces.recordFailure(`${proved.principal.id} ${place}`, "", time)) {
          background(onRejectedAddress(proved.principal, from));
        }
        return REJECTED_ADDRESS;
      }
      usage.count(proved.principal, background);
      return { kind: "principal", principal: proved.principal };
    },
  };
}

const getAddress = (request: Request) => readHeaders(request).get("cf-connecting-ip") ?? "";

const isExpired = ({ expiresAt }: VerifiedPrincipal, now: number) =>
  expiresAt !== null && expiresAt.getTime() <= now;

const isAllowedFrom = ({ ipAllowlist }: VerifiedPrincipal, address: string) =>
  ipAllowlist.length === 0 || isInside(address, ipAllowlist);

interface SelectedVerifier {
  readonly proof: CredentialVerifier;
  readonly text: string;
}

const toCacheKey = ({ proof, text }: SelectedVerifier) => `${proof.name} ${text}`;

function selectVerifier(
  proofs: readonly CredentialVerifier[],
  presented: PresentedCredential,
): SelectedVerifier | undefined {
  for (const proof of proofs) {
    const text = proof.find(presented);
    if (text !== undefined) return { proof, text };
  }
  return undefined;
}
