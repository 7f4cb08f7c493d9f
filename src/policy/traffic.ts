/**
 * An isolate's state of one tenant's traffic: the leases it may admit requests by, its servers' breakers, who is
 * banned. One call to the tenant's object brings and takes all of it, and most requests need none.
 */

import type { Limit } from "../core/limits/algorithms/limit.ts";
import { BanList } from "../core/limits/bans.ts";
import { type AcquireResult, JOIN_TIMEOUT_MS, LeaseClient, type Quota } from "../core/limits/lease/client.ts";
import type { LeaseRequest } from "../core/limits/lease/protocol.ts";
import type { BanTerms, TenantSyncRequest, TenantSyncResponse } from "../core/limits/lease/sync-messages.ts";
import type { BreakerPermit } from "../core/resilience/breaker.ts";
import { BreakerCache } from "../core/resilience/breaker-cache.ts";
import { type CallResult, classifyOutcome } from "../core/resilience/outcome.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import { withTimeout } from "../core/timers.ts";
import type {
  AdmissionResult,
  CapacityShare,
  PermitDecision,
  ProtectedServer,
  TrafficDeps,
} from "./traffic-ports.ts";

/** Longer than an object takes to start. */
const RESPONSE_TIMEOUT_MS = 2000;
const ATTEMPTS = 4;
/** How often a call waits for the response to another call's request for tokens. */
const MAX_JOINS = 20;
/**
 * A forced breaker has no known end, so the retry delay is that of a health check. Earlier retries pass within a second
 * of the release all the same.
 */
const FORCED_OPEN_RETRY_MS = 60_000;
/** The tenant's object did not respond to the request for a permit. */
const UNANSWERED_RETRY_MS = 1000;
/** For how long a list of bans applies without a check whether one of them has been lifted. */
const BANS_TTL_MS = 500;
/** Failures are reported promptly, but in batches. */
const REPORT_DELAY_MS = 100;
const VIOLATIONS_PER_REPORT = 25;
const RELEASE_MARGIN_MS = 50;
const RELEASE_ROUNDS = 10;

export class TenantTraffic {
  readonly breakers = new BreakerCache();
  readonly bans = new BanList();
  readonly #tenantId: string;
  readonly #deps: TrafficDeps;
  readonly #leases = new LeaseClient(crypto.randomUUID());
  readonly #violations = new Map<string, number>();
  #banTerms: BanTerms | undefined;
  #bansVersion: number | undefined;
  #bansRequestedAt = Number.NEGATIVE_INFINITY;
  #banRequest: Promise<unknown> | undefined;
  #reportingUntil = Number.NEGATIVE_INFINITY;
  #releasingUntil = Number.NEGATIVE_INFINITY;
  /** Calls that wait for the response to another call's request. */
  readonly #waiting: (() => void)[] = [];

  constructor(tenantId: string, tools: TrafficDeps) {
    this.#tenantId = tenantId;
    this.#deps = tools;
  }

  /** As `tryAcquire`, where the isolate can decide by itself. Otherwise undefined, and nothing is counted. */
  acquireNow(
    limits: readonly Limit[],
    share: CapacityShare,
    background: WaitUntil,
  ): AcquireResult | undefined {
    const now = this.#deps.now();
    if (!this.#leases.canDecide(limits, now)) return undefined;
    const result = this.#leases.tryAcquire(limits, now);
    this.#refillIfLow(result, share, background);
    return result;
  }

  async tryAcquire(
    limits: readonly Limit[],
    share: CapacityShare,
    background: WaitUntil,
    cost = 1,
  ): Promise<AdmissionResult> {
    const known = this.#leases.tryAcquire(limits, this.#deps.now(), cost);
    const result =
      known.kind === "request" ? await this.#obtainTokens(limits, share, background, cost) : known;
    this.#refillIfLow(result, share, background);
    return result;
  }

  #refillIfLow(result: AcquireResult | AdmissionResult, share: CapacityShare, background: WaitUntil): void {
    if (result.kind === "admit" && result.refill) background(this.#refill(share));
  }

  /** One call requests tokens for all that wait. Between the look for its request and a request of one's own nothing waits. */
  async #obtainTokens(
    limits: readonly Limit[],
    share: CapacityShare,
    background: WaitUntil,
    cost: number,
  ): Promise<AdmissionResult> {
    const { now } = this.#deps;
    let joins = 0;
    for (let attempts = 0; attempts < ATTEMPTS; ) {
      if (joins < MAX_JOINS && this.#leases.isAwaited(limits, now(), cost)) {
        joins += 1;
        await this.#nextResponse();
        const result = this.#leases.retryAcquire(limits, now(), cost);
        if (result.kind !== "request") return result;
        continue;
      }
      attempts += 1;
      const leaseRequest = this.#leases.buildRequest(limits, now(), { waiting: this.#waiting.length, cost });
      const result = await this.#exchange(leaseRequest, share, background);
      this.#releaseLater(share, background);
      if (result.kind !== "request") return result;
    }
    return { kind: "unavailable" };
  }

