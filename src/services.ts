/** The long-lived things of an isolate, made once from its configuration and handed to whoever needs them. */
import { waitUntil } from "cloudflare:workers";
import { toGatewayError } from "./core/errors.ts";
import { Keyring } from "./core/keyring.ts";
import { hash32 } from "./core/routing/hash.ts";
import { createDatabase, type Database } from "./db/client.ts";
import { recordSecurityEvent } from "./db/queries/logs/security.ts";
import { QueryStatistics } from "./db/statistics.ts";
import type { HealthDeps } from "./discovery/health.ts";
import type { RegistryJobQueue } from "./discovery/jobs.ts";
import { saveInventory } from "./discovery/save-inventory.ts";
import { createMailer } from "./email/mailer.ts";
import { type Config, readConfig } from "./env.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import { apiKeyVerifier, legacyKeyVerifier } from "./identity/api-keys.ts";
import { type Authenticator, createAuthenticator } from "./identity/authenticate.ts";
import { createKeyUsageRecorder } from "./identity/key-usage.ts";
import { accessTokenVerifier } from "./identity/oauth/verifier.ts";
import { NO_TENANT_ID } from "./identity/principal.ts";
import { createUserServices, type UserServices } from "./identity/users/user-services.ts";
import { sessionVerifier } from "./identity/users/verifier.ts";
import { createEmitter, type Emitter, type Outbox, outboxQueue } from "./logs/emit.ts";
import { logFailure } from "./logs/log-failure.ts";
import { analyticsEngineObserver, consoleObserver, withObservers } from "./logs/observers.ts";
import { createPoolReport } from "./logs/pool-report.ts";
import { banEvent } from "./logs/security-event.ts";
import { createTraceExporter } from "./logs/trace-exporter.ts";
import type { AlertDeps } from "./operations/alerts/alert-deps.ts";
import { evaluateHealthAlerts } from "./operations/alerts/evaluate.ts";
import { type AdmissionTermsSource, createAdmissionTerms } from "./policy/admission-terms.ts";
import { createEpochs, type TenantEpochs } from "./policy/epoch.ts";
import { openSetting } from "./policy/settings.ts";
import { createSnapshots, type Snapshots } from "./policy/snapshot.ts";
import { syncSystemCapacity } from "./policy/system-capacity.ts";
import { createTraffic, type TenantTraffic } from "./policy/traffic.ts";
import { saveBreakerTransitions } from "./policy/transitions.ts";
import type { ChannelDeps } from "./upstream/connection/channel.ts";
import { PRODUCT_NAME, PRODUCT_VERSION } from "./upstream/connection/client-info.ts";
import { checkUrl } from "./upstream/connection/url-guard.ts";
import { workerSocket } from "./upstream/transports/websocket/worker-socket.ts";

export interface Services {
  readonly database: Database;
  readonly queryStatistics: QueryStatistics;
  readonly authenticator: Authenticator;
  readonly people: UserServices;
  readonly epochs: TenantEpochs;
  readonly snapshots: Snapshots;
  readonly admissionTerms: AdmissionTermsSource;
  /** What the isolate knows of a tenant's traffic, or of the unauthenticated requests of some addresses. */
  readonly getTraffic: (name: string) => TenantTraffic;
  readonly tenantObject: (tenantId: string) => ReturnType<Env["TENANTS"]["getByName"]>;
  readonly globalObject: () => ReturnType<Env["GLOBAL"]["getByName"]>;
  readonly gateway: Gateway;
  /** What happened goes here, on its way to the log. */
  readonly emitter: Emitter;
  readonly keyring: Keyring;
  /** What discovery and health checks need. */
  readonly registry: HealthDeps;
  /** Where they are sent to be done. */
  readonly registryJobs: RegistryJobQueue;
  /** What it takes to look at alerts and to tell them. */
  readonly alerts: AlertDeps;
  /** How upstreams are reached, and which addresses may be. */
  readonly upstream: ChannelDeps;
}

