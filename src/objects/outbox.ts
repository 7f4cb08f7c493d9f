/** Where events wait that the queue did not take: kept on disk, and sent again until it does. */
import { DurableObject } from "cloudflare:workers";
import type { LogMessage } from "../logs/events.ts";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
const AT_ONCE = 50;

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
    const rows = this.ctx.storage.sql
      .exec("select id, message from waiting order by id limit ?", AT_ONCE)
      .toArray();
    const messages = rows.map(({ message }): { body: LogMessage } => ({ body: JSON.parse(String(message)) }));
    if (messages.length === 0) return;
    try {
      await this.env.EVENTS.sendBatch(messages);
      // Sent twice is written once, so the order of these two does not matter; lost would be lost.
      this.ctx.storage.sql.exec("delete from waiting where id <= ?", Number(rows.at(-1)?.id));
      this.#delay = FIRST_DELAY_MS;
    } catch {
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
    }
    if (this.count() > 0) await this.ctx.storage.setAlarm(Date.now() + this.#delay);
  }
}
