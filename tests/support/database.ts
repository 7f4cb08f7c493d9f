/** The run's database as the tests see it: through the Neon driver, as owner to prepare, as the Worker to prove. */
import { env } from "cloudflare:test";
import { neon, neonConfig } from "@neondatabase/serverless";
import { createDatabase } from "../../src/db/client.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";

neonConfig.fetchEndpoint = `${env.NEON_ENDPOINT}/sql`;

let requests = 0;
neonConfig.fetchFunction = async (input: RequestInfo, init?: RequestInit) => {
  const response = await fetch(input, init);
  if (response.ok) requests += 1;
  return response;
};

export const owner = neon(env.TEST_OWNER_URL);
export const statistics = new QueryStatistics();

export const database = createDatabase(
  { main: env.DATABASE_URL, endpoint: env.NEON_ENDPOINT },
  { statistics, now: Date.now, random: Math.random, sleep: async () => undefined },
);

/**
 * How many requests of this runtime the endpoint has answered so far; the difference around an action is its round trips.
 * One that fails on the way, as on a busy machine, is repeated by the client and counts once.
 * The endpoint's own count has those of other test files in it, which run at the same time.
 */
export const roundTrips = (): number => requests;

let made = 0;

/** A tenant of this test's own: tests share one database and never each other's rows. */
export async function newTenant(label: string): Promise<string> {
  made += 1;
  const slug = `${label}-${Date.now().toString(36)}-${made}`;
  const [row] = await owner.query("insert into tenants (name, slug) values ($1, $1) returning id", [slug]);
  return String(row?.id);
}
