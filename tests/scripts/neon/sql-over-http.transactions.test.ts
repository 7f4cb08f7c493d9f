import { randomUUID } from "node:crypto";
import { NeonDbError, neon } from "@neondatabase/serverless";
import { beforeEach, describe, expect, it } from "vitest";
import type { NeonEndpointStats } from "../../../scripts/neon/endpoint.ts";
import { databaseUrl, post, urlWith, useEndpoint } from "./support.ts";

const fixture = useEndpoint("neon_batch");
const sql = neon(databaseUrl);

const amounts = async () => {
  const { rows } = await fixture.owner.query<{ n: number }>("SELECT n FROM neon_batch.amount ORDER BY n");
  return rows.map(({ n }) => n);
};

beforeEach(async () => {
  await fixture.owner.query(`DROP TABLE IF EXISTS neon_batch.amount;
    CREATE TABLE neon_batch.amount (n int, unique (n) deferrable initially deferred, check (n < 100))`);
});

describe("a batch", () => {
  it("is one transaction with one result for each statement", async () => {
    const results = await sql.transaction([
      sql`INSERT INTO neon_batch.amount VALUES (1) RETURNING txid_current()`,
      sql`INSERT INTO neon_batch.amount VALUES (2) RETURNING txid_current()`,
      sql`SELECT count(*)::int AS count FROM neon_batch.amount`,
    ]);
    expect(results[0]).toEqual(results[1]);
    expect(results[2]).toEqual([{ count: 2 }]);
    expect(await amounts()).toEqual([1, 2]);
  });

  it.each([
    ["a statement fails", "INSERT INTO neon_batch.amount VALUES (100)", "23514"],
    ["the commit fails", "INSERT INTO neon_batch.amount VALUES (1)", "23505"],
    ["a statement is not SQL", "SELEC 1", "42601"],
  ])("leaves nothing behind when %s", async (_name, text, code) => {
    const failing = sql.transaction([sql`INSERT INTO neon_batch.amount VALUES (1)`, sql.query(text)]);
    await expect(failing).rejects.toMatchObject({ name: "NeonDbError", code });
    expect(await amounts()).toEqual([]);
  });

  it("of nothing is an empty list", async () => {
    expect(await sql.transaction([])).toEqual([]);
  });

  it("keeps transaction-local settings to itself", async () => {
    const [, inside] = await sql.transaction([
      sql`SELECT set_config('app.tenant_id', 'acme', true)`,
      sql`SELECT current_setting('app.tenant_id', true) AS tenant`,
    ]);
    expect(inside).toEqual([{ tenant: "acme" }]);
    const outside = await sql`SELECT nullif(current_setting('app.tenant_id', true), '') AS tenant`;
    expect(outside).toEqual([{ tenant: null }]);
  });

  const settings = () => [
    sql`SHOW transaction_isolation`,
    sql`SHOW transaction_read_only`,
    sql`SHOW transaction_deferrable`,
  ];

  it.each([
    ["ReadUncommitted", "read uncommitted"],
    ["ReadCommitted", "read committed"],
    ["RepeatableRead", "repeatable read"],
    ["Serializable", "serializable"],
  ] as const)("runs at isolation level %s", async (isolationLevel, name) => {
    const [isolation] = await sql.transaction(settings(), { isolationLevel });
    expect(isolation).toEqual([{ transaction_isolation: name }]);
  });

  it("runs read only and deferrable on request, not otherwise", async () => {
    const asked = { isolationLevel: "Serializable", readOnly: true, deferrable: true } as const;
    expect((await sql.transaction(settings(), asked)).slice(1)).toEqual([
      [{ transaction_read_only: "on" }],
      [{ transaction_deferrable: "on" }],
    ]);
    expect((await sql.transaction(settings(), { readOnly: false, deferrable: false })).slice(1)).toEqual([
      [{ transaction_read_only: "off" }],
      [{ transaction_deferrable: "off" }],
    ]);
    const write = sql.transaction([sql`INSERT INTO neon_batch.amount VALUES (1)`], { readOnly: true });
    await expect(write).rejects.toMatchObject({ code: "25006" });
  });

  it("repeats the transaction's options in the answer's headers", async () => {
    const answer = await post(
      fixture.endpoint,
      { queries: [{ query: "SELECT 1" }] },
      { "Neon-Batch-Isolation-Level": "RepeatableRead", "Neon-Batch-Read-Only": "true" },
    );
    expect(answer.headers.get("neon-batch-isolation-level")).toBe("RepeatableRead");
    expect(answer.headers.get("neon-batch-read-only")).toBe("true");
    expect(answer.headers.get("neon-batch-deferrable")).toBeNull();
  });

  it("may choose the shape of each row set", async () => {
    const query = "SELECT 1 AS n";
    const queries = [{ query }, { query, arrayMode: true }, { query, arrayMode: false }];
    const { json } = await post(fixture.endpoint, { queries }, { "Neon-Array-Mode": "true" });
    expect(json).toMatchObject({
      results: [
        { rows: [[1]], rowAsArray: true },
        { rows: [[1]], rowAsArray: true },
        { rows: [{ n: 1 }], rowAsArray: false },
      ],
    });
  });
});

