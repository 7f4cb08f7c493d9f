/** The long-lived things of an isolate, made once from its configuration and handed to whoever needs them. */

import { Keyring } from "./core/keyring.ts";
import { createDatabase, type Database } from "./db/client.ts";
import { recordSecurityEvent } from "./db/queries/security.ts";
import { QueryStatistics } from "./db/statistics.ts";
import { type Config, readConfig } from "./env.ts";
import { createGateway, type Gateway } from "./gateway/create.ts";
import { apiKeyProof, legacyKeyProof } from "./identity/api-keys.ts";
import { type Authenticator, createAuthenticator } from "./identity/authenticate.ts";
import { accessTokenProof } from "./identity/oauth/proof.ts";
import { createPeople, type People } from "./identity/people/people.ts";
import { sessionProof } from "./identity/people/proof.ts";
import { createUsage } from "./identity/usage.ts";
import { createMailer } from "./mail/mail.ts";
import { createEpochs, type TenantEpochs } from "./policy/epoch.ts";
import { createSnapshots, type Snapshots } from "./policy/snapshot.ts";
import { judgeUrl } from "./upstream/url-guard.ts";
import { workerSocket } from "./upstream/worker-socket.ts";

export interface Services {
  readonly database: Database;
  readonly queryStatistics: QueryStatistics;
  readonly authenticator: Authenticator;
  readonly people: People;
  readonly epochs: TenantEpochs;
  readonly snapshots: Snapshots;
  readonly tenantObject: (tenantId: string) => ReturnType<Env["TENANTS"]["getByName"]>;
  readonly gateway: Gateway;
}

/** The Durable Objects' namespaces, as wrangler.toml binds them. */
export type ObjectNamespaces = Pick<Env, "TENANTS" | "SESSIONS" | "BRIDGES">;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

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

export function createServices(config: Config, objects: ObjectNamespaces): Services {
  const queryStatistics = new QueryStatistics();
  const database = createDatabase(config.database, {
    statistics: queryStatistics,
    now: Date.now,
    random: Math.random,
    sleep,
  });
  const tenantObject = (tenantId: string) => objects.TENANTS.getByName(tenantId);
  const epochs = createEpochs(tenantObject, {
    now: Date.now,
    sleep,
  });
  const snapshots = createSnapshots(database, epochs, Date.now);
  const allowLoopback = config.environment !== "production";
  const fetcher: typeof fetch = (input, init) => fetch(input, init);
  const people = createPeople({
    database,
    publicUrl: config.publicUrl,
    secret: config.authSecret,
    social: config.social,
    dynamicRegistration: config.dynamicRegistration,
    sendMail: createMailer(database, { ...config.mail, keepInOutbox: allowLoopback }),
    isAllowedUrl: (url) => judgeUrl(url, { allowLoopback }).ok,
    fetch: fetcher,
    raiseEpoch: (tenantId) => epochs.raise(tenantId, (work) => void work.catch(() => undefined)),
    log: (line) => console.log(line),
    now: Date.now,
  });
  const authenticator = createAuthenticator({
    // Legacy keys take any text for theirs, so tokens that can be told come before them.
    proofs: [
      apiKeyProof(database),
      accessTokenProof(people.accessTokens),
      legacyKeyProof(database),
      sessionProof(people.sessions),
    ],
    epochs,
    usage: createUsage(database, { now: Date.now, sleep }),
    async onGuessing(ipAddress) {
      const description = "Many wrong keys came from one address; it has to wait.";
      await recordSecurityEvent(database.asSystem(), { type: "key.blocked", ipAddress, description });
    },
    now: Date.now,
  });
  const gateway = createGateway({
    database,
    authenticator,
    snapshots,
    keyring: new Keyring(config.encryptionKeys),
    upstream: { fetch: fetcher, urlPolicy: { allowLoopback }, openSocket: workerSocket(fetcher) },
    origins: { publicUrl: config.publicUrl, allowedOrigins: config.allowedOrigins, allowLoopback },
    maxBodyBytes: config.maxBodyBytes,
    bridgeTo: (principalId, serverId) => objects.BRIDGES.getByName(`${principalId}:${serverId}`),
    active: tenantObject,
    sessions: (name) => objects.SESSIONS.getByName(name),
  });
  return { database, queryStatistics, tenantObject, authenticator, people, epochs, snapshots, gateway };
}
