/** Finding servers by words among 10,000: an index serves it, cheaply, and within the tenant. */
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indexesOf, type PlanNode } from "../../scripts/bench/db/explain.ts";
import { measureSearch } from "../../scripts/bench/search.ts";
import { type SearchSeed, seedSearch } from "../../scripts/bench/search-seed.ts";

const ownerUrl = process.env.TEST_DATABASE_URL;
if (ownerUrl === undefined) throw new Error("TEST_DATABASE_URL is not set: run npm test.");

const url = new URL(ownerUrl);
const database = `${url.pathname.slice(1)}_search`;
url.pathname = `/${database}`;

const owner = new pg.Client({ connectionString: ownerUrl });
const client = new pg.Client({ connectionString: url.href });
let seeded: SearchSeed;

beforeAll(async () => {
  await owner.connect();
  await owner.query(`create database ${database}`);
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: "drizzle" });
  seeded = await seedSearch(client, { servers: 10_000, toolsPerServer: 5 });
  await client.query("set jit = off");
});

afterAll(async () => {
  await client.end();
  await owner.query(`drop database if exists ${database} with (force)`);
  await owner.end();
});

const find = async (tenantId: string, words: readonly string[]) => {
  await client.query("select set_config('app.tenant_id', $1, false)", [tenantId]);
  const { rows } = await client.query<{ server_id: string }>(
    "select server_id from gateway_find_servers($1)",
    [words],
  );
  return rows.map(({ server_id }) => server_id);
};

describe("finding servers by words", () => {
  it("is served by the index of words", async () => {
    const { rows } = await client.query("select prosrc from pg_proc where proname = 'gateway_find_servers'");
    // EXPLAIN does not show the function's inside, so its body is explained.
    const body = String(rows[0].prosrc).replace(/\basked\b/g, "array['weather']");
    await client.query("select set_config('app.tenant_id', $1, false)", [seeded.tenantId]);
    const plan = await client.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(`explain (format json) ${body}`);
    const node = plan.rows[0]?.["QUERY PLAN"][0]?.Plan;
    expect(node && indexesOf(node)).toContain("server_words_words");
  });

  // That is what a search costs on any machine; `scripts/bench/search.ts` measures its time.
  it("reads at most five pages for each server that it finds, and twenty besides", async () => {
    const results = await measureSearch(client, seeded, 1);
    expect(results.filter(({ found, pages }) => pages > 20 + 5 * found)).toEqual([]);
  });

  it("finds of each tenant its own servers, and without a tenant nothing", async () => {
    const { rows } = await client.query<{ id: string; tenant: string }>(
      "select id, tenant_id as tenant from mcp_servers where name like 'weather%'",
    );
    for (const [tenant, servers] of Map.groupBy(rows, ({ tenant: id }) => id)) {
      const found = new Set(await find(tenant, ["weather"]));
      expect(servers.every(({ id }) => found.has(id))).toBe(true);
      const { rows: strangers } = await client.query(
        "select 1 from mcp_servers where id = any($1::uuid[]) and tenant_id <> $2",
        [[...found], tenant],
      );
      expect(strangers).toEqual([]);
    }
    expect(await find("", ["weather"])).toEqual([]);
  });

  it("takes words as words, whatever they look like", async () => {
    for (const words of [["'"], ["\\"], ["a & !b"], ["tenant"], [seeded.tenantId], ["&"], ["<->"], [":*"]]) {
      await expect(find(seeded.tenantId, words)).resolves.toBeInstanceOf(Array);
    }
  });
});
