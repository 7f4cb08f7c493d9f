/**
 * What a tenant has one of, for all isolates: the epoch (a number that every change of its configuration raises),
 * its limits, its breakers, the concurrency slots of its servers, who of its callers is banned, and its running requests.
 */
import { DurableObject } from "cloudflare:workers";
import { type ActiveRequest, ActiveRequests } from "../core/active-requests.ts";
import { type LimitRecommendation, recommendLimit } from "../core/limits/advice.ts";
import type { Sample } from "../core/limits/algorithms/samples.ts";
import { BAN_TERMS } from "../core/limits/bans.ts";
import type { LeaseRequest } from "../core/limits/lease/protocol.ts";
import type {
  Ban,
  PermitResponse,
  TenantSyncRequest,
  TenantSyncResponse,
} from "../core/limits/lease/sync-messages.ts";
import type { BreakerTerms } from "../core/resilience/breaker.ts";
import { type BreakerDescription, Breakers, type ServerTransition } from "../core/resilience/breakers.ts";
import type { ObservedQueue } from "../core/resilience/queue-observer.ts";
import type { SlotReply, SlotRequest } from "../core/resilience/slots.ts";
import type { ObservedEpoch } from "../core/tenant-cache.ts";
import { EpochStore } from "./epoch-store.ts";
import { migrate } from "./limiter-store.ts";
import { TenantBans } from "./tenant-bans.ts";
import type { BudgetUsage, NumberedCrossing, TenantBudgets } from "./tenant-budgets.ts";
import { TenantConnectors } from "./tenant-connectors.ts";
import { type LimitUsage, TenantLeases, type TrafficForecast } from "./tenant-leases.ts";
import { TenantSlots } from "./tenant-slots.ts";
import { type NumberedTransition, TrafficStore } from "./traffic-store.ts";

/** The latest system epoch that this object has received. */
const SYSTEM_EPOCH = "system epoch";
const SWEEP_INTERVAL_MS = 3_600_000;