describe("a session", () => {
  const pid = async () => JSON.stringify(await sql`SELECT pg_backend_pid()`);

  // Which connection serves is the pool's choice, so the query is repeated until each one has served.
  const onEveryConnection = async (ask: () => Promise<unknown>) => {
    const answers = await Promise.all(Array.from({ length: 40 }, ask));
    return new Set(answers.map((answer) => JSON.stringify(answer)));
  };

  it("leaves no setting to the next request", async () => {
    await onEveryConnection(() => sql`SET statement_timeout = '1234ms'`);
    expect(await onEveryConnection(() => sql`SHOW statement_timeout`)).toEqual(
      new Set(['[{"statement_timeout":"0"}]']),
    );
  });

  it("leaves no temporary table, advisory lock or prepared statement", async () => {
    await sql`CREATE TEMPORARY TABLE leaked (n int)`;
    await sql`SELECT pg_advisory_lock(4711)`;
    await sql`PREPARE leaked AS SELECT 1`;
    expect(await onEveryConnection(() => sql`SELECT to_regclass('pg_temp.leaked') AS found`)).toEqual(
      new Set(['[{"found":null}]']),
    );
    expect(await onEveryConnection(() => sql`SELECT name FROM pg_prepared_statements`)).toEqual(
      new Set(["[]"]),
    );
    await expect
      .poll(async () => (await fixture.owner.query("SELECT pg_try_advisory_lock(4711) AS free")).rows)
      .toEqual([{ free: true }]);
  });

  it("leaves no open transaction", async () => {
    await onEveryConnection(() => sql`BEGIN`);
    await sql`INSERT INTO neon_batch.amount VALUES (7)`;
    expect(await amounts()).toEqual([7]);
  });

  it("is used again", async () => {
    const first = new Set(await Promise.all(Array.from({ length: 30 }, pid)));
    const second = await Promise.all(Array.from({ length: 30 }, pid));
    expect(second.some((id) => first.has(id))).toBe(true);
  });

  it("applies the connection string's options", async () => {
    const configured = neon(
      urlWith((url) => {
        url.searchParams.set("application_name", "the test");
        url.searchParams.set("options", "endpoint=ep-cool-1 -c statement_timeout=4321");
      }),
    );
    expect(await configured`SHOW application_name`).toEqual([{ application_name: "the test" }]);
    expect(await configured`SHOW statement_timeout`).toEqual([{ statement_timeout: "4321ms" }]);
  });

  it("that Postgres ended is replaced", async () => {
    const mine = "application_name = 'neon_batch_ended' AND pid <> pg_backend_pid()";
    const named = neon(
      urlWith((url) => {
        url.searchParams.set("application_name", "neon_batch_ended");
      }),
    );
    await Promise.all(Array.from({ length: 5 }, () => named`SELECT 1`));
    const ending = named`SELECT pg_terminate_backend(pg_backend_pid())`;
    await expect(ending).rejects.toBeInstanceOf(NeonDbError);
    await fixture.owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${mine}`);
    await expect.poll(() => named`SELECT 1 AS one`.catch(() => null)).toEqual([{ one: 1 }]);
  });

  it("whose client is gone stops its query on the server", async () => {
    const abort = new AbortController();
    const text = `SELECT pg_sleep(600) /* ${randomUUID()} */`;
    const sleeping = sql.query(text, [], {
      fetchOptions: { signal: abort.signal },
    });
    const settled = sleeping.then(
      () => "finished",
      () => "aborted",
    );
    const running = async () => {
      const { rows } = await fixture.owner.query(
        "SELECT FROM pg_stat_activity WHERE query = $1 AND state = 'active'",
        [text],
      );
      return rows.length;
    };
    await expect.poll(running).toBe(1);
    abort.abort();
    expect(await settled).toBe("aborted");
    await expect.poll(running).toBe(0);
  });
});

describe("GET /stats", () => {
  const stats = async (): Promise<NeonEndpointStats> => {
    const response = await fetch(`${fixture.endpoint.url}/stats`);
    return JSON.parse(await response.text());
  };

  it("counts a batch as one request with its statements", async () => {
    const before = await stats();
    await sql.transaction([sql`SELECT 1`, sql`SELECT 2`]);
    await sql`SELECT 3`;
    const after = await stats();
    expect(after).toEqual({
      requests: before.requests + 2,
      statements: before.statements + 3,
      websockets: before.websockets,
    });
  });
});
