/** From the queue into the tables: each event once, however often it is delivered, and none lost. */
import { describe, expect, it } from "vitest";
import { createDatabase } from "../../src/db/client.ts";
import { replayDeadLetters } from "../../src/jobs/dead-letters.ts";
import { consumeDeadEvents, consumeEvents } from "../../src/logs/consumer.ts";
import { database, newTenant, owner, statistics } from "../support/database.ts";
import { delivered, requestEvent } from "./support.ts";

const rowsOf = async (tenantId: string) =>
  owner.query("select id, path, status_code from request_logs where tenant_id = $1", [tenantId]);

/** A database that does not answer. */
const away = createDatabase(
  { main: "postgres://nobody@127.0.0.1:1/none" },
  { statistics, now: Date.now, random: () => 0, sleep: async () => undefined },
);

describe("the consumer", () => {
  it("writes what it is given, each kind into its table", async () => {
    const tenantId = await newTenant("consumer");
    const common = { v: 1, at: Date.now(), tenantId } as const;
    const message = delivered({
      events: [
        requestEvent(tenantId),
        {
          ...common,
          kind: "mcp",
          id: crypto.randomUUID(),
          roles: ["user"],
          method: "tools/call",
          success: true,
        },
        {
          ...common,
          kind: "error",
          id: crypto.randomUUID(),
          code: "x",
          message: "y",
          source: "z",
          severity: "low",
        },
        {
          ...common,
          kind: "security",
          id: crypto.randomUUID(),
          eventType: "key.failed",
          severity: "low",
          description: "d",
        },
        {
          ...common,
          kind: "system",
          id: crypto.randomUUID(),
          eventType: "e",
          source: "s",
          severity: "info",
          message: "m",
        },
      ],
    });
    await consumeEvents([message], database);
    expect(message.fate).toBe("acked");
    for (const table of [
      "request_logs",
      "mcp_audit_logs",
      "error_logs",
      "security_events",
      "system_events",
    ]) {
      const rows = await owner.query(`select 1 from ${table} where tenant_id = $1`, [tenantId]);
      expect(rows, table).toHaveLength(1);
    }
  });

  it("writes once what is delivered again, whole or in part, in whatever batches", async () => {
    const tenantId = await newTenant("again");
    const bodies = Array.from({ length: 50 }, () => ({ events: [requestEvent(tenantId)] }));
    await consumeEvents(
      bodies.slice(0, 30).map((body) => delivered(body)),
      database,
    );
    await consumeEvents(
      bodies.map((body) => delivered(body, 2)),
      database,
    );
    await Promise.all(bodies.map((body) => consumeEvents([delivered(body, 3)], database)));
    expect(await rowsOf(tenantId)).toHaveLength(50);
  });

  it("retries, later each time, what it cannot write while the database is unavailable", async () => {
    const [first, later] = [delivered({ events: [requestEvent(null)] }), delivered({ events: [] }, 9)];
    await consumeEvents([first, later], away);
    expect(first.fate).toBe("retried after 2 s");
    expect(later.fate).toBe("retried after 60 s");
  });

  it("stores unknown events as dead letters, and writes the rest", async () => {
    const tenantId = await newTenant("strange");
    const strange = delivered({ events: [{ v: 99, kind: "future", tenantId }] });
    const known = delivered({ events: [requestEvent(tenantId)] });
    await consumeEvents([strange, known], database);
    expect([strange.fate, known.fate]).toEqual(["acked", "acked"]);
    expect(await rowsOf(tenantId)).toHaveLength(1);
    const letters = await owner.query("select body from dead_letters where message_id = $1", [strange.id]);
    expect(letters).toEqual([{ body: { body: strange.body } }]);
  });
});

describe("dead letters", () => {
  it("are kept, and written when whatever was wrong has been put right", async () => {
    const tenantId = await newTenant("dead");
    const dead = delivered({ events: [requestEvent(tenantId)] }, 100);
    const hopeless = delivered({ events: [{ nonsense: true }] }, 100);
    await consumeDeadEvents([dead, hopeless], database);
    await consumeDeadEvents([dead], database);
    expect([dead.fate, hopeless.fate]).toEqual(["acked", "acked"]);
    expect(await rowsOf(tenantId)).toHaveLength(0);
    expect(await replayDeadLetters(database)).toBeGreaterThanOrEqual(1);
    expect(await rowsOf(tenantId)).toHaveLength(1);
    const left = await owner.query("select attempts from dead_letters where message_id = $1", [hopeless.id]);
    expect(left).toEqual([{ attempts: 1 }]);
  });

  it("come again while the database is away", async () => {
    const dead = delivered({ events: [] }, 100);
    await consumeDeadEvents([dead], away);
    expect(dead.fate).toBe("retried after 60 s");
  });
});
