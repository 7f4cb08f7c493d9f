/**
 * What an isolate knows of one tenant's traffic: the leases it may admit requests by, its servers' breakers, who is
 * banned. One call to the tenant's object brings and takes all of it, and most requests need none.
 */
import { BanList } from "../core/limits/bans.ts";
import { type AcquireResult, JOIN_TIMEOUT_MS, LeaseClient, type Quota } from "../core/limits/lease/client.ts";
import type { LeaseRequest, Limit } from "../core/limits/lease/protocol.ts";
import type {
  Ban,
  PermitResponse,
  TenantSyncRequest,
  TenantSyncResponse,
} from "../core/limits/lease/sync-messages.ts";
import { BREAKER_TERMS, type BreakerPermit, type BreakerTerms } from "../core/resilience/breaker.ts";
import { BreakerCache } from "../core/resilience/breaker-cache.ts";
import { type CallResult, classifyOutcome } from "../core/resilience/outcome.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import { withTimeout } from "../core/timers.ts";

/** The part of the tenant's object that this takes. */
export interface TrafficObject {
  sync(call: TenantSyncRequest): Promise<TenantSyncResponse>;
  acquirePermit(serverId: string, terms: BreakerTerms): Promise<PermitResponse>;
}

export interface TrafficTools {
  readonly objectOf: (tenantId: string) => TrafficObject;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The epoch comes with every answer. */
  readonly epochHeard: (tenantId: string, epoch: number, askedAt: number) => void;
  /** A breaker has changed state: somebody should write it down. */
  readonly onTransitions: (tenantId: string) => Promise<void>;
  /** Addresses have been banned by what this isolate has reported: each is passed on once. */
  readonly onBans: (tenantId: string, bans: readonly Ban[], background: WaitUntil) => void;
}

/** A breaker's answer to a request for a permit; without `pass` the call must not be sent. */
export interface PermitReply {
  readonly pass: BreakerPermit | undefined;
  /** When it is worth asking again; 0 with a pass. */
  readonly retryMs: number;
  /** An administrator holds the breaker open: it does not close by itself. */
  readonly isHeldOpen: boolean;
}

export type Share = NonNullable<TenantSyncRequest["share"]>;

/** Longer than an object takes to start. */
const PATIENCE_MS = 2000;
const ATTEMPTS = 4;
/** How often a call waits for the response to another call's request for tokens. */
const MAX_JOINS = 20;
/**
 * A hold by an administrator has no known end, so a caller is asked to come back at the pace of a health check. Whoever
 * asks sooner is let through within a second of the release all the same.
 */
const HELD_OPEN_RETRY_MS = 60_000;
/** The tenant's object did not answer when it was asked for a permit. */
const UNANSWERED_RETRY_MS = 1000;
/** For how long a list of bans is obeyed without asking whether one of them has been lifted. */
const BANS_TTL_MS = 500;
/** Failures are told at once, but not one by one. */
const TELL_MS = 100;
const WORTH_TELLING = 25;
const FLUSH_MARGIN_MS = 50;
const FLUSH_ROUNDS = 10;

export type Admittance = Exclude<AcquireResult, { kind: "request" }> | { readonly kind: "unavailable" };

export class TenantTraffic {
  readonly breakers = new BreakerCache();
  readonly bans = new BanList();
  readonly #tenantId: string;
  readonly #tools: TrafficTools;
  readonly #book = new LeaseClient(crypto.randomUUID());
  readonly #violations = new Map<string, number>();
  #bansVersion: number | undefined;
  #bansAskedAt = Number.NEGATIVE_INFINITY;
  #askingForBans: Promise<unknown> | undefined;
  #tellingUntil = Number.NEGATIVE_INFINITY;
  #flushingUntil = Number.NEGATIVE_INFINITY;
  /** Calls that wait for the response to another call's request. */
  readonly #waiting: (() => void)[] = [];

  constructor(tenantId: string, tools: TrafficTools) {
    this.#tenantId = tenantId;
    this.#tools = tools;
  }

