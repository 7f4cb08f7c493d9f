/** Stores the traffic state of a tenant object: requests per minute, rejections, breakers and violations. */
import { DAY_MS, HOUR_MS } from "../core/durations.ts";
import type { LimitDay } from "../core/limits/advice.ts";
import { MINUTES_PER_DAY, type Sample } from "../core/limits/algorithms/samples.ts";
import type { ViolationHistory } from "../core/limits/bans.ts";
import type { Breaker } from "../core/resilience/breaker.ts";
import type { BreakerStore, ServerTransition } from "../core/resilience/breakers.ts";
import type { QueueTotals } from "../core/resilience/queue-observer.ts";

const REFUSALS_TTL_DAYS = 14;
/** Bounds the log in case no caller fetches it. */
const MAX_TRANSITIONS = 1000;

export interface NumberedTransition extends ServerTransition {
  readonly id: number;
}

/** With what was forecast for the minute before it began. */
export interface ForecastSample extends Sample {
  readonly forecast: number | null;
}

export class TrafficStore implements BreakerStore {
  readonly #sql: SqlStorage;
  readonly #breakers: Map<string, Breaker>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<{ server_id: string; state: string }>("select server_id, state from breakers");
    this.#breakers = new Map(Array.from(rows, (row) => [row.server_id, JSON.parse(row.state)]));
  }

  get(serverId: string): Breaker | undefined {
    return this.#breakers.get(serverId);
  }

  put(serverId: string, breaker: Breaker): void {
    const before = this.#breakers.get(serverId);
    this.#breakers.set(serverId, breaker);
    // Counts of a closed breaker may be lost with the memory; what it decided may not.
    const isPassing = breaker.state === "closed" && before?.generation === breaker.generation;
    if (isPassing && before.forced === breaker.forced) return;
    if (breaker.generation === 0 && breaker.forced === undefined) return;
    this.#sql.exec(
      "insert or replace into breakers (server_id, state) values (?, ?)",
      serverId,
      JSON.stringify(breaker),
    );
  }

  *moved(): Iterable<readonly [string, Breaker]> {
    for (const entry of this.#breakers) if (entry[1].generation > 0) yield entry;
  }

  addTransitions(transitions: readonly ServerTransition[]): void {
    for (const { serverId, ...transition } of transitions) {
      this.#sql.exec(
        "insert into transitions (server_id, transition) values (?, ?)",
        serverId,
        JSON.stringify(transition),
      );
    }
    if (transitions.length === 0) return;
    this.#sql.exec(
      "delete from transitions where id <= (select max(id) from transitions) - ?",
      MAX_TRANSITIONS,
    );
  }

  /** Whether any transition waits to be written to the database. */
  hasTransitions(): boolean {
    return this.#sql.exec("select 1 from transitions limit 1").next().done !== true;
  }

  listTransitions(): NumberedTransition[] {
    const rows = this.#sql.exec<{ id: number; server_id: string; transition: string }>(
      "select id, server_id, transition from transitions order by id limit 100",
    );
    return Array.from(rows, ({ id, server_id, transition }) => ({
      id,
      serverId: server_id,
      ...JSON.parse(transition),
    }));
  }

  deleteTransitions(upTo: number): void {
    this.#sql.exec("delete from transitions where id <= ?", upTo);
  }

  addSamples(samples: readonly ForecastSample[]): void {
    for (const { minute, requests, forecast } of samples) {
      this.#sql.exec(
        "insert or replace into samples (minute, requests, forecast) values (?, ?, ?)",
        minute,
        requests,
        forecast,
      );
    }
    const last = samples.at(-1);
    if (last !== undefined)
      this.#sql.exec("delete from samples where minute <= ?", last.minute - MINUTES_PER_DAY);
  }

  listForecastSamples(): ForecastSample[] {
    return this.#sql
      .exec<{ minute: number; requests: number; forecast: number | null }>(
        "select minute, requests, forecast from samples order by minute",
      )
      .toArray();
  }

  listSamples(): Sample[] {
    return this.#sql
      .exec<{ minute: number; requests: number }>("select minute, requests from samples order by minute")
      .toArray();
  }

  addRefusals(refused: Readonly<Record<string, number>>, now: number): void {
    const day = Math.floor(now / DAY_MS);
    for (const [name, count] of Object.entries(refused)) {
      this.#sql.exec(
        `insert into refusals (day, hour, name, refused) values (?, ?, ?, ?)
         on conflict (day, hour, name) do update set refused = refused + excluded.refused`,
        day,
        Math.floor((now % DAY_MS) / HOUR_MS),
        name,
        count,
      );
    }
  }

  /** By name of the limit, oldest day first. */
  listLimitDays(): Map<string, LimitDay[]> {
    const rows = this.#sql.exec<{ day: number; hour: number; name: string; refused: number }>(
      "select day, hour, name, refused from refusals order by name, day, hour",
    );
    const days = new Map<string, Map<number, number[]>>();
    for (const { day, hour, name, refused } of rows) {
      const ofName = days.get(name) ?? new Map<number, number[]>();
      const hours = ofName.get(day) ?? Array<number>(24).fill(0);
      hours[hour] = refused;
      days.set(name, ofName.set(day, hours));
    }
    const admitted = this.listSamples().reduce((sum, { requests }) => sum + requests, 0);
    return new Map(
      [...days].map(([name, ofName]) => [
        name,
        [...ofName.values()].map((refusedByHour) => ({ refusedByHour, admitted })),
      ]),
    );
  }

  getViolationHistory(place: string): ViolationHistory | undefined {
    const [row] = this.#sql.exec<{ state: string }>("select state from conduct where place = ?", place);
    return row === undefined ? undefined : JSON.parse(row.state);
  }

  saveViolationHistory(place: string, conduct: ViolationHistory | undefined): void {
    if (conduct === undefined) this.#sql.exec("delete from conduct where place = ?", place);
    else
      this.#sql.exec(
        "insert or replace into conduct (place, state) values (?, ?)",
        place,
        JSON.stringify(conduct),
      );
  }

  listViolationHistories(): [place: string, conduct: ViolationHistory][] {
    const rows = this.#sql.exec<{ place: string; state: string }>("select place, state from conduct");
    return Array.from(rows, ({ place, state }) => [place, JSON.parse(state)]);
  }

  saveQueueTotals(serverId: string, { queued, rejected, observedAt }: QueueTotals): void {
    this.#sql.exec(
      "insert or replace into queue_totals (server_id, queued, rejected, observed_at) values (?, ?, ?, ?)",
      ...[serverId, queued, rejected, observedAt],
    );
  }

  listQueueTotals(): [serverId: string, totals: QueueTotals][] {
    const rows = this.#sql.exec<{ server_id: string; queued: number; rejected: number; observed_at: number }>(
      "select server_id, queued, rejected, observed_at from queue_totals",
    );
    return Array.from(rows, ({ server_id, queued, rejected, observed_at }) => [
      server_id,
      { queued, rejected, observedAt: observed_at },
    ]);
  }

  deleteExpired(now: number): void {
    this.#sql.exec("delete from refusals where day < ?", Math.floor(now / DAY_MS) - REFUSALS_TTL_DAYS);
  }
}