export class TenantObject extends DurableObject<Env> {
  readonly #epochs: EpochStore;
  readonly #tables: TrafficStore;
  readonly #leases: TenantLeases;
  readonly #breakers: Breakers;
  readonly #bans: TenantBans;
  readonly #slots: TenantSlots;
  readonly #connectors: TenantConnectors;
  /** Undefined before the first request that concerns a budget. */
  #budgets: TenantBudgets | undefined;
  readonly #active = new ActiveRequests();
  #sweepAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, "gates", "traffic");
    this.#epochs = new EpochStore(ctx.storage.kv);
    this.#tables = new TrafficStore(ctx.storage.sql);
    this.#leases = new TenantLeases(ctx, env.GLOBAL.getByName("global"), this.#tables);
    this.#breakers = new Breakers(this.#tables);
    this.#bans = new TenantBans(this.#tables);
    this.#slots = new TenantSlots(ctx.storage, this.#tables, Date.now());
    this.#connectors = new TenantConnectors(ctx.storage.kv, (serverId) =>
      env.CONNECTORS.getByName(serverId).recheck(),
    );
  }

  getEpoch(): number {
    return this.#epochs.get();
  }

  readEpoch(): ObservedEpoch {
    return this.#epochs.observe(Date.now());
  }

  /** Isolates with an older epoch discard their data about the tenant. */
  bumpEpoch(): number {
    this.ctx.waitUntil(this.#connectors.check());
    return this.#epochs.bump(Date.now());
  }

  /** The server has a connector, whose right is checked after each change of the configuration. */
  addConnectedServer(serverId: string): void {
    this.#connectors.add(serverId);
  }

  /** What changes for all tenants changes for this one, once. */
  applySystemEpoch(systemEpoch: number): void {
    if (systemEpoch <= (this.ctx.storage.kv.get<number>(SYSTEM_EPOCH) ?? 0)) return;
    this.ctx.storage.kv.put(SYSTEM_EPOCH, systemEpoch);
    this.bumpEpoch();
  }

  /** The one call of the hot path: takes the isolate's reports, and returns the present state. */
  async sync({
    leaseRequest,
    share,
    reports = [],
    violations = [],
    banTerms = BAN_TERMS,
    bansKnown,
  }: TenantSyncRequest): Promise<TenantSyncResponse> {
    if (share !== undefined) this.#leases.terms = share;
    this.#tables.addTransitions(this.#breakers.report(reports, { now: Date.now(), random: Math.random }));
    const newBans = this.#bans.report(violations, banTerms, Date.now());
    const leaseResponse = leaseRequest && (await this.#leases.issue(leaseRequest));
    if (leaseRequest !== undefined && concernsBudget(leaseRequest)) {
      (await this.#loadBudgets()).observe(leaseRequest, Date.now());
    }
    this.applySystemEpoch(this.#leases.systemEpoch);
    await this.#planSweep();
    const now = Date.now();
    return {
      epoch: this.readEpoch(),
      systemEpoch: this.#leases.systemEpoch,
      leaseResponse,
      breakers: this.#breakers.views(now),
      // Not only those of this report: a reply may be lost, and so may the write that follows it.
      hasTransitions: this.#tables.hasTransitions() || this.#budgets?.hasUnwritten() === true,
      bans: this.#bans.list(bansKnown, now),
      newBans,
    };
  }

  /** For one call to a server whose breaker is not closed. */
  acquirePermit(serverId: string, terms: BreakerTerms): PermitResponse {
    const now = Date.now();
    const { pass: permit, transitions, retryMs } = this.#breakers.permit(serverId, terms, now);
    this.#tables.addTransitions(transitions);
    return { epoch: this.getEpoch(), permit, retryMs, breakers: this.#breakers.views(now) };
  }

  describeBreaker(serverId: string, terms: BreakerTerms): BreakerDescription {
    return this.#breakers.describe(serverId, terms, Date.now());
  }

  /** Grants, renews and takes back slots of one server for one isolate. */
  issueSlots(request: SlotRequest): SlotReply {
    return this.#slots.issue(request, Date.now());
  }

  listQueues(): ObservedQueue[] {
    return this.#slots.listQueues(Date.now());
  }

  /** By an admin; undefined hands the breaker back to the machine. */
  forceBreaker(
    serverId: string,
    to: "open" | "closed" | undefined,
    actorId?: string | undefined,
  ): ServerTransition[] {
    const transitions = this.#breakers
      .force(serverId, to, Date.now())
      .map((transition) => ({ ...transition, ...(actorId !== undefined && { actorId }) }));
    this.#tables.addTransitions(transitions);
    return transitions;
  }

  /**
   * Returns the transitions that are not stored in the database yet. The caller stores them and then deletes them here.
   */
  listTransitions(): NumberedTransition[] {
    return this.#tables.listTransitions();
  }

  deleteTransitions(upTo: number): void {
    this.#tables.deleteTransitions(upTo);
  }

  /** As `listTransitions`, of the thresholds that budgets have reached. */
  async listBudgetCrossings(): Promise<NumberedCrossing[]> {
    return (await this.#loadBudgets()).listUnwritten();
  }

  async markCrossingsWritten(upTo: number): Promise<void> {
    (await this.#loadBudgets()).markWritten(upTo);
  }

  async getBudgetUsage(): Promise<BudgetUsage[]> {
    return (await this.#loadBudgets()).listUsage(Date.now());
  }

  /** Those in force. */
  listBans(): readonly Ban[] {
    return this.#bans.list(undefined, Date.now())?.bans ?? [];
  }

  liftBan(place: string): void {
    this.#bans.lift(place);
  }

  /** A day of minutes, oldest first. */
  listSamples(): Sample[] {
    this.#leases.closeMinutes(Date.now());
    return this.#tables.listSamples();
  }

  /** What each limit has given out in its window. */
  getUsage(): LimitUsage[] {
    return this.#leases.getUsage(Date.now());
  }

  getForecast(): TrafficForecast {
    this.#leases.closeMinutes(Date.now());
    return this.#leases.getForecast(Date.now());
  }

  /** By name of the limit: those that are hit regularly. */
  getRecommendations(): Map<string, LimitRecommendation> {
    const found = [...this.#tables.listLimitDays()].map(
      ([name, days]) => [name, recommendLimit(days)] as const,
    );
    return new Map(found.flatMap(([name, advice]) => (advice === undefined ? [] : [[name, advice]])));
  }

  reportActive(request: ActiveRequest): boolean {
    return this.#active.report(request, Date.now());
  }

  endActive(id: string): void {
    this.#active.end(id);
  }

  cancelActive(id: string): boolean {
    return this.#active.cancel(id, Date.now());
  }

  listActive(): ActiveRequest[] {
    return this.#active.list(Date.now());
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#leases.deleteExpired(now);
    this.#tables.deleteExpired(now);
    this.#bans.deleteExpired(now);
    this.#slots.deleteExpired(now);
    (await this.#loadBudgets()).deleteExpired(now);
  }

  async #loadBudgets(): Promise<TenantBudgets> {
    const { TenantBudgets } = await import("./tenant-budgets.ts");
    this.#budgets ??= new TenantBudgets(this.ctx.storage.sql, this.#leases.limiters);
    return this.#budgets;
  }

  async #planSweep(): Promise<void> {
    const now = Date.now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_INTERVAL_MS;
    await this.ctx.storage.setAlarm(this.#sweepAt);
  }
}

const concernsBudget = ({ claims, settled }: LeaseRequest) =>
  claims.some(({ limit }) => limit.alertAt !== undefined) ||
  settled.some(({ limit }) => limit.alertAt !== undefined);
