/**
 * The path from requests to the log tables under faults: a queue that delivers twice and in any order, consumers that
 * end early, a database that is unavailable for ten minutes, messages that cannot be written.
 */

import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../scripts/sim/random.ts";
import type { ROLLUPS } from "../../src/db/queries/traffic/rollups.ts";
import { consumeDeadEvents, consumeEvents } from "../../src/logs/consumer.ts";
import { createEmitter } from "../../src/logs/emit.ts";
import type { LogEvent, LogMessage } from "../../src/logs/events.ts";
import { rollUpTraffic } from "../../src/operations/traffic-rollups.ts";
import { database, newTenant, owner } from "../support/database.ts";
import { callEvent, delivered, requestEvent } from "./support.ts";

afterEach(() => vi.unstubAllGlobals());

type Weather = "fine" | "away" | "answers get lost";

/** Replaces the consumer's database: unreachable, or writing without returning a response. */
function stubDatabase(weather: () => Weather): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith(`${env.NEON_ENDPOINT}/sql`) || weather() === "fine") return real(input, init);
    if (weather() === "answers get lost") await (await real(input, init)).text();
    throw new TypeError("connection lost");
  });
}

const AT_ONCE = 100;
const MOST_TRIES = 100;
/** After this time the queue redelivers an unacknowledged message. */
const SECONDS_TO_ANSWER = 30;

interface Waiting {
  readonly body: LogMessage;
  readonly tries: number;
  readonly at: number;
}

/** A queue with a clock of its own: at least once, in no order, and the hopeless to another one. */
class Queue {
  seconds = 0;
  waiting: Waiting[] = [];
  readonly dead: LogMessage[] = [];

  async sendBatch(messages: Iterable<{ body: LogMessage }>): Promise<void> {
    for (const { body } of messages) this.waiting.push({ body, tries: 0, at: this.seconds });
  }

  put(body: LogMessage, tries: number, at: number): void {
    if (tries >= MOST_TRIES) this.dead.push(body);
    else this.waiting.push({ body, tries, at });
  }

  /** Up to a hundred that are due; the consumer may end in the middle, and some come twice whatever it acknowledges. */
  async deliver(random: () => number, endsInTheMiddle: boolean): Promise<void> {
    const due = this.waiting.filter(({ at }) => at <= this.seconds).slice(0, AT_ONCE);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter((message) => !due.includes(message));
    const batch = due.map(({ body, tries, at }) => {
      const message = delivered(body, tries + 1);
      return { message, body, tries: tries + 1, at };
    });
    const answered = batch.map(({ message }) => message);
    await consumeEvents(answered, database);
    for (const { message, body, tries } of batch) {
      const delay = Number(/after (\d+) s/.exec(message.fate)?.[1]);
      if (endsInTheMiddle) this.put(body, tries, this.seconds + SECONDS_TO_ANSWER);
      else if (message.fate !== "acked") this.put(body, tries, this.seconds + delay);
      else if (random() < 0.05) this.put(body, tries, this.seconds);
    }
  }
}

const countOf = async (tenantId: string) => {
  const [row] = await owner.query(
    `select (select count(*)::int from request_logs where tenant_id = $1) as requests,
            (select count(*)::int from mcp_audit_logs where tenant_id = $1) as calls`,
    [tenantId],
  );
  return row;
};

const sumsOf = async (tenantId: string, grain: keyof typeof ROLLUPS) => {
  const rows = await owner.query(
    `select kind, sum(requests)::int as requests from request_rollups_${grain}
      where tenant_id = $1 and dimension = 'all' group by kind`,
    [tenantId],
  );
  return Object.fromEntries(rows.map(({ kind, requests }) => [kind, requests]));
};

