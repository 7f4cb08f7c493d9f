/** Where events wait that the queue did not take: kept on disk, and sent again until it does. */
import { DurableObject } from "cloudflare:workers";
import type { LogMessage } from "../logs/events.ts";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
const AT_ONCE = 50;
/** The queue takes 256 KB at once; three bytes at most for each of these. */
const MOST_CHARACTERS = 80_000;

export class OutboxObject extends DurableObject<Env> {
  #delay = FIRST_DELAY_MS;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "create table if not exists waiting (id integer primary key, message text not null)",
    );
  }

  async keep(messages: LogMessage[]): Promise<void> {
    for (const message of messages) {
      this.ctx.storage.sql.exec("insert into waiting (message) values (?)", JSON.stringify(message));
    }
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + FIRST_DELAY_MS);
    }
  }

  count(): number {
    return Number(this.ctx.storage.sql.exec("select count(*) as n from waiting").one().n);
  }

  override async alarm(): Promise<void> {
    const rows = this.#next();
    const messages = rows.map(({ message }): { body: LogMessage } => ({ body: JSON.parse(message) }));
    if (messages.length === 0) return;
    let pauseMs = 0;
    try {
      await this.env.EVENTS.sendBatch(messages);
      // Sent twice is written once, so the order of these two does not matter; lost would be lost.
      this.ctx.storage.sql.exec("delete from waiting where id <= ?", rows.at(-1)?.id ?? 0);
      this.#delay = FIRST_DELAY_MS;
    } catch {
      pauseMs = this.#delay;
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
    }
    if (this.count() > 0) await this.ctx.storage.setAlarm(Date.now() + pauseMs);
  }

  /** The oldest, as many as the queue takes at once. */
  #next(): { id: number; message: string }[] {
    const rows = this.ctx.storage.sql.exec<{ id: number; message: string }>(
      "select id, message from waiting order by id limit ?",
      AT_ONCE,
    );
    const next: { id: number; message: string }[] = [];
    let length = 0;
    for (const row of rows) {
      length += row.message.length;
      if (next.length > 0 && length > MOST_CHARACTERS) break;
      next.push(row);
    }
    return next;
  }
}
