/** How often a caller may come, and from where: asked of every request before anything is done for it. */
import { BlockedAddressError, GatewayError, TooManyRequestsError } from "../core/errors.ts";
import { clientPrefix } from "../core/limits/failed-auth-throttle.ts";
import type { Limit } from "../core/limits/lease/protocol.ts";
import {
  formatPolicyHeader,
  formatRateLimitHeader,
  retryAfterSeconds,
} from "../core/limits/ratelimit-headers.ts";
import {
  resolveAddressLimits,
  resolveLimits,
  type UnauthenticatedCategory,
} from "../core/limits/resolve-limits.ts";
import { hashFraction } from "../core/routing/hash.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { Principal } from "../identity/principal.ts";
import type { AdmissionTerms } from "./admission-terms.ts";
import type { TenantTraffic } from "./traffic.ts";

export interface Caller {
  readonly principal: Principal;
  readonly tenant: AdmissionTerms;
  /** Undefined where nobody says: behind Cloudflare only its own header is believed. */
  readonly address: string | undefined;
}

/** What an admitted request is told of its limits. */
export type LimitHeaders = Readonly<Record<string, string>>;

/** Throws for whoever may not come in now. */
export async function admit(
  { principal, tenant, address }: Caller,
  traffic: TenantTraffic,
  now: Date,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = address === undefined ? undefined : clientPrefix(address);
  if (address !== undefined) await refuseAddress(address, place, tenant, traffic, now, background);
  return charge({ principal, tenant, address }, traffic, background);
}

/** Takes one token of each limit of the caller. */
export async function charge(
  { principal, tenant, address }: Caller,
  traffic: TenantTraffic,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = address === undefined ? undefined : clientPrefix(address);
  return spend(remembered(principal, tenant, place), { tenant, place }, traffic, background);
}

export interface UnauthenticatedCaller {
  /** The shared limits and address rules. */
  readonly terms: AdmissionTerms;
  readonly address: string;
  readonly kind: UnauthenticatedCategory;
}

/** Admits a request without a valid credential; throws where its address is blocked, banned, or asks too often. */
export async function admitUnauthenticated(
  { terms, address, kind }: UnauthenticatedCaller,
  trafficOf: (name: string) => TenantTraffic,
  now: Date,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = clientPrefix(address);
  const traffic = trafficOf(trafficNameOf(place));
  await refuseAddress(address, place, terms, traffic, now, background);
  return spend(
    resolveAddressLimits(terms.limits, place, kind),
    { tenant: terms, place },
    traffic,
    background,
  );
}

/** Of the objects that meter addresses: one alone would be asked by every isolate of the world. */
const ADDRESS_SHARDS = 8;
const trafficNameOf = (place: string) =>
  `unauthenticated-${Math.floor(hashFraction(place) * ADDRESS_SHARDS)}`;

async function spend(
  limits: readonly Limit[],
  { tenant, place }: { tenant: AdmissionTerms; place: string | undefined },
  traffic: TenantTraffic,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const share = { weight: tenant.weight, burst: tenant.burst };
  const verdict = await traffic.decide(limits, share, background);
  if (verdict.kind === "unavailable") {
    throw new GatewayError("limits_unavailable", "Rate limits cannot be evaluated. Retry later.");
  }
  if (verdict.kind === "deny") {
    if (place !== undefined) traffic.violated(place, background);
    const seconds = retryAfterSeconds(verdict);
    throw new TooManyRequestsError(
      `Rate limit ${verdict.limit.name} exceeded. Retry in ${seconds} s.`,
      seconds,
      headersFor(limits, traffic),
    );
  }
  return headersFor(limits, traffic);
}

async function refuseAddress(
  address: string,
  place: string | undefined,
  tenant: AdmissionTerms,
  traffic: TenantTraffic,
  now: Date,
  background: WaitUntil,
): Promise<void> {
  const verdict = tenant.ipLists(address, now);
  if (verdict.blocked) throw new BlockedAddressError();
  if (verdict.rule !== undefined || place === undefined) return;
  const remainingMs = await traffic.banRemainingMs(place, background);
  if (remainingMs === undefined) return;
  const seconds = retryAfterSeconds({ retryMs: remainingMs });
  throw new TooManyRequestsError(
    `This IP address is banned for ${seconds} s after repeated rate-limit violations.`,
    seconds,
  );
}

/** The same limits for the same caller, as the headers are made once for each. */
const known = new WeakMap<AdmissionTerms, Map<string, readonly Limit[]>>();
const MOST_CALLERS = 10_000;

function remembered(
  principal: Principal,
  tenant: AdmissionTerms,
  place: string | undefined,
): readonly Limit[] {
  let ofTenant = known.get(tenant);
  if (ofTenant === undefined) {
    ofTenant = new Map();
    known.set(tenant, ofTenant);
  }
  const name = `${principal.id} ${place ?? ""}`;
  let limits = ofTenant.get(name);
  if (limits === undefined) {
    limits = resolveLimits(tenant.limits, {
      id: principal.id,
      role: principal.via === "anonymous" ? "anonymous" : principal.role,
      userId: principal.userId,
      key: principal.keyLimits,
      place,
    });
    if (ofTenant.size >= MOST_CALLERS) ofTenant.clear();
    ofTenant.set(name, limits);
  }
  return limits;
}

function headersFor(limits: readonly Limit[], traffic: TenantTraffic): LimitHeaders {
  return {
    "ratelimit-policy": formatPolicyHeader(limits),
    ratelimit: formatRateLimitHeader(traffic.quotas(limits)),
  };
}
