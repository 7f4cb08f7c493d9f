/**
 * `npm run bench:db -- --load`: runs a mix of the product's reads and writes at once, through the Neon driver and its
 * HTTP endpoint, with the runtime role and row-level security, as a Worker does. Prints latencies and errors, and writes
 * them to docs/benchmarks/database-load.md.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { createDatabase, type Database } from "../../../src/db/client.ts";
import { QueryStatistics } from "../../../src/db/statistics.ts";
import { ensureRuntimeLogin } from "../../db/runtime-login.ts";
import { projectDir } from "../../lib/paths.ts";
import { startNeonEndpoint } from "../../neon/endpoint.ts";
import { LOAD_OPERATIONS } from "./load-operations.ts";
import { chooseOperation, countErrors, formatLoad, type LoadSample, summarizeLoad } from "./load-summary.ts";
import { progress } from "./progress.ts";
import { circumstances } from "./report.ts";
import type { Sample } from "./sample.ts";

export interface LoadOptions {
  readonly concurrency: number;
  readonly seconds: number;
  readonly command: string;
}

const WARM_UP_SECONDS = 2;

/** Returns whether all operations succeeded. */
export async function measureLoad(
  client: pg.Client,
  ownerUrl: string,
  samples: readonly Sample[],
  { concurrency, seconds, command }: LoadOptions,
): Promise<boolean> {
  const endpoint = await startNeonEndpoint({ allow: [new URL(ownerUrl).host] });
  try {
    const login = { ownerUrl, login: "gateway_bench", password: crypto.randomUUID() };
    const database = createDatabase(
      { main: await ensureRuntimeLogin(login), endpoint: endpoint.url },
      { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep },
    );
    await runLoad(database, samples, concurrency, WARM_UP_SECONDS);
    const measured = await runLoad(database, samples, concurrency, seconds);
    const summaries = summarizeLoad(measured);
    const text = formatLoad({ summaries, errors: countErrors(measured), concurrency, seconds });
    const { date, machine, postgres } = await circumstances(client, { rounds: 1, command });
    console.log(`\n${text}`);
    const page = `# Load of the database\n\nMade by \`${command}\` on ${date}; run it again to renew this page.\n\n${machine}; ${postgres}.\nDatabase, endpoint and load share the machine.\n\n${text}`;
    writeFileSync(join(projectDir, "docs", "benchmarks", "database-load.md"), page);
    return summaries.every(({ errors }) => errors === 0);
  } finally {
    await endpoint.close();
  }
}

async function runLoad(
  database: Database,
  samples: readonly Sample[],
  concurrency: number,
  seconds: number,
): Promise<readonly LoadSample[]> {
  const bar = progress("Load", seconds);
  const began = performance.now();
  const taken: LoadSample[] = [];
  const elapsed = () => (performance.now() - began) / 1000;
  const work = async (worker: number) => {
    for (let turn = worker; elapsed() < seconds; turn += concurrency) {
      const sample = samples[turn % samples.length];
      if (sample === undefined) throw new Error("There are no samples.");
      const { name, run } = chooseOperation(LOAD_OPERATIONS, Math.random());
      const started = performance.now();
      const error = await run(database, sample).then(() => undefined, describeError);
      taken.push({ name, ms: performance.now() - started, error });
      if (worker === 0) bar.update(elapsed());
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
  bar.end();
  return taken;
}

/** Without the statement and its parameters, which the driver's messages begin with. */
const describeError = (thrown: unknown): string => {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? cause.name) : String(cause);
};
