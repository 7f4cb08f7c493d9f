/** The run's database as the tests see it: through the Neon driver, as owner to prepare, as the Worker to prove. */
import { env } from "cloudflare:test";
import { neon, neonConfig } from "@neondatabase/serverless";
import { createDatabase } from "../../src/db/client.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";

neonConfig.fetchEndpoint = `${env.NEON_ENDPOINT}/sql`;

const answered = new Map<string, number>();
neonConfig.fetchFunction = async (input: RequestInfo, init?: RequestInit) => {
  const response = await fetch(input, init);
  const body = typeof init?.body === "string" ? init.body : "";
  for (const [marker, count] of answered) {
    if (response.ok && body.includes(marker)) answered.set(marker, count + 1);
  }
  return response;
};

export const owner = neon(env.TEST_OWNER_URL);
export const statistics = new QueryStatistics();

const connect = (counted: QueryStatistics) =>
  createDatabase(
    { main: env.DATABASE_URL, endpoint: env.NEON_ENDPOINT },
    { statistics: counted, now: Date.now, random: Math.random, sleep: async () => undefined },
  );

export const database = connect(statistics);

/** A database with statistics of its own, which no other test file's work in the same runtime adds to. */
export function createCountedDatabase() {
  const counted = new QueryStatistics();
  return {
    database: connect(counted),
    countRoundTrips: () => counted.drain().reduce((sum, target) => sum + target.roundTrips, 0),
  };
}

/**
 * Counts from now on the requests with a text, usually a tenant's id, in their body that the endpoint has answered.
 * One that fails on the way, as on a busy machine, is repeated by the client and counts once.
 * Other test files of the same runtime may still be working in the background: their requests do not count.
 */
export function watchRoundTrips(marker: string): () => number {
  answered.set(marker, 0);
  return () => answered.get(marker) ?? 0;
}

let made = 0;

/** A tenant of this test's own: tests share one database and never each other's rows. */
export async function newTenant(label: string): Promise<string> {
  made += 1;
  const slug = `${label}-${Date.now().toString(36)}-${made}`;
  const [row] = await owner.query("insert into tenants (name, slug) values ($1, $1) returning id", [slug]);
  return String(row?.id);
}
