/** Alerts with a queue, a receiver, a letter box and a clock of the test's own. */
import { Keyring } from "../../src/core/keyring.ts";
import type { AlertDeps, AlertJob } from "../../src/operations/alerts/alert-deps.ts";
import { consumeAlerts } from "../../src/operations/alerts/deliver.ts";
import { database, owner } from "../support/database.ts";

export interface Call {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

interface Waiting {
  readonly body: AlertJob;
  readonly dueAt: number;
}

export class AlertWorld implements AlertDeps {
  readonly database = database;
  readonly keyring = new Keyring([{ id: "t1", key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" }]);
  readonly urlPolicy = { allowLoopback: false };
  readonly publicUrl = "https://gateway.example.com";
  readonly calls: Call[] = [];
  readonly mails: { to: string; subject: string; text: string }[] = [];
  /** What receivers answer, one after the other; then 204. */
  readonly answers: (number | "lost")[] = [];
  queueRefuses = false;
  #waiting: Waiting[] = [];
  #clock = Date.now();

  readonly now = () => this.#clock;
  pass(ms: number): void {
    this.#clock += ms;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    this.calls.push({ url: request.url, headers: request.headers, body: await request.text() });
    const answer = this.answers.shift() ?? 204;
    if (answer === "lost") throw new TypeError("Network connection lost.");
    return new Response(null, {
      status: answer,
      ...(answer === 302 && { headers: { location: "http://10.0.0.1/" } }),
    });
  };

  readonly sendMail: AlertDeps["sendMail"] = async (mail) => void this.mails.push(mail);

  readonly queue: AlertDeps["queue"] = {
    sendBatch: async (messages) => {
      if (this.queueRefuses) throw new Error("the queue is away");
      for (const { body, delaySeconds = 0 } of messages) {
        this.#waiting.push({ body, dueAt: this.#clock + delaySeconds * 1000 });
      }
    },
  };

  /** Lets the queue bring what is due; `twice`: as queues may. */
  async drain(twice = false): Promise<void> {
    for (;;) {
      const due = this.#waiting.filter(({ dueAt }) => dueAt <= this.#clock);
      if (due.length === 0) return;
      this.#waiting = this.#waiting.filter(({ dueAt }) => dueAt > this.#clock);
      const messages = (twice ? [...due, ...due] : due).map(({ body }) => ({ body, ack() {}, retry() {} }));
      await consumeAlerts(messages, this);
    }
  }

  /** To the next message of the queue, however far off; false if there is none. */
  async drainNext(): Promise<boolean> {
    const next = Math.min(...this.#waiting.map(({ dueAt }) => dueAt));
    if (!Number.isFinite(next)) return false;
    this.#clock = Math.max(this.#clock, next);
    await this.drain();
    return true;
  }
}

/** A rule as the database has it, with the members of the test. */
export async function addRule(tenantId: string | null, rule: Record<string, unknown>): Promise<string> {
  const values = { tenant_id: tenantId, name: "Watch", threshold: 0, ...rule };
  const columns = Object.keys(values).join(", ");
  const [row] = await owner.query(
    `insert into performance_alerts (${columns})
     select ${columns} from jsonb_populate_record(null::performance_alerts, $1::jsonb) returning id`,
    [JSON.stringify(values)],
  );
  return String(row?.id);
}

/** Traffic of the minute before a moment. */
export const addTraffic = (tenantId: string, at: number, requests: number, errors: number) =>
  owner.query(
    `insert into request_rollups_minute (tenant_id, kind, dimension, at, member, requests, errors)
     values ($1, 'call', 'all', date_trunc('minute', to_timestamp($2::float8 / 1000)), '', $3, $4)
     on conflict (tenant_id, kind, dimension, at, member) do update set requests = excluded.requests, errors = excluded.errors`,
    [tenantId, at, requests, errors],
  );

export const eventsOf = (alertId: string) =>
  owner.query(
    `select status, message, dedup_key as key, resolved_at is not null as "isOver" from alert_events
      where alert_id = $1 order by opened_at, id`,
    [alertId],
  );

export const deliveriesOf = (alertId: string) =>
  owner.query(
    `select message ->> 'type' as type, status, attempts, last_error as error from alert_deliveries
      where alert_id = $1 order by created_at, id`,
    [alertId],
  );