  /** The call whose response is waited for may have been cut off. */
  async #nextResponse(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await withTimeout(promise, JOIN_TIMEOUT_MS);
  }

  /** Sends a request and applies its response; waiting callers then decide again. */
  async #exchange(
    leaseRequest: LeaseRequest,
    share: CapacityShare,
    background: WaitUntil,
  ): Promise<AcquireResult> {
    const reply = await this.#send({ leaseRequest, share }, background);
    const response = reply?.leaseResponse;
    if (response === undefined) this.#leases.markLost(leaseRequest);
    const result: AcquireResult =
      response === undefined
        ? { kind: "request" }
        : this.#leases.applyResponse(leaseRequest, response, this.#deps.now());
    for (const wake of this.#waiting.splice(0)) wake();
    return result;
  }

  getQuotas(limits: readonly Limit[]): Quota[] {
    return this.#leases.getQuotas(limits, this.#deps.now());
  }

  /** A rejection from cached state costs no request; repeated ones are reported as violations, with what they bring. */
  reportViolation(place: string, terms: BanTerms, background: WaitUntil): void {
    this.#banTerms = terms;
    const count = (this.#violations.get(place) ?? 0) + 1;
    this.#violations.set(place, count);
    if (count % VIOLATIONS_PER_REPORT === 0) this.#syncSoon(background);
  }

  /**
   * How long an address stays banned; undefined where it is not. A lifted ban is noticed within a second, also by an
   * isolate that has no other question for the object: what is known of a banned address is confirmed when it is older.
   */
  async banRemainingMs(place: string, background: WaitUntil): Promise<number | undefined> {
    const { now } = this.#deps;
    if (this.bans.remainingMs(place, now()) === undefined) return undefined;
    if (now() - this.#bansRequestedAt >= BANS_TTL_MS) {
      this.#banRequest ??= this.sync(background).finally(() => {
        this.#banRequest = undefined;
      });
      await withTimeout(this.#banRequest, RESPONSE_TIMEOUT_MS);
    }
    return this.bans.remainingMs(place, now());
  }

  /** As `banRemainingMs`, where the list of bans needs no confirmation; otherwise "unconfirmed". */
  banRemainingNow(place: string): number | undefined | "unconfirmed" {
    const now = this.#deps.now();
    const remainingMs = this.bans.remainingMs(place, now);
    const isConfirmed = remainingMs === undefined || now - this.#bansRequestedAt < BANS_TTL_MS;
    return isConfirmed ? remainingMs : "unconfirmed";
  }

  /** Requests a permit for one call to a server from its circuit breaker. */
  async acquirePermit(
    { id: serverId, breaker }: ProtectedServer,
    background: WaitUntil,
  ): Promise<PermitDecision> {
    const { getObject, now } = this.#deps;
    const state = this.breakers.getState(serverId, now());
    if (state === "closed")
      return { permit: this.breakers.createPermit(serverId), retryMs: 0, isForcedOpen: false };
    if (state === "due") {
      const reply = await getObject(this.#tenantId)
        .acquirePermit(serverId, breaker)
        .catch(() => undefined);
      if (reply === undefined)
        return { permit: undefined, retryMs: UNANSWERED_RETRY_MS, isForcedOpen: false };
      this.breakers.applyUpdate(reply.breakers, now());
      if (reply.permit?.isProbe === true) background(this.#deps.onTransitions(this.#tenantId));
      if (reply.permit !== undefined) return { permit: reply.permit, retryMs: 0, isForcedOpen: false };
    }
    const isForcedOpen = this.breakers.isForcedOpen(serverId);
    const retryMs = isForcedOpen ? FORCED_OPEN_RETRY_MS : this.breakers.retryMs(serverId, now());
    return { permit: undefined, retryMs, isForcedOpen };
  }

  /** What became of a call that was permitted. */
  reportOutcome(
    { id, breaker }: ProtectedServer,
    pass: BreakerPermit,
    result: CallResult,
    ms: number,
    background: WaitUntil,
  ): void {
    const isUrgent = this.breakers.addOutcome(id, pass, classifyOutcome(result), ms, breaker);
    if (isUrgent) this.#syncSoon(background);
  }

  /** Sends pending reports, and applies the state in the response. */
  async sync(background: WaitUntil): Promise<void> {
    await this.#send({}, background);
  }

  #syncSoon(background: WaitUntil): void {
    const { now } = this.#deps;
    if (now() < this.#reportingUntil) return;
    this.#reportingUntil = now() + REPORT_DELAY_MS + RESPONSE_TIMEOUT_MS;
    background(this.#syncAfterDelay(background));
  }

  async #syncAfterDelay(background: WaitUntil): Promise<void> {
    await this.#deps.sleep(REPORT_DELAY_MS);
    this.#reportingUntil = Number.NEGATIVE_INFINITY;
    await this.sync(background);
  }

  async #refill(share: CapacityShare): Promise<void> {
    const leaseRequest = this.#leases.buildRefill(this.#deps.now());
    if (leaseRequest === undefined) return;
    await this.#exchange(leaseRequest, share, (work) => void work.catch(() => undefined));
    await this.#release(share);
  }

  /** What a lease has left goes back when its time is over, so that others may have it. */
  #releaseLater(share: CapacityShare, background: WaitUntil): void {
    if (this.#deps.now() >= this.#releasingUntil) background(this.#release(share));
  }

  /** Limited in time, because `waitUntil` is short; the next request continues. */
  async #release(share: CapacityShare): Promise<void> {
    const { now, sleep } = this.#deps;
    if (now() < this.#releasingUntil) return;
    for (let round = 0; round < RELEASE_ROUNDS; round += 1) {
      const ms = this.#leases.msUntilRelease(now());
      if (ms === undefined) break;
      // Should this request be cut off, its successors need not wait for it.
      this.#releasingUntil = now() + ms + RELEASE_MARGIN_MS + RESPONSE_TIMEOUT_MS;
      await sleep(ms + RELEASE_MARGIN_MS);
      const leaseRequest = this.#leases.buildRelease(now());
      if (leaseRequest === undefined) continue;
      const reply = await this.#send({ leaseRequest, share }, (work) => void work.catch(() => undefined));
      if (reply?.leaseResponse === undefined) this.#leases.markLost(leaseRequest);
      else this.#leases.applyResponse(leaseRequest, reply.leaseResponse, now());
    }
    this.#releasingUntil = Number.NEGATIVE_INFINITY;
  }

  /** Undefined where no answer came in time. */
  async #send(
    call: Pick<TenantSyncRequest, "leaseRequest" | "share">,
    background: WaitUntil,
  ): Promise<TenantSyncResponse | undefined> {
    const { getObject, now, onEpoch, onTransitions, onBans } = this.#deps;
    const askedAt = now();
    const violations = Array.from(this.#violations, ([place, count]) => ({ place, count }));
    this.#violations.clear();
    const reports = this.breakers.takeReports();
    const asking = getObject(this.#tenantId)
      .sync({ ...call, reports, violations, banTerms: this.#banTerms, bansKnown: this.#bansVersion })
      .catch(() => undefined);
    const reply = await withTimeout(asking, RESPONSE_TIMEOUT_MS);
    if (reply === undefined) {
      this.breakers.restoreReports(reports);
      for (const { place, count } of violations) {
        this.#violations.set(place, (this.#violations.get(place) ?? 0) + count);
      }
      return undefined;
    }
    onEpoch(this.#tenantId, reply.epoch, askedAt);
    this.breakers.applyUpdate(reply.breakers, now());
    this.#bansRequestedAt = Math.max(this.#bansRequestedAt, askedAt);
    if (reply.bans !== undefined) {
      this.#bansVersion = reply.bans.version;
      this.bans.replaceAll(reply.bans.bans, now());
    }
    if (reply.newBans.length > 0) onBans(this.#tenantId, reply.newBans, background);
    if (reply.hasTransitions) background(onTransitions(this.#tenantId));
    return reply;
  }
}
