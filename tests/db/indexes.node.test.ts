/**
 * Each of the 38 indexes is there as SPEC.md lists it, and a query of the product is planned with it, in the role in
 * which the product runs that query, on data of believable shape. No planner setting is touched.
 */
import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explain, indexesOf, PLAN_ONLY, parentIndexes } from "../../scripts/bench/db/explain.ts";
import type { Sample } from "../../scripts/bench/db/sample.ts";
import { takeSamples } from "../../scripts/bench/db/samples.ts";
import { type SeedCounts, scaled } from "../../scripts/bench/db/seed-counts.ts";
import { seed } from "../../scripts/bench/db/seed-data.ts";
import type { Queries } from "../../src/db/queries/shared/queries.ts";
import { listFiles, listImports, toEdges } from "../support/source-graph.ts";
import { cases, NOW } from "./index-cases.ts";
import { listedIndexes } from "./index-list.ts";

/** The small tables larger than their share: in a table of ten pages every index is rightly passed over. */
const counts: SeedCounts = {
  ...scaled(0.05),
  servers: 3_000,
  tools: 9_000,
  resources: 6_000,
  routingRules: 6_000,
  configs: 6_000,
  accessControls: 6_000,
};

const ownerUrl = process.env.TEST_DATABASE_URL;
if (ownerUrl === undefined) throw new Error("TEST_DATABASE_URL is not set: run npm test.");

const url = new URL(ownerUrl);
const database = `${url.pathname.slice(1)}_indexes`;
url.pathname = `/${database}`;

const owner = new pg.Client({ connectionString: ownerUrl });
const client = new pg.Client({ connectionString: url.href });
const db: Queries = drizzle(client);
let samples: Sample[] = [];
let parents = new Map<string, string>();

beforeAll(async () => {
  await owner.connect();
  await owner.query(`drop database if exists ${database} with (force)`);
  await owner.query(`create database ${database}`);
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: "drizzle" });
  await seed(client, counts, NOW);
  await client.query("vacuum (analyze)");
  samples = await takeSamples(client, counts.tenants, 3);
  parents = await parentIndexes(client);
});

afterAll(async () => {
  await client.end();
  await owner.query(`drop database if exists ${database} with (force)`);
  await owner.end();
});

/** Whether the file imports the function from a module of src/db/queries and calls it. */
function importsQuery(text: string, query: string): boolean {
  const imports = [...text.matchAll(/import \{([^}]*)\} from "[^"]*db\/queries\/[^"]+"/g)];
  const isImported = imports.some(([, names = ""]) => names.split(/[\s,]+/).includes(query));
  return isImported && new RegExp(`\\b${query}\\(`).test(text);
}

describe("the system catalog", () => {
  it("holds exactly the 38 indexes called idx_, with columns, order and condition as specified", async () => {
    const { rows } = await client.query<{
      name: string;
      table: string;
      columns: string;
      where: string | null;
    }>(`
      select c.relname as name, t.relname as table, pg_get_expr(i.indpred, i.indrelid, true) as where,
             regexp_replace(split_part(pg_get_indexdef(c.oid, 0, true), ' WHERE ', 1), '^.* USING btree \\((.*)\\)$', '\\1') as columns
        from pg_class c join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = i.indrelid
       where c.relname like 'idx\\_%' and c.relnamespace = 'public'::regnamespace and not c.relispartition`);
    const found = rows.map(({ name, table, columns, where }) => [
      name,
      where === null ? { table, columns } : { table, columns, where },
    ]);
    expect(Object.fromEntries(found)).toEqual(listedIndexes);
    expect(rows).toHaveLength(38);
  });

  it("gives every partition of a table all indexes of the table", async () => {
    const { rows } = await client.query(`
      select part.relname, parent_index.relname as missing
        from pg_inherits inh join pg_class part on part.oid = inh.inhrelid and part.relkind = 'r'
        join pg_index pi on pi.indrelid = inh.inhparent join pg_class parent_index on parent_index.oid = pi.indexrelid
       where not exists (select from pg_inherits ii join pg_index i on i.indexrelid = ii.inhrelid
                          where ii.inhparent = pi.indexrelid and i.indrelid = part.oid and i.indisvalid)`);
    expect(rows).toEqual([]);
  });
});

describe("a query of the product is planned with", () => {
  it("one case for each index", () => {
    expect(cases.map(({ index }) => index).sort()).toEqual(Object.keys(listedIndexes).sort());
  });

  it("an index that a route, page or job reaches", () => {
    const product = listFiles("src/**/*.{ts,tsx}");
    const edges = toEdges(
      listImports(product).flatMap(({ from, to, isTypeOnly }) => (isTypeOnly ? [] : [[from, to]])),
    );
    const reached = new Set<string>();
    const visit = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const next of edges.get(file) ?? []) visit(next);
    };
    visit("src/index.ts");
    const lost = cases.filter(
      ({ caller: { file, query } }) => !reached.has(file) || !importsQuery(readFileSync(file, "utf8"), query),
    );
    expect(lost.map(({ index, caller }) => `${index}: ${caller.file} does not run ${caller.query}`)).toEqual(
      [],
    );
  });

  it.each(cases)("$index ($runs role)", async ({ index, runs, query }) => {
    const plans = [];
    for (const sample of samples) {
      const runsAs = runs === "tenant" ? sample.tenantId : null;
      const { Plan } = await explain(client, runsAs, query(db, sample), PLAN_ONLY);
      const used = [...new Set(indexesOf(Plan).map((name) => parents.get(name) ?? name))];
      plans.push({ tenant: sample.size, used });
    }
    // The smallest tenant may be served better by another index, the largest by none.
    const middle = plans.filter(({ tenant }) => tenant === "middle");
    expect(middle).toEqual([{ tenant: "middle", used: expect.arrayContaining([index]) }]);
  });
});