describe("the pipeline", () => {
  it("loses nothing and counts nothing twice, whatever goes wrong for twenty minutes", async () => {
    const tenantId = await newTenant("pipeline");
    const random = createRandom(6);
    const queue = new Queue();
    const kept: LogMessage[] = [];
    let weather: Weather = "fine";
    let queueRefuses = false;
    stubDatabase(() => weather);
    const emitter = createEmitter({
      queue: {
        sendBatch: (messages) =>
          queueRefuses ? Promise.reject(new Error("full")) : queue.sendBatch(messages),
      },
      outbox: { add: async (messages) => void kept.push(...messages) },
      now: Date.now,
      sleep: async () => undefined,
      lost: () => expect.unreachable("there was still the outbox"),
    });
    let [requests, calls] = [0, 0];
    for (; queue.seconds < 1200; queue.seconds += 5) {
      // Away from the fifth to the fifteenth minute; before and after, one answer in ten gets lost.
      const isAway = queue.seconds >= 300 && queue.seconds < 900;
      weather = isAway ? "away" : random() < 0.1 ? "answers get lost" : "fine";
      queueRefuses = random() < 0.1;
      const work: Promise<unknown>[] = [];
      for (let count = 0; count < 10; count += 1) {
        const events: LogEvent[] = [requestEvent(tenantId)];
        if (count % 2 === 0) events.push(callEvent(tenantId));
        requests += 1;
        calls += count % 2 === 0 ? 1 : 0;
        emitter.emit(events, (promise) => work.push(promise));
      }
      await Promise.all(work);
      await queue.deliver(random, random() < 0.1);
      if (queue.seconds % 60 === 0 && weather === "fine") await rollUpTraffic(database, () => new Date());
    }
    weather = "fine";
    // The outbox sends again what it holds; the queue delivers until nothing is left.
    await queue.sendBatch(kept.map((body) => ({ body })));
    for (let round = 0; queue.waiting.length > 0 && round < 1000; round += 1) {
      queue.seconds += 60;
      await queue.deliver(random, false);
    }
    await consumeDeadEvents(
      queue.dead.map((body) => delivered(body)),
      database,
    );
    await rollUpTraffic(database, () => new Date());
    expect(queue.dead).toEqual([]);
    expect(requests).toBe(2400);
    expect(await countOf(tenantId)).toEqual({ requests, calls });
    for (const grain of ["minute", "hour", "day"] as const) {
      expect(await sumsOf(tenantId, grain), grain).toEqual({ mcp: requests, call: calls });
    }
  });

  it("is not held up by an event that can never be written", async () => {
    const tenantId = await newTenant("poison");
    const good = Array.from({ length: 5 }, () => delivered({ events: [requestEvent(tenantId)] }));
    const poison = [
      delivered({ events: [requestEvent(tenantId), requestEvent(tenantId, { statusCode: 999 })] }),
      delivered({ events: [requestEvent(tenantId, { statusCode: 70_000 })] }),
      delivered({
        events: [requestEvent(tenantId, { statusCode: 999, path: "/\u0000", toolName: "\ud800" })],
      }),
      delivered({ events: [callEvent(tenantId, { method: "" })] }),
    ];
    await consumeEvents([...good.slice(0, 2), ...poison, ...good.slice(2)], database);
    expect([...good, ...poison].map(({ fate }) => fate)).toEqual(Array.from({ length: 9 }, () => "acked"));
    // One of them came together with one that can be written.
    expect(await countOf(tenantId)).toEqual({ requests: 6, calls: 0 });
    const letters = await owner.query(
      `select reason, jsonb_array_length(body #> '{body,events}') as events
         from dead_letters where message_id = any($1)`,
      [poison.map(({ id }) => id)],
    );
    expect(letters).toEqual(poison.map(() => ({ reason: "the database rejects it", events: 1 })));
    await rollUpTraffic(database, () => new Date());
    expect(await sumsOf(tenantId, "day")).toEqual({ mcp: 6 });
  });

  it("writes more in one message than a statement takes", async () => {
    const tenantId = await newTenant("many");
    const events = Array.from({ length: 4500 }, () => requestEvent(tenantId));
    events[3000] = requestEvent(tenantId, { statusCode: 999 });
    await consumeEvents([delivered({ events })], database);
    expect(await countOf(tenantId)).toEqual({ requests: 4499, calls: 0 });
  });

  it("writes texts with characters that the database does not accept", async () => {
    const tenantId = await newTenant("odd");
    const odd = { path: "/mcp\u0000", toolName: "\ud800x", metadata: { "a\u0000": ["\udfff"] } };
    await consumeEvents([delivered({ events: [requestEvent(tenantId, odd)] })], database);
    const rows = await owner.query(
      "select path, tool_name, metadata from request_logs where tenant_id = $1",
      [tenantId],
    );
    expect(rows).toEqual([{ path: "/mcp\ufffd", tool_name: "\ufffdx", metadata: { "a\ufffd": ["\ufffd"] } }]);
  });

  it("writes each once when several consumers hold the same messages in different order", async () => {
    const tenantId = await newTenant("twice");
    const bodies = Array.from({ length: 60 }, () => ({
      events: [requestEvent(tenantId), callEvent(tenantId)],
    }));
    const consumers = [bodies, bodies.toReversed(), bodies.slice(20), bodies.slice(0, 40).toReversed()];
    const batches = consumers.map((some) => some.map((body) => delivered(body)));
    await Promise.all(batches.map((batch) => consumeEvents(batch, database)));
    expect(new Set(batches.flat().map(({ fate }) => fate))).toEqual(new Set(["acked"]));
    await rollUpTraffic(database, () => new Date());
    expect(await countOf(tenantId)).toEqual({ requests: 60, calls: 60 });
    expect(await sumsOf(tenantId, "hour")).toEqual({ mcp: 60, call: 60 });
  });
});
