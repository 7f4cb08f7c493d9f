// An isolate of the Worker: its lease book, its clock, and what it does with a request.

import type { Limit } from "../../src/core/limits/algorithms/limit.ts";
import { JOIN_TIMEOUT_MS, LeaseClient } from "../../src/core/limits/lease/client.ts";
import type { LeaseRequest, LeaseResponse } from "../../src/core/limits/lease/protocol.ts";
import { type SimulationSetup, type TenantStandIn, WAIT_TIMEOUT_MS } from "./objects.ts";
import { between, exponential } from "./random.ts";

export type Outcome = "admitted" | "denied" | "unanswered";
/** `at`: where the decision was made, in true time. */
export type Decided = (outcome: Outcome, at: number) => void;

const TRIES = 3;
const MAX_JOINS = 20;
const FLUSH_MS = 1100;

export class Isolate {
  asks = 0;
  readonly #setup: SimulationSetup;
  readonly #name: string;
  readonly #tenants: ReadonlyMap<string, TenantStandIn>;
  #books = new Map<string, LeaseClient>();
  #skew = 0;
  #life = 0;
  /** Of all books: requests that wait for the response to another one's request. */
  #waiting = new Set<() => void>();

  constructor(setup: SimulationSetup, name: string, tenants: ReadonlyMap<string, TenantStandIn>) {
    this.#setup = setup;
    this.#name = name;
    this.#tenants = tenants;
    this.#begin();
  }

  request(tenantId: string, limits: readonly Limit[], decided: Decided): void {
    const book = this.#bookOf(tenantId);
    const verdict = book.tryAcquire(limits, this.#now);
    if (verdict.kind === "request") this.#obtain(tenantId, book, limits, decided, MAX_JOINS);
    else decided(verdict.kind === "admit" ? "admitted" : "denied", this.#setup.events.now);
    if (verdict.kind === "admit" && verdict.refill)
      this.#background(tenantId, book, book.buildRefill(this.#now));
  }

  get #now(): number {
    return this.#setup.events.now + this.#skew;
  }

  #begin(): void {
    const { faults, random, events } = this.#setup;
    this.#life += 1;
    this.#books = new Map();
    this.#waiting = new Set();
    this.#skew = between(random, -faults.isolateSkewMs, faults.isolateSkewMs);
    if (faults.deathMs > 0) events.in(exponential(random, faults.deathMs), () => this.#begin());
  }

  /** As policy/traffic.ts: joins the request of another, or sends one. */
  #obtain(
    tenantId: string,
    book: LeaseClient,
    limits: readonly Limit[],
    decided: Decided,
    joins: number,
  ): void {
    if (joins === 0 || !book.isAwaited(limits, this.#now)) {
      this.#ask(tenantId, book, limits, decided, TRIES);
      return;
    }
    const life = this.#life;
    const go = () => {
      if (life !== this.#life || !this.#waiting.delete(go)) return;
      const verdict = book.retryAcquire(limits, this.#now);
      if (verdict.kind === "request") this.#obtain(tenantId, book, limits, decided, joins - 1);
      else decided(verdict.kind === "admit" ? "admitted" : "denied", this.#setup.events.now);
    };
    this.#waiting.add(go);
    this.#setup.events.in(JOIN_TIMEOUT_MS, go);
  }

  #ask(tenantId: string, book: LeaseClient, limits: readonly Limit[], decided: Decided, tries: number): void {
    if (tries === 0) {
      decided("unanswered", this.#setup.events.now);
      return;
    }
    const ask = book.buildRequest(limits, this.#now, { waiting: this.#waiting.size });
    this.#send(tenantId, book, ask, (answer, at) => {
      const verdict = answer === undefined ? undefined : book.applyResponse(ask, answer, this.#now);
      if (verdict === undefined || verdict.kind === "request") {
        this.#ask(tenantId, book, limits, decided, tries - 1);
      } else decided(verdict.kind === "admit" ? "admitted" : "denied", at);
    });
  }

  #background(tenantId: string, book: LeaseClient, ask: LeaseRequest | undefined): void {
    if (ask === undefined) return;
    this.#send(tenantId, book, ask, (answer) => {
      if (answer !== undefined) book.applyResponse(ask, answer, this.#now);
    });
  }

  /** Undefined: no answer came in time, and none will be listened to. */
  #send(
    tenantId: string,
    book: LeaseClient,
    ask: LeaseRequest,
    then: (answer: LeaseResponse | undefined, at: number) => void,
  ): void {
    this.asks += 1;
    const { network, events } = this.#setup;
    const life = this.#life;
    let isOver = false;
    const finish = (answer: LeaseResponse | undefined, at: number) => {
      if (isOver || life !== this.#life) return;
      isOver = true;
      if (answer === undefined) book.markLost(ask);
      then(answer, at);
      for (const go of [...this.#waiting]) go();
    };
    network.send(() => this.#tenants.get(tenantId)?.lease(ask, finish));
    events.in(WAIT_TIMEOUT_MS, () => finish(undefined, events.now));
    if (ask.claims.length === 0) return;
    events.in(FLUSH_MS, () => {
      if (life === this.#life) this.#background(tenantId, book, book.buildRelease(this.#now));
    });
  }

  #bookOf(tenantId: string): LeaseClient {
    let book = this.#books.get(tenantId);
    if (book === undefined) {
      book = new LeaseClient(`${this.#name}.${this.#life}.${tenantId}`);
      this.#books.set(tenantId, book);
    }
    return book;
  }
}
