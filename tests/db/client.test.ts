import { env } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { DatabaseUnavailableError } from "../../src/core/errors.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import { createDatabase } from "../../src/db/client.ts";
import { mcpServers, tenants } from "../../src/db/schema/index.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";
import { database, newTenant, watchRoundTrips } from "../support/database.ts";

const scope = sql<string>`select current_user as role, current_setting('app.tenant_id') as tenant,
  current_setting('statement_timeout') as timeout, current_setting('transaction_read_only') as read_only`;

function connect(urls: { main: string; read?: string; write?: string; analytics?: string }) {
  const statistics = new QueryStatistics();
  const sleeps: number[] = [];
  const tools = {
    statistics,
    now: Date.now,
    random: () => 0.5,
    sleep: async (ms: number) => void sleeps.push(ms),
  };
  return { database: createDatabase({ ...urls, endpoint: env.NEON_ENDPOINT }, tools), statistics, sleeps };
}

const unreachable = "postgres://nobody:nothing@127.0.0.1:1/nowhere";

describe("withTenant", () => {
  it("runs a query as the runtime role, under the tenant, in one round trip", async () => {
    const tenantId = await newTenant("client");
    const roundTrips = watchRoundTrips(tenantId);
    const { rows } = await database.withTenant(tenantId).execute(scope);
    expect(roundTrips()).toBe(1);
    expect(rows).toEqual([{ role: "gateway_runtime", tenant: tenantId, timeout: "15s", read_only: "off" }]);
  });

  it("runs a batch of several statements in one round trip too, all or nothing", async () => {
    const tenantId = await newTenant("client");
    const db = database.withTenant(tenantId);
    const server = (name: string) =>
      db.insert(mcpServers).values({ tenantId, name, endpointUrl: "https://example.com/mcp" });
    const roundTrips = watchRoundTrips(tenantId);
    await db.batch([server("one"), server("two")]);
    expect(roundTrips()).toBe(1);
    await expect(db.batch([server("three"), server("one")])).rejects.toThrow();
    const found = await db.select({ name: mcpServers.name }).from(mcpServers).orderBy(mcpServers.name);
    expect(found.map((row) => row.name)).toEqual(["one", "two"]);
  });

  it("maps rows as Drizzle does: dates, arrays, JSON, numbers", async () => {
    const tenantId = await newTenant("client");
    const db = database.withTenant(tenantId);
    const [row] = await db
      .insert(mcpServers)
      .values({
        tenantId,
        name: "typed",
        endpointUrl: "https://example.com/mcp",
        tags: ["a b", 'c"d', "e,f"],
        capabilities: { tools: { listChanged: true } },
        avgResponseTime: 12.5,
      })
      .returning();
    expect(row).toMatchObject({
      tags: ["a b", 'c"d', "e,f"],
      capabilities: { tools: { listChanged: true } },
      avgResponseTime: 12.5,
    });
    expect(row?.createdAt).toBeInstanceOf(Date);
    const [read] = await db
      .select({ tenantId: tenants.id, tags: mcpServers.tags })
      .from(mcpServers)
      .innerJoin(tenants, eq(tenants.id, mcpServers.tenantId))
      .where(eq(mcpServers.name, "typed"));
    expect(read).toEqual({ tenantId, tags: ["a b", 'c"d', "e,f"] });
  });

  it("refuses what is no tenant id before anything is sent", async () => {
    const roundTrips = watchRoundTrips("1' or '1'='1");
    expect(() => database.withTenant("1' or '1'='1")).toThrow(TypeError);
    expect(roundTrips()).toBe(0);
  });

  it("leaves nothing of a tenant on the connection", async () => {
    const tenantId = await newTenant("client");
    await database.withTenant(tenantId).execute(sql`select 1`);
    for (let round = 0; round < 5; round += 1) {
      const { rows } = await database.asSystem().execute(scope);
      expect(rows).toEqual([{ role: "gateway_system", tenant: "", timeout: "15s", read_only: "off" }]);
    }
  });
});

describe("asSystem", () => {
  it("sees every tenant", async () => {
    const both = [await newTenant("client"), await newTenant("client")];
    const found = await database.asSystem().select({ id: tenants.id }).from(tenants);
    expect(found.map((row) => row.id)).toEqual(expect.arrayContaining(both));
  });
});

describe("targets", () => {
  it("gives analytics five minutes and read-only transactions, on the main database when it has no URL of its own", async () => {
    const { rows } = await database.asSystem("analytics").execute(scope);
    expect(rows).toMatchObject([{ timeout: "5min", read_only: "on" }]);
    await expect(
      database
        .asSystem("read")
        .insert(tenants)
        .values({ name: "x", slug: `x-${uuidv7()}` }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining("read-only") } });
  });

  it("falls back to the main database when the replica does not answer", async () => {
    const { database: db, statistics } = connect({ main: env.DATABASE_URL, read: unreachable });
    const { rows } = await db.asSystem("read").execute(sql`select 1 as one`);
    expect(rows).toEqual([{ one: 1 }]);
    expect(statistics.drain()).toMatchObject([{ target: "read", errors: 0 }]);
  });

  it("sends bulk writes to a database of their own, and nowhere else when it does not answer", async () => {
    const { database: own, statistics } = connect({ main: unreachable, write: env.DATABASE_URL });
    const { rows } = await own.asSystem("write").execute(scope);
    expect(rows).toMatchObject([{ timeout: "15s", read_only: "off" }]);
    expect(statistics.drain()).toMatchObject([{ target: "write", roundTrips: 1, errors: 0 }]);
    const { database: lost } = connect({ main: env.DATABASE_URL, write: unreachable });
    await expect(lost.asSystem("write").execute(sql`select 1`)).rejects.toMatchObject({
      cause: { code: "database_unavailable" },
    });
  });

  it("tries an unreachable database again with growing pauses, then reports that it is unavailable", async () => {
    const { database: db, statistics, sleeps } = connect({ main: unreachable });
    const failure = await db
      .asSystem()
      .execute(sql`select 1`)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ cause: expect.any(DatabaseUnavailableError) });
    expect(sleeps).toEqual([25, 50, 100]);
    expect(statistics.drain()).toMatchObject([{ target: "main", roundTrips: 1, retries: 3, errors: 1 }]);
  });
});

describe("statistics", () => {
  it("count statements and round trips per target", async () => {
    const { database: db, statistics } = connect({ main: env.DATABASE_URL });
    await db.asSystem().execute(sql`select 1`);
    await db.asSystem().batch([db.asSystem().execute(sql`select 1`), db.asSystem().execute(sql`select 2`)]);
    await db.asSystem("analytics").execute(sql`select 1`);
    expect(statistics.drain()).toMatchObject([
      { target: "main", roundTrips: 2, statements: 3, errors: 0 },
      { target: "analytics", roundTrips: 1, statements: 1 },
    ]);
    expect(statistics.drain()).toEqual([]);
  });
});
