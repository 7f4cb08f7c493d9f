/** How often a caller may come, and from where: asked of every request before anything is done for it. */
import { ForbiddenError, GatewayError, TooManyRequestsError } from "../core/errors.ts";
import { placeOf } from "../core/limits/guesses.ts";
import { policyHeader, rateLimitHeader, retryAfterSeconds } from "../core/limits/headers.ts";
import type { Limit } from "../core/limits/lease.ts";
import { limitsOf } from "../core/limits/policy.ts";
import type { Background } from "../core/tenant-cache.ts";
import type { Principal } from "../identity/principal.ts";
import type { TenantSnapshot } from "./snapshot.ts";
import type { TenantTraffic } from "./traffic.ts";

export interface Caller {
  readonly principal: Principal;
  readonly tenant: TenantSnapshot;
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
  background: Background,
): Promise<LimitHeaders> {
  const place = address === undefined ? undefined : placeOf(address);
  if (address !== undefined) refuseAddress(address, place, tenant, traffic, now);
  const limits = remembered(principal, tenant, place);
  const share = { weight: tenant.weight, burst: tenant.burst };
  const verdict = await traffic.decide(limits, share, background);
  if (verdict.kind === "unavailable") {
    throw new GatewayError("limits_unavailable", "Limits cannot be checked just now. Try again in a moment.");
  }
  if (verdict.kind === "deny") {
    if (place !== undefined) traffic.violated(place, background);
    const seconds = retryAfterSeconds(verdict);
    throw new TooManyRequestsError(
      `The limit ${verdict.limit.name} is reached. Try again in ${seconds} s.`,
      seconds,
      headersFor(limits, traffic),
    );
  }
  return headersFor(limits, traffic);
}

function refuseAddress(
  address: string,
  place: string | undefined,
  tenant: TenantSnapshot,
  traffic: TenantTraffic,
  now: Date,
): void {
  const verdict = tenant.ipLists(address, now);
  if (verdict.blocked) throw new ForbiddenError("Requests from this address are not taken.");
  if (verdict.rule !== undefined || place === undefined) return;
  const remainingMs = traffic.bans.remainingMs(place, now.getTime());
  if (remainingMs === undefined) return;
  const seconds = retryAfterSeconds({ retryMs: remainingMs });
  throw new TooManyRequestsError(
    `This address is shut out for ${seconds} s: it went on after it was refused.`,
    seconds,
  );
}

/** The same limits for the same caller, as the headers are made once for each. */
const known = new WeakMap<TenantSnapshot, Map<string, readonly Limit[]>>();
const MOST_CALLERS = 10_000;

function remembered(
  principal: Principal,
  tenant: TenantSnapshot,
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
    limits = limitsOf(tenant.limits, {
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
    "ratelimit-policy": policyHeader(limits),
    ratelimit: rateLimitHeader(traffic.quotas(limits)),
  };
}
