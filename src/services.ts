/** The long-lived things of an isolate, made once from its configuration and handed to whoever needs them. */
import { createDatabase, type Database } from "./db/client.ts";
import { QueryStatistics } from "./db/statistics.ts";
import { type Config, readConfig } from "./env.ts";

export interface Services {
  readonly database: Database;
  readonly queryStatistics: QueryStatistics;
}

const made = new WeakMap<Config, Services>();

export function servicesOf(env: object): { config: Config; services: Services } {
  const config = readConfig(env);
  let services = made.get(config);
  if (services === undefined) {
    services = createServices(config);
    made.set(config, services);
  }
  return { config, services };
}

export function createServices(config: Config): Services {
  const queryStatistics = new QueryStatistics();
  const database = createDatabase(config.database, {
    statistics: queryStatistics,
    now: Date.now,
    random: Math.random,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  return { database, queryStatistics };
}
