/** Limits how many requests a caller may send, and from where: applied to every request first. */
import { listActiveGroups } from "../core/access/groups.ts";
import { BoundedMap } from "../core/bounded-map.ts";
import { BlockedAddressError, GatewayError, TooManyRequestsError } from "../core/errors.ts";
import type { Limit } from "../core/limits/algorithms/limit.ts";
import { clientPrefix } from "../core/limits/failed-auth-throttle.ts";
import type { LimitDenial } from "../core/limits/lease/client.ts";
import {
  formatPolicyHeader,
  formatRateLimitHeader,
  retryAfterSeconds,
} from "../core/limits/ratelimit-headers.ts";
import {
  type LimitedPrincipal,
  resolveAddressLimits,
  resolveLimits,
  type UnauthenticatedCategory,
} from "../core/limits/resolve-limits.ts";
import { type LimitTarget, resolveTargetLimits, type TargetLimits } from "../core/limits/target-limits.ts";
import { hashFraction } from "../core/routing/hash.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { Principal } from "../identity/principal.ts";
import type { AdmissionTerms } from "./admission-terms.ts";
import type { TenantTraffic } from "./traffic.ts";

export interface AdmittedPrincipal {
  readonly principal: Principal;
  readonly tenant: AdmissionTerms;
  /** Undefined if unknown: behind Cloudflare only its own header is trusted. */
  readonly address: string | undefined;
}

/** The rate-limit headers of an admitted request. */
export type LimitHeaders = Readonly<Record<string, string>>;

/** Throws for blocked or banned callers and for exhausted limits. */
export async function admitRequest(
  { principal, tenant, address }: AdmittedPrincipal,
  traffic: TenantTraffic,
  now: Date,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = address === undefined ? undefined : clientPrefix(address);
  if (address !== undefined) await rejectAddress(address, place, tenant, traffic, now, background);
  return chargeLimits({ principal, tenant, address }, traffic, background);
}

export type AdmissionDecision =
  | { readonly kind: "admitted"; readonly headers: LimitHeaders }
  | { readonly kind: "refused"; readonly error: GatewayError };

/** As `admitRequest`, where the isolate can decide by itself. Otherwise undefined, and nothing is counted. */
export function admitNow(
  { principal, tenant, address }: AdmittedPrincipal,
  traffic: TenantTraffic,
  now: Date,
  background: WaitUntil,
): AdmissionDecision | undefined {
  const place = address === undefined ? undefined : clientPrefix(address);
  if (address !== undefined && place !== undefined) {
    const { blocked, rule } = tenant.ipLists(address, now);
    if (blocked) return { kind: "refused", error: new BlockedAddressError() };
    const bannedMs = rule === undefined ? traffic.banRemainingNow(place) : undefined;
    if (bannedMs === "unconfirmed") return undefined;
    if (bannedMs !== undefined) return { kind: "refused", error: bannedAddress(bannedMs) };
  }
  const limits = getCachedLimits(principal, tenant, place);
  const share = { weight: tenant.weight, burst: tenant.burst };
  const result = traffic.acquireNow(limits, share, background);
  if (result === undefined || result.kind === "request") return undefined;
  if (result.kind === "admit") return { kind: "admitted", headers: buildLimitHeaders(limits, traffic) };
  reportDenial(place, tenant, traffic, background);
  return { kind: "refused", error: limitExceeded(result, limits, traffic) };
}

/** Takes one token of each limit of the caller. */
export async function chargeLimits(
  { principal, tenant, address }: AdmittedPrincipal,
  traffic: TenantTraffic,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = address === undefined ? undefined : clientPrefix(address);
  return spend(getCachedLimits(principal, tenant, place), { tenant, place }, traffic, background);
}

export interface TargetedPrincipal extends AdmittedPrincipal {
  readonly tenant: AdmissionTerms & { readonly targetLimits: TargetLimits };
}

/** Takes one token of each limit of calls to the target. Denials are no violations: others may have spent the tokens. */
export async function chargeTarget(
  { principal, tenant, address }: TargetedPrincipal,
  target: LimitTarget,
  traffic: TenantTraffic,
  background: WaitUntil,
): Promise<void> {
  const place = address === undefined ? undefined : clientPrefix(address);
  const limits = resolveTargetLimits(tenant.targetLimits, toLimitedPrincipal(principal, place), target);
  if (limits.length > 0) await spend(limits, { tenant, place: undefined }, traffic, background);
}

