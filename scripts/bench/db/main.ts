/**
 * `npm run bench:db`: measures the product's queries without and with the 38 indexes on the same seeded data, prints
 * the comparison, writes it to docs/benchmarks/indexes.md, and fails when a group misses what was promised. With `--load`
 * it runs reads and writes concurrently instead (load.ts).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type pg from "pg";
import { parseDatabaseUrl } from "../../db/connection.ts";
import { devDir, projectDir } from "../../lib/paths.ts";
import { Problem, runMain } from "../../lib/problem.ts";
import { startPostgres } from "../../run/postgres.ts";
import { asOwner, createDatabase, createIndexes, dropIndexes, listIndexes } from "./database.ts";
import { measureLoad } from "./load.ts";
import { type Measurements, measure } from "./measure.ts";
import { progress } from "./progress.ts";
import { asMarkdown, asText, circumstances, summaryLine } from "./report.ts";
import type { Sample } from "./sample.ts";
import { takeSamples } from "./samples.ts";
import { scaled } from "./seed-counts.ts";
import { seed } from "./seed-data.ts";
import { compare } from "./verdict.ts";
import { type Group, workload } from "./workload.ts";

/** Three of each size of tenant. */
const SAMPLES = 9;

/** Enough for tables that no cache of the planner hides, and seeded in seconds. */
const LOAD_SCALE = "0.05";

interface Options {
  load: boolean;
  concurrency: number;
  seconds: number;
  scale: number;
  rounds: number;
  json: boolean;
  keep: boolean;
}

function options(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      load: { type: "boolean", default: false },
      concurrency: { type: "string", default: "100" },
      seconds: { type: "string", default: "20" },
      scale: { type: "string" },
      rounds: { type: "string", default: "9" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
    },
  });
  const scale = Number(values.scale ?? (values.load ? LOAD_SCALE : "1"));
  const [concurrency, seconds] = [Number(values.concurrency), Number(values.seconds)];
  const rounds = Number(values.rounds);
  if (!(scale >= 0.02 && scale <= 10)) throw new Problem("--scale must be a number from 0.02 to 10.");
  if (!(Number.isInteger(rounds) && rounds >= 3 && rounds <= 99)) {
    throw new Problem("--rounds must be an integer from 3 to 99.");
  }
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 1000)) {
    throw new Problem("--concurrency must be an integer from 1 to 1000.");
  }
  if (!(seconds >= 1 && seconds <= 3600)) throw new Problem("--seconds must be a number from 1 to 3600.");
  return { load: values.load, concurrency, seconds, scale, rounds, json: values.json, keep: values.keep };
}

async function main(args: string[]): Promise<number> {
  const chosen = options(args);
  const given = process.env.BENCH_DATABASE_URL;
  if (given !== undefined) return run(parseDatabaseUrl(given).href, chosen, args);
  const postgres = await startPostgres({
    dataDir: join(devDir(), "bench-postgres"),
    durable: false,
    temporary: !chosen.keep,
    databases: ["gateway"],
  });
  try {
    return await run(postgres.ownerUrl("gateway"), chosen, args);
  } finally {
    await postgres.stop();
  }
}

async function run(ownerUrl: string, chosen: Options, args: string[]): Promise<number> {
  const now = new Date();
  const counts = scaled(chosen.scale);
  const groups = workload(now);
  const database = await createDatabase(ownerUrl);
  try {
    return await asOwner(database.url, async (client) => {
      const command = ["npm run bench:db", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
      const indexes = await listIndexes(client);
      // The load test writes as in production: into tables with all of their indexes.
      if (!chosen.load) await dropIndexes(client, indexes);
      const seeding = progress("Seeding", 1);
      await seed(client, counts, now, ({ done, total, table }) => seeding.update(done / total, table));
      seeding.end();
      await client.query("vacuum (analyze)");
      const samples = await takeSamples(client, counts.tenants, SAMPLES);
      if (chosen.load)
        return (await measureLoad(client, database.url, samples, { ...chosen, command })) ? 0 : 1;
      const before = await side(client, "Without", groups, samples, chosen.rounds);
      const building = progress("Building indexes", indexes.length);
      await createIndexes(client, indexes, building.update);
      building.end();
      // Once more: an index on an expression has statistics of its own.
      await client.query("vacuum (analyze)");
      const after = await side(client, "With", groups, samples, chosen.rounds);

      const compared = compare(groups, before, after);
      const around = await circumstances(client, { rounds: chosen.rounds, command });
      const target = join(projectDir, "docs", "benchmarks", "indexes.md");
      mkdirSync(join(projectDir, "docs", "benchmarks"), { recursive: true });
      writeFileSync(target, asMarkdown(compared, around));
      console.log(chosen.json ? JSON.stringify({ ...around, groups: compared }) : `\n${asText(compared)}\n`);
      if (!chosen.json) for (const group of compared) console.log(summaryLine(group));
      return compared.every(({ met }) => met) ? 0 : 1;
    });
  } finally {
    if (chosen.keep) console.error(`Kept: ${new URL(database.url).pathname.slice(1)}`);
    else await database.drop();
  }
}

async function side(
  client: pg.Client,
  title: string,
  groups: Group[],
  samples: Sample[],
  rounds: number,
): Promise<Measurements> {
  const turns = progress(`${title} indexes`, 1);
  const measured = await measure(client, groups, samples, rounds, (done, total) =>
    turns.update(done / total),
  );
  turns.end();
  return measured;
}

if (import.meta.main) await runMain(() => main(process.argv.slice(2)));