/** The Durable Objects' namespaces, as wrangler.toml binds them. */
export type ServiceBindings = Pick<
  Env,
  "TENANTS" | "GLOBAL" | "SESSIONS" | "BRIDGES" | "OUTBOX" | "EVENTS" | "HEALTH" | "ALERTS"
>;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const servicesByConfig = new WeakMap<Config, Services>();

export function getServices(env: Env): { config: Config; services: Services } {
  const config = readConfig(env);
  let services = servicesByConfig.get(config);
  if (services === undefined) {
    services = createServices(config, env);
    servicesByConfig.set(config, services);
  }
  return { config, services };
}

export interface ServiceOptions {
  /** Off in the test that holds the gateway's fast path against its general one. */
  readonly hasFastPath?: boolean;
}

export function createServices(
  config: Config,
  objects: ServiceBindings,
  { hasFastPath = true }: ServiceOptions = {},
): Services {
  const queryStatistics = new QueryStatistics();
  const database = createDatabase(config.database, {
    statistics: queryStatistics,
    now: Date.now,
    random: Math.random,
    sleep,
  });
  const tenantObject = (tenantId: string) => objects.TENANTS.getByName(tenantId);
  const globalObject = () => objects.GLOBAL.getByName("global");
  const epochObject = (tenantId: string) =>
    tenantId === NO_TENANT_ID ? globalObject() : tenantObject(tenantId);
  const epochs = createEpochs(epochObject, {
    now: Date.now,
    sleep,
    async bumpSystem() {
      // The epoch comes first: a capacity that cannot be read now is applied by the next cron tick.
      const epoch = await globalObject().bumpEpoch();
      await syncSystemCapacity(database, globalObject()).catch(() => undefined);
      return epoch;
    },
  });
  const snapshots = createSnapshots(database, epochs, Date.now);
  const admissionTerms = createAdmissionTerms(database, epochs, Date.now);
  const allowLoopback = config.environment !== "production";
  const fetcher: typeof fetch = (input, init) => fetch(input, init);
  const sendMail = createMailer(database, { ...config.mail, saveToDevMailbox: allowLoopback });
  const people = createUserServices({
    database,
    publicUrl: config.publicUrl,
    mcpUrl: config.mcpUrl,
    secret: config.authSecret,
    social: config.social,
    dynamicRegistration: config.dynamicRegistration,
    sendMail,
    isAllowedUrl: (url) => checkUrl(url, { allowLoopback }).ok,
    fetch: fetcher,
    bumpEpoch: (tenantId) => epochs.bump(tenantId, (work) => void work.catch(() => undefined)),
    waitUntil: waitUntil,
    log: (line) => console.log(line),
    now: Date.now,
  });
  const authenticator = createAuthenticator({
    // Legacy keys take any text for theirs, so tokens that can be told come before them.
    verifiers: [
      apiKeyVerifier(database),
      accessTokenVerifier(people.accessTokens),
      legacyKeyVerifier(database),
      sessionVerifier(people.sessions),
    ],
    epochs,
    usage: createKeyUsageRecorder(database, { now: Date.now, sleep }),
    async onThrottled(ipAddress) {
      const description = "Repeated authentication failures from one IP address.";
      await recordSecurityEvent(database.asSystem(), { type: "key.blocked", ipAddress, description });
    },
    async onRejectedAddress({ tenantId, userId, apiKeyId, via }, ipAddress) {
      const description = `An API key was used from ${ipAddress}, outside its allowed IP ranges.`;
      const type = "key.address-refused";
      // A legacy key's row is in another table.
      const known = via === "api_key" ? { apiKeyId } : {};
      await recordSecurityEvent(database.asSystem(), {
        type,
        tenantId,
        userId,
        ...known,
        ipAddress,
        description,
      });
    },
    now: Date.now,
  });
  const outbox: Outbox = { add: (messages) => objects.OUTBOX.getByName(outboxName()).add(messages) };
  const queued = createEmitter({
    queue: config.environment === "development" ? outboxQueue(outbox) : objects.EVENTS,
    alongside: createPoolReport(queryStatistics, Date.now),
    outbox,
    now: Date.now,
    sleep,
    // One line each: whoever reads the console can still put them where they belong.
    lost: (messages) => {
      for (const message of messages) console.error(JSON.stringify({ lost: message }));
    },
  });
  const emitter = withObservers(queued, [
    ...(config.analytics === undefined ? [] : [analyticsEngineObserver(config.analytics)]),
    ...(config.requestLines ? [consoleObserver((line) => console.log(line))] : []),
  ]);
  const keyring = new Keyring(config.encryptionKeys);
  const traces = createTraceExporter({
    fetch: fetcher,
    open: (tenantId, sealed) =>
      openSetting(keyring, { tenantId, key: "telemetry.otlp.authorization" }, sealed),
    isAllowedUrl: (url) => checkUrl(url, { allowLoopback }).ok,
    service: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
    environment: config.environment,
    now: Date.now,
    failed: (reason) => console.warn(JSON.stringify({ level: "warn", work: "export traces", reason })),
  });
  // Its URL is all that tells it from others; upstreams need not learn it.
  const gatewayId = hash32(config.publicUrl).toString(16);
  const upstream = {
    fetch: fetcher,
    gatewayId,
    urlPolicy: { allowLoopback },
    openSocket: workerSocket(fetcher),
  };
  const getTraffic = createTraffic({
    getObject: tenantObject,
    now: Date.now,
    sleep,
    onEpoch: epochs.observe,
    // The object keeps them until they are written, and says so in every reply until then.
    onTransitions: (tenantId) =>
      saveBreakerTransitions(database, tenantId, tenantObject(tenantId)).catch((error: unknown) =>
        logFailure(toGatewayError(error), { work: "write breaker transitions", serverId: "" }),
      ),
    onBans: (tenantId, bans, background) =>
      emitter.emit(
        bans.map((ban) => banEvent(tenantId, ban, Date.now())),
        background,
      ),
  });
  const alerts: AlertDeps = {
    database,
    keyring,
    fetch: fetcher,
    urlPolicy: upstream.urlPolicy,
    sendMail,
    queue: objects.ALERTS,
    now: Date.now,
  };
  const registry: HealthDeps = {
    database,
    keyring,
    upstream,
    raiseEpoch: (tenantId) => epochs.bump(tenantId, (work) => void work.catch(() => undefined)),
    onHealthChange: (changes) => evaluateHealthAlerts(alerts, changes),
    now: Date.now,
  };
  const gateway = createGateway({
    database,
    authenticator,
    snapshots,
    emitter,
    traces,
    getTraffic,
    keyring,
    upstream,
    gatewayId,
    hasFastPath,
    saveInventory: async (tenantId, { server, ...offering }) => {
      await saveInventory(registry, { tenantId, serverId: server.id }, offering);
    },
    origins: {
      mcpUrl: config.mcpUrl,
      mcpHost: new URL(config.mcpUrl).host,
      pagesHost: config.mcpUrl === config.publicUrl ? undefined : new URL(config.publicUrl).host,
      allowedOrigins: config.allowedOrigins,
      allowLoopback,
    },
    maxBodyBytes: config.maxBodyBytes,
    getBridge: (principalId, serverId) => objects.BRIDGES.getByName(`${principalId}:${serverId}`),
    active: tenantObject,
    slotObject: tenantObject,
    sessions: (name) => objects.SESSIONS.getByName(name),
  });
  return {
    database,
    queryStatistics,
    tenantObject,
    globalObject,
    authenticator,
    people,
    epochs,
    snapshots,
    admissionTerms,
    getTraffic,
    gateway,
    emitter,
    keyring,
    upstream,
    registry,
    registryJobs: objects.HEALTH,
    alerts,
  };
}

/** One object would be a bottleneck just when there is much to keep. */
const OUTBOXES = 8;
const outboxName = () => `outbox-${Math.floor(Math.random() * OUTBOXES)}`;
