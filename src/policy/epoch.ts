/**
 * The epoch of a tenant: a number in its object that every change of its configuration raises. An isolate has it at
 * most 900 ms old while requests come, and refreshes it in the background if possible, so that requests seldom wait.
 */
import { BoundedMap } from "../core/bounded-map.ts";
import type { Epochs, ObservedEpoch, WaitUntil } from "../core/tenant-cache.ts";
import { withTimeout } from "../core/timers.ts";

export interface TenantEpochs extends Epochs {
  /** After a change is committed: invalidates within a second what isolates have cached of the tenant. */
  bump(tenantId: string, background: WaitUntil): Promise<void>;
  /** After a change that holds for every tenant. */
  bumpAll(background: WaitUntil): Promise<void>;
  /** Another part of the isolate received this epoch from the tenant object, which has had it for `ageMs`. */
  observe(tenantId: string, epoch: ObservedEpoch, askedAt: number): void;
}

/** The part of the tenant's object that this takes. */
export interface EpochObject {
  readEpoch(): Promise<ObservedEpoch>;
  bumpEpoch(): Promise<number>;
}

interface Known {
  readonly epoch: number;
  /** The answer is at least as new as this. */
  readonly requestedAt: number;
  /** By the clock of this isolate, it has been the epoch from here on at the latest. */
  readonly since: number;
}

interface Tenant {
  known: Known | undefined;
  /** The question that is on its way. */
  asking: { readonly startedAt: number; readonly answered: Promise<unknown> } | undefined;
  refreshAt: number;
  failedAt: number;
}

const REFRESH_AFTER_MS = 400;
const TRUST_MS = 900;
/** Longer than an object takes to start; requests that find nothing known wait this long before they do without. */
const RESPONSE_TIMEOUT_MS = 300;
/** For so long requests wait for the answer to another's question: that request may have been cut off. */
const JOIN_TIMEOUT_MS = 100;
/** After a failure, callers do not wait for this long. */
const RETRY_INTERVAL_MS = 1000;
const MAX_TENANTS = 10_000;
const BUMP_ATTEMPTS = 5;

export interface EpochDeps {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Notifies the tenants' objects, those with traffic at once and the others when they next request capacity. */
  readonly bumpSystem: () => Promise<unknown>;
}

export function createEpochs(objectOf: (tenantId: string) => EpochObject, tools: EpochDeps): TenantEpochs {
  const tenants = new BoundedMap<string, Tenant>(MAX_TENANTS);

  const tenantOf = (tenantId: string): Tenant => {
    let tenant = tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = { known: undefined, asking: undefined, refreshAt: -Infinity, failedAt: -Infinity };
      tenants.set(tenantId, tenant);
    }
    return tenant;
  };

  const learn = (tenant: Tenant, { epoch, ageMs }: ObservedEpoch, requestedAt: number) => {
    const { known } = tenant;
    // Answers may overtake one another; an epoch never falls.
    if (epoch < (known?.epoch ?? 0)) return;
    // Only durations are compared, so that the clocks of isolate and object may differ.
    const since = tools.now() - ageMs;
    tenant.known = {
      epoch,
      requestedAt,
      since: known?.epoch === epoch ? Math.min(known.since, since) : since,
    };
    tenant.failedAt = -Infinity;
  };

  const request = async (tenantId: string, tenant: Tenant): Promise<number | undefined> => {
    const askedAt = tools.now();
    const answer = await Promise.race([
      objectOf(tenantId)
        .readEpoch()
        .catch(() => undefined),
      tools.sleep(RESPONSE_TIMEOUT_MS).then(() => undefined),
    ]);
    if (answer === undefined) tenant.failedAt = tools.now();
    else learn(tenant, answer, askedAt);
    return answer?.epoch;
  };

  const ask = (tenantId: string, tenant: Tenant): Promise<number | undefined> => {
    const answered = request(tenantId, tenant).finally(() => {
      if (tenant.asking?.answered === answered) tenant.asking = undefined;
    });
    tenant.asking = { startedAt: tools.now(), answered };
    return answered;
  };

  /** After a pause many requests come at once: one sends the query, and the others wait for its result. */
  const askOrJoin = async (tenantId: string, tenant: Tenant): Promise<number | undefined> => {
    for (;;) {
      const { asking } = tenant;
      if (asking === undefined || tools.now() - asking.startedAt >= JOIN_TIMEOUT_MS) {
        return ask(tenantId, tenant);
      }
      await withTimeout(asking.answered, JOIN_TIMEOUT_MS);
      const { known, failedAt } = tenant;
      if (known !== undefined && tools.now() - known.requestedAt < TRUST_MS) return known.epoch;
      if (tools.now() - failedAt < RETRY_INTERVAL_MS) return undefined;
    }
  };

  /** The change is committed even if the object is unavailable; until it is notified, isolates rely on age alone. */
  const insist = async (attempt: () => Promise<unknown>, background: WaitUntil) => {
    const again = async () => {
      for (let failures = 1; failures < BUMP_ATTEMPTS; failures += 1) {
        await tools.sleep(200 * 2 ** failures);
        const isDone = await attempt().then(
          () => true,
          () => false,
        );
        if (isDone) return;
      }
    };
    await attempt().catch(() => background(again()));
  };

  return {
    current(tenantId, background) {
      const tenant = tenantOf(tenantId);
      const now = tools.now();
      const age = now - (tenant.known?.requestedAt ?? -Infinity);
      if (age >= TRUST_MS)
        return now - tenant.failedAt < RETRY_INTERVAL_MS ? undefined : askOrJoin(tenantId, tenant);
      if (age >= REFRESH_AFTER_MS && now - tenant.refreshAt >= RESPONSE_TIMEOUT_MS) {
        tenant.refreshAt = now;
        background(ask(tenantId, tenant));
      }
      return tenant.known?.epoch;
    },
    peek(tenantId) {
      const known = tenants.get(tenantId)?.known;
      return known !== undefined && tools.now() - known.requestedAt < REFRESH_AFTER_MS
        ? known.epoch
        : undefined;
    },
    knownBefore(tenantId, moment) {
      const known = tenants.get(tenantId)?.known;
      // Within the same millisecond the order is unknown.
      return known !== undefined && known.since < moment ? known.epoch : undefined;
    },
    observe(tenantId, epoch, askedAt) {
      learn(tenantOf(tenantId), epoch, askedAt);
    },
    async bump(tenantId, background) {
      const tenant = tenantOf(tenantId);
      const attempt = async () => {
        const askedAt = tools.now();
        learn(tenant, { epoch: await objectOf(tenantId).bumpEpoch(), ageMs: 0 }, askedAt);
      };
      await insist(attempt, background);
    },
    async bumpAll(background) {
      await insist(tools.bumpSystem, background);
    },
  };
}