export interface UnauthenticatedRequest {
  /** The shared limits and address rules. */
  readonly terms: AdmissionTerms;
  readonly address: string;
  readonly kind: UnauthenticatedCategory;
}

/** Admits a request without a valid credential; throws where its address is blocked, banned, or over its limit. */
export async function admitUnauthenticated(
  { terms, address, kind }: UnauthenticatedRequest,
  trafficOf: (name: string) => TenantTraffic,
  now: Date,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const place = clientPrefix(address);
  const traffic = trafficOf(trafficShard(place));
  await rejectAddress(address, place, terms, traffic, now, background);
  return spend(
    resolveAddressLimits(terms.limits, place, kind),
    { tenant: terms, place },
    traffic,
    background,
  );
}

/** Of the objects that meter addresses: a single one would get the requests of every isolate in the world. */
const ADDRESS_SHARDS = 8;
export const trafficShard = (place: string) =>
  `unauthenticated-${Math.floor(hashFraction(place) * ADDRESS_SHARDS)}`;

async function spend(
  limits: readonly Limit[],
  { tenant, place }: { tenant: AdmissionTerms; place: string | undefined },
  traffic: TenantTraffic,
  background: WaitUntil,
): Promise<LimitHeaders> {
  const share = { weight: tenant.weight, burst: tenant.burst };
  const verdict = await traffic.tryAcquire(limits, share, background);
  if (verdict.kind === "unavailable") {
    throw new GatewayError("limits_unavailable", "Rate limits cannot be evaluated. Retry later.");
  }
  if (verdict.kind === "deny") {
    reportDenial(place, tenant, traffic, background);
    throw limitExceeded(verdict, limits, traffic);
  }
  return buildLimitHeaders(limits, traffic);
}

async function rejectAddress(
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
  throw bannedAddress(remainingMs);
}

function reportDenial(
  place: string | undefined,
  { bans }: AdmissionTerms,
  traffic: TenantTraffic,
  background: WaitUntil,
): void {
  if (place !== undefined && bans !== undefined) traffic.reportViolation(place, bans, background);
}

function limitExceeded(
  denial: LimitDenial,
  limits: readonly Limit[],
  traffic: TenantTraffic,
): TooManyRequestsError {
  const seconds = retryAfterSeconds(denial);
  return new TooManyRequestsError(
    `Rate limit ${denial.limit.name} exceeded. Retry in ${seconds} s.`,
    seconds,
    buildLimitHeaders(limits, traffic),
  );
}

function bannedAddress(remainingMs: number): TooManyRequestsError {
  const seconds = retryAfterSeconds({ retryMs: remainingMs });
  return new TooManyRequestsError(
    `This IP address is banned for ${seconds} s after repeated rate-limit violations.`,
    seconds,
  );
}

/** The same limits for the same caller, as the headers are made once for each. */
const limitsCache = new WeakMap<AdmissionTerms, Map<string, readonly Limit[]>>();
const MAX_PRINCIPALS = 10_000;

function getCachedLimits(
  principal: Principal,
  tenant: AdmissionTerms,
  place: string | undefined,
): readonly Limit[] {
  let ofTenant = limitsCache.get(tenant);
  if (ofTenant === undefined) {
    ofTenant = new BoundedMap(MAX_PRINCIPALS);
    limitsCache.set(tenant, ofTenant);
  }
  const groups = listActiveGroups(principal.groups, Date.now());
  // Groups change while the caller and the tenant's snapshot stay: a membership expires, or one is newer than the other.
  const name = `${principal.id} ${place ?? ""} ${groups.join(" ")}`;
  let limits = ofTenant.get(name);
  if (limits === undefined) {
    limits = resolveLimits(tenant.limits, toLimitedPrincipal(principal, place, groups));
    ofTenant.set(name, limits);
  }
  return limits;
}

export function toLimitedPrincipal(
  principal: Principal,
  place: string | undefined,
  groups = listActiveGroups(principal.groups, Date.now()),
): LimitedPrincipal {
  return {
    id: principal.id,
    role: principal.via === "anonymous" ? "anonymous" : principal.role,
    userId: principal.userId,
    groups,
    key: principal.keyLimits,
    place,
  };
}

export function buildLimitHeaders(limits: readonly Limit[], traffic: TenantTraffic): LimitHeaders {
  return {
    "ratelimit-policy": formatPolicyHeader(limits),
    ratelimit: formatRateLimitHeader(traffic.getQuotas(limits)),
  };
}
