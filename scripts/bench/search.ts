// How long a search for servers by words takes in the database: 10,000 servers of one tenant, 50,000 tools, in the role and
// by the query of the product. `node scripts/run.mjs bench/search.ts`, with DATABASE_URL or the development database.
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { relevance, searchServers, serverSorts } from "../../src/db/queries/servers/servers.ts";
import * as schema from "../../src/db/schema/index.ts";
import { runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { createDatabase } from "./db/database.ts";
import { explain, MEASURED } from "./db/explain.ts";
import { median } from "./db/measure.ts";
import { type SearchSeed, seedSearch } from "./search-seed.ts";

const ROUNDS = 45;

/** From words that three servers have to words that half of them have. */
export const SEARCHES: readonly (readonly string[])[] = [
  ["server7421"],
  ["weather"],
  ["weath"],
  ["invoice", "export"],
  ["github", "issues"],
  ["list"],
  ["zzz"],
];

/** The first rounds fill the caches. */
const WARM_UP_ROUNDS = 5;

/** Runs each search `rounds` times: its median time, and how many pages its last run read. */
export async function measureSearch(client: pg.Client, { tenantId }: SearchSeed, rounds = ROUNDS) {
  const db = drizzle(client);
  const name = serverSorts.name;
  if (name === undefined) throw new Error("servers are not sorted by name");
  const order = {
    keys: [
      { ...relevance, descending: true },
      { ...name, descending: false },
    ],
    id: schema.mcpServers.id,
  };
  const results: { words: readonly string[]; medianMs: number; pages: number; found: number }[] = [];
  for (const words of SEARCHES) {
    const query = searchServers(db, tenantId, { filter: { words }, order, limit: 51 });
    const times: number[] = [];
    let pages = 0;
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
      const plan = await explain(client, tenantId, query, MEASURED);
      pages = (plan.Plan["Shared Hit Blocks"] ?? 0) + (plan.Plan["Shared Read Blocks"] ?? 0);
      times.push((plan["Planning Time"] ?? 0) + (plan["Execution Time"] ?? 0));
    }
    await client.query("select set_config('app.tenant_id', $1, false)", [tenantId]);
    const { rows } = await client.query("select count(*)::int as found from gateway_find_servers($1)", [
      words,
    ]);
    results.push({ words, medianMs: median(times.slice(WARM_UP_ROUNDS)), pages, found: rows[0].found });
  }
  return results;
}

if (import.meta.main) {
  await runMain(() =>
    withDatabaseUrl(async (ownerUrl) => {
      const database = await createDatabase(ownerUrl);
      const client = new pg.Client({ connectionString: database.url });
      try {
        await client.connect();
        const seeded = await seedSearch(client, { servers: 10_000, toolsPerServer: 5 });
        await client.query("set jit = off");
        const results = await measureSearch(client, seeded);
        for (const { words, medianMs, pages, found } of results) {
          console.log(
            `${words.join(" ").padEnd(20)} ${String(found).padStart(6)} found  ${medianMs.toFixed(2)} ms  ${String(pages).padStart(6)} pages`,
          );
        }
        console.log(
          `median of all: ${median(results.map(({ medianMs }) => medianMs)).toFixed(2)} ms (seeded in ${seeded.seconds.toFixed(1)} s)`,
        );
      } finally {
        await client.end();
        await database.drop();
      }
    }).then(() => 0),
  );
}
