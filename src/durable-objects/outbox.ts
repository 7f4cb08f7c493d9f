/**
 * Where events wait that the queue did not take: kept on disk, and sent again until it does. In development all events
 * come here and go to the database from here, because the local queue is in the memory of a process that restarts.
 */
import { DurableObject } from "cloudflare:workers";
import { getGatewayServices } from "../gateway-services.ts";
import type { LogMessage } from "../logs/events.ts";

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
const BATCH_SIZE = 50;
/** The queue takes 256 KB at once; three bytes at most for each of these. */
const MAX_CHARACTERS = 80_000;

type StoredMessage = { id: number; message: string };

export class OutboxObject extends DurableObject<Env> {
  #delay = FIRST_DELAY_MS;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "create table if not exists waiting (id integer primary key, message text not null)",
    );
    // The local runtime may lose alarms when it is killed.
    ctx.blockConcurrencyWhile(() => this.#ensureAlarm());
  }

  async add(messages: LogMessage[]): Promise<void> {
    for (const message of messages) {
      this.ctx.storage.sql.exec("insert into waiting (message) values (?)", JSON.stringify(message));
    }
    await this.#ensureAlarm();
  }

  count(): number {
    return Number(this.ctx.storage.sql.exec("select count(*) as n from waiting").one().n);
  }

  override async alarm(): Promise<void> {
    const rows = this.#next();
    if (rows.length === 0) return;
    let pauseMs = 0;
    try {
      await this.#deliver(rows);
      // Sent twice is written once, so the order of these two does not matter; lost would be lost.
      this.ctx.storage.sql.exec("delete from waiting where id <= ?", rows.at(-1)?.id ?? 0);
      this.#delay = FIRST_DELAY_MS;
    } catch {
      pauseMs = this.#delay;
      this.#delay = Math.min(this.#delay * 2, MAX_DELAY_MS);
    }
    if (this.count() > 0) await this.ctx.storage.setAlarm(Date.now() + pauseMs);
  }

  async #ensureAlarm(): Promise<void> {
    if (this.count() === 0 || (await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + FIRST_DELAY_MS);
  }

  /** Throws when they have to be delivered again. */
  async #deliver(rows: readonly StoredMessage[]): Promise<void> {
    const { config, loadStorage } = getGatewayServices(this.env);
    if (config.environment !== "development") {
      const messages = rows.map(({ message }): { body: LogMessage } => ({ body: JSON.parse(message) }));
      await this.env.EVENTS.sendBatch(messages);
      return;
    }
    const { consumeEvents } = await import("../logs/consumer.ts");
    const { database } = await loadStorage();
    let isFailed = false;
    const delivered = rows.map(({ id, message }) => ({
      id: `${this.ctx.id.toString()}-${id}`,
      body: JSON.parse(message),
      attempts: 1,
      ack() {},
      retry() {
        isFailed = true;
      },
    }));
    await consumeEvents(delivered, database);
    if (isFailed) throw new Error("The database rejected the events.");
  }

  /** The oldest, as many as the queue takes at once. */
  #next(): StoredMessage[] {
    const rows = this.ctx.storage.sql.exec<StoredMessage>(
      "select id, message from waiting order by id limit ?",
      BATCH_SIZE,
    );
    const next: StoredMessage[] = [];
    let length = 0;
    for (const row of rows) {
      length += row.message.length;
      if (next.length > 0 && length > MAX_CHARACTERS) break;
      next.push(row);
    }
    return next;
  }
}