  async decide(limits: readonly Limit[], share: Share, background: WaitUntil): Promise<Admittance> {
    const { now } = this.#tools;
    const verdict = this.#book.tryAcquire(limits, now());
    if (verdict.kind !== "request") {
      if (verdict.kind === "admit" && verdict.refill) background(this.#refill(share));
      return verdict;
    }
    const obtained = await this.#obtainTokens(limits, share, background);
    if (obtained.kind === "admit" && obtained.refill) background(this.#refill(share));
    return obtained;
  }

  /** One call requests tokens for all that wait. Between the look for its request and a request of one's own nothing waits. */
  async #obtainTokens(limits: readonly Limit[], share: Share, background: WaitUntil): Promise<Admittance> {
    const { now } = this.#tools;
    let joins = 0;
    for (let attempts = 0; attempts < ATTEMPTS; ) {
      if (joins < MAX_JOINS && this.#book.isAwaited(limits, now())) {
        joins += 1;
        await this.#nextResponse();
        const result = this.#book.retryAcquire(limits, now());
        if (result.kind !== "request") return result;
        continue;
      }
      attempts += 1;
      const leaseRequest = this.#book.buildRequest(limits, now(), this.#waiting.length);
      const result = await this.#exchange(leaseRequest, share, background);
      this.#flushLater(share, background);
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

  /** Sends a request and applies its response. Whoever has waited for it looks again. */
  async #exchange(leaseRequest: LeaseRequest, share: Share, background: WaitUntil): Promise<AcquireResult> {
    const reply = await this.#call({ leaseRequest, share }, background);
    const response = reply?.leaseResponse;
    if (response === undefined) this.#book.markLost(leaseRequest);
    const result: AcquireResult =
      response === undefined
        ? { kind: "request" }
        : this.#book.applyResponse(leaseRequest, response, this.#tools.now());
    for (const wake of this.#waiting.splice(0)) wake();
    return result;
  }

  quotas(limits: readonly Limit[]): Quota[] {
    return this.#book.getQuotas(limits, this.#tools.now());
  }

  /** What is refused by what is known costs no question; but somebody must hear of it when it becomes too much. */
  violated(place: string, background: WaitUntil): void {
    const count = (this.#violations.get(place) ?? 0) + 1;
    this.#violations.set(place, count);
    if (count % WORTH_TELLING === 0) this.#tellSoon(background);
  }

  /**
   * How long an address stays banned; undefined where it is not. A lifted ban is noticed within a second, also by an
   * isolate that has no other question for the object: what is known of a banned address is confirmed when it is older.
   */
  async banRemainingMs(place: string, background: WaitUntil): Promise<number | undefined> {
    const { now } = this.#tools;
    if (this.bans.remainingMs(place, now()) === undefined) return undefined;
    if (now() - this.#bansAskedAt >= BANS_TTL_MS) {
      this.#askingForBans ??= this.tell(background).finally(() => {
        this.#askingForBans = undefined;
      });
      await withTimeout(this.#askingForBans, PATIENCE_MS);
    }
    return this.bans.remainingMs(place, now());
  }

  /** Requests a permit for one call to a server from its circuit breaker. */
  async permit(serverId: string, background: WaitUntil): Promise<PermitReply> {
    const { objectOf, now } = this.#tools;
    const state = this.breakers.getState(serverId, now());
    if (state === "closed")
      return { pass: this.breakers.createPermit(serverId), retryMs: 0, isHeldOpen: false };
    if (state === "due") {
      const reply = await objectOf(this.#tenantId)
        .acquirePermit(serverId, BREAKER_TERMS)
        .catch(() => undefined);
      if (reply === undefined) return { pass: undefined, retryMs: UNANSWERED_RETRY_MS, isHeldOpen: false };
      this.breakers.applyUpdate(reply.breakers, now());
      if (reply.permit?.isProbe === true) background(this.#tools.onTransitions(this.#tenantId));
      if (reply.permit !== undefined) return { pass: reply.permit, retryMs: 0, isHeldOpen: false };
    }
    const isHeldOpen = this.breakers.isForcedOpen(serverId);
    const retryMs = isHeldOpen ? HELD_OPEN_RETRY_MS : this.breakers.retryMs(serverId, now());
    return { pass: undefined, retryMs, isHeldOpen };
  }

  /** What became of a call that was permitted. */
  ended(serverId: string, pass: BreakerPermit, result: CallResult, ms: number, background: WaitUntil): void {
    const isUrgent = this.breakers.addOutcome(serverId, pass, classifyOutcome(result), ms, BREAKER_TERMS);
    if (isUrgent) this.#tellSoon(background);
  }

  /** Reports what has not been reported yet, and learns what there is to know. */
  async tell(background: WaitUntil): Promise<void> {
    await this.#call({}, background);
  }

  #tellSoon(background: WaitUntil): void {
    const { now } = this.#tools;
    if (now() < this.#tellingUntil) return;
    this.#tellingUntil = now() + TELL_MS + PATIENCE_MS;
    background(this.#tell(background));
  }

  async #tell(background: WaitUntil): Promise<void> {
    await this.#tools.sleep(TELL_MS);
    this.#tellingUntil = Number.NEGATIVE_INFINITY;
    await this.tell(background);
  }

  async #refill(share: Share): Promise<void> {
    const leaseRequest = this.#book.buildRefill(this.#tools.now());
    if (leaseRequest === undefined) return;
    await this.#exchange(leaseRequest, share, (work) => void work.catch(() => undefined));
    await this.#flush(share);
  }

  /** What a lease has left goes back when its time is over, so that others may have it. */
  #flushLater(share: Share, background: WaitUntil): void {
    if (this.#tools.now() >= this.#flushingUntil) background(this.#flush(share));
  }

  /** For a while only: a request's afterlife is short, and whoever asks next goes on with it. */
  async #flush(share: Share): Promise<void> {
    const { now, sleep } = this.#tools;
    if (now() < this.#flushingUntil) return;
    for (let round = 0; round < FLUSH_ROUNDS; round += 1) {
      const ms = this.#book.msUntilRelease(now());
      if (ms === undefined) break;
      // Should this request be cut off, its successors need not wait for it.
      this.#flushingUntil = now() + ms + FLUSH_MARGIN_MS + PATIENCE_MS;
      await sleep(ms + FLUSH_MARGIN_MS);
      const leaseRequest = this.#book.buildRelease(now());
      if (leaseRequest === undefined) continue;
      const reply = await this.#call({ leaseRequest, share }, (work) => void work.catch(() => undefined));
      if (reply?.leaseResponse === undefined) this.#book.markLost(leaseRequest);
      else this.#book.applyResponse(leaseRequest, reply.leaseResponse, now());
    }
    this.#flushingUntil = Number.NEGATIVE_INFINITY;
  }

  /** Undefined where no answer came in time. */
  async #call(
    call: Pick<TenantSyncRequest, "leaseRequest" | "share">,
    background: WaitUntil,
  ): Promise<TenantSyncResponse | undefined> {
    const { objectOf, now, epochHeard, onTransitions, onBans } = this.#tools;
    const askedAt = now();
    const violations = Array.from(this.#violations, ([place, count]) => ({ place, count }));
    this.#violations.clear();
    const reports = this.breakers.takeReports();
    const asking = objectOf(this.#tenantId)
      .sync({ ...call, reports, violations, bansKnown: this.#bansVersion })
      .catch(() => undefined);
    const reply = await withTimeout(asking, PATIENCE_MS);
    if (reply === undefined) {
      this.breakers.restoreReports(reports);
      for (const { place, count } of violations) {
        this.#violations.set(place, (this.#violations.get(place) ?? 0) + count);
      }
      return undefined;
    }
    epochHeard(this.#tenantId, reply.epoch, askedAt);
    this.breakers.applyUpdate(reply.breakers, now());
    this.#bansAskedAt = Math.max(this.#bansAskedAt, askedAt);
    if (reply.bans !== undefined) {
      this.#bansVersion = reply.bans.version;
      this.bans.replaceAll(reply.bans.bans, now());
    }
    if (reply.newBans.length > 0) onBans(this.#tenantId, reply.newBans, background);
    if (reply.hasTransitions) background(onTransitions(this.#tenantId));
    return reply;
  }
}

const REMEMBERED = 10_000;

export function createTraffic(tools: TrafficTools): (tenantId: string) => TenantTraffic {
  const tenants = new Map<string, TenantTraffic>();
  return (tenantId) => {
    let traffic = tenants.get(tenantId);
    if (traffic === undefined) {
      traffic = new TenantTraffic(tenantId, tools);
      tenants.set(tenantId, traffic);
      const [oldest] = tenants.keys();
      if (tenants.size > REMEMBERED && oldest !== undefined) tenants.delete(oldest);
    }
    return traffic;
  };
}
