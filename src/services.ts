/** The long-lived things of an isolate, made once from its configuration and handed to whoever needs them. */
import { Keyring } from "./core/keyring.ts";
import { createDatabase, type Database } from "./db/client.ts";
import { QueryStatistics } from "./db/statistics.ts";
import { type Config, readConfig } from "./env.ts";
import { askOffer } from "./gateway/aggregate/ask.ts";
import { Catalogue } from "./gateway/aggregate/catalogue.ts";
import { recallOffers, rememberOffer } from "./gateway/aggregate/heard.ts";
import { Offers } from "./gateway/aggregate/offers.ts";
import { createMcpEndpoint, type McpEndpoint } from "./gateway/endpoint.ts";
import { targetFor } from "./gateway/target.ts";
import { createAuthenticator } from "./identity/authenticate.ts";
import { createSnapshots } from "./policy/snapshot.ts";
import type { ChannelTools } from "./upstream/channel.ts";
import { workerSocket } from "./upstream/worker-socket.ts";

export interface Services {
  readonly database: Database;
  readonly queryStatistics: QueryStatistics;
  readonly mcp: McpEndpoint;
}

/** The Durable Objects' namespaces, as wrangler.toml binds them. */
export type ObjectNamespaces = Pick<Env, "TENANTS" | "SESSIONS" | "BRIDGES">;

const made = new WeakMap<Config, Services>();

export function servicesOf(env: Env): { config: Config; services: Services } {
  const config = readConfig(env);
  let services = made.get(config);
  if (services === undefined) {
    services = createServices(config, env);
    made.set(config, services);
  }
  return { config, services };
}

export function createServices(config: Config, _objects: ObjectNamespaces): Services {
  const queryStatistics = new QueryStatistics();
  const database = createDatabase(config.database, {
    statistics: queryStatistics,
    now: Date.now,
    random: Math.random,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const allowLoopback = config.environment !== "production";
  const keyring = new Keyring(config.encryptionKeys);
  const fetcher: typeof fetch = (input, init) => fetch(input, init);
  const upstream: ChannelTools = {
    fetch: fetcher,
    urlPolicy: { allowLoopback },
    openSocket: workerSocket(fetcher),
  };
  const mcp = createMcpEndpoint({
    authenticator: createAuthenticator(database, Date.now),
    snapshots: createSnapshots(database, Date.now),
    keyring,
    upstream,
    catalogue: new Catalogue(
      new Offers({
        ask: async (server) => askOffer(server, await targetFor(server, keyring), upstream),
        recall: (tenantId, servers) => recallOffers(database, tenantId, servers),
        remember: (tenantId, offer) => rememberOffer(database, tenantId, offer),
        now: Date.now,
      }),
    ),
    translate: async () => {
      throw new Error("not yet");
    },
    origins: { publicUrl: config.publicUrl, allowedOrigins: config.allowedOrigins, allowLoopback },
    maxBodyBytes: config.maxBodyBytes,
  });
  return { database, queryStatistics, mcp };
}
