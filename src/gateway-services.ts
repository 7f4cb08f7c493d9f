/**
 * The long-lived objects of an isolate that serve MCP, created once from its configuration. Everything here is evaluated
 * when the Worker starts, so what only some requests need is loaded by the first of them: the database client with what
 * the gateway reads by it (gateway-storage.ts), and the services of pages, REST, queues and cron (services.ts).
 */

import { toGatewayError } from "./core/errors.ts";
import { Keyring } from "./core/keyring.ts";
import { hash32 } from "./core/routing/hash.ts";
import { QueryStatistics } from "./db/statistics.ts";
import { type Config, readConfig } from "./env.ts";
import { createGateway, type Gateway, type GatewayDeps } from "./gateway/gateway.ts";
import { createEventEmitter, type SettingsSource } from "./gateway-emitter.ts";
import { type Authenticator, createAuthenticator } from "./identity/authenticate.ts";
import { ACCESS_TOKEN, API_KEY, deferVerifier, LEGACY_KEY } from "./identity/credential-kinds.ts";
import { createKeyUsageRecorder } from "./identity/key-usage.ts";
import { accessTokenVerifier } from "./identity/oauth/verifier.ts";
import { NO_TENANT_ID } from "./identity/principal.ts";
import { createSessionKind } from "./identity/users/cookies.ts";
import {
  createAccessTokensLoader,
  createAccountsLoader,
  createStorageLoader,
  createTraceLoader,
  type LoadAccessTokens,
  type LoadStorage,
} from "./lazy-loaders.ts";
import type { Emitter } from "./logs/emit.ts";
import { logFailure } from "./logs/log-failure.ts";
import { banEvent } from "./logs/security-event.ts";
import { createTraffic } from "./policy/create-traffic.ts";
import { createEpochs, type TenantEpochs } from "./policy/epoch.ts";
import { createSnapshots, type Snapshots } from "./policy/snapshot.ts";
import type { TenantTraffic } from "./policy/traffic.ts";
import type { ChannelDeps } from "./upstream/connection/channel.ts";
import { workerSocket } from "./upstream/transports/websocket/worker-socket.ts";

export interface GatewayServices {
  readonly config: Config;
  readonly bindings: ServiceBindings;
  readonly queryStatistics: QueryStatistics;
  readonly authenticator: Authenticator;
  readonly epochs: TenantEpochs;
  readonly snapshots: Snapshots;
  /** The isolate's state of a tenant's traffic, or of the unauthenticated requests of some addresses. */
  readonly getTraffic: (name: string) => TenantTraffic;
  readonly tenantObject: (tenantId: string) => ReturnType<Env["TENANTS"]["getByName"]>;
  readonly accountObject: (userId: string, serverId: string) => ReturnType<Env["ACCOUNTS"]["getByName"]>;
  readonly globalObject: () => ReturnType<Env["GLOBAL"]["getByName"]>;
  readonly gateway: Gateway;
  /** Events go here, on their way to the log. */
  readonly emitter: Emitter;
  readonly keyring: Keyring;
  /** How upstreams are reached, and which addresses may be. */
  readonly upstream: ChannelDeps;
  /** Adds a place where the emitter of events finds the settings of tenants that have no snapshot in this isolate. */
  readonly addSettingsSource: (peek: SettingsSource) => void;
  readonly loadStorage: LoadStorage;
  readonly loadAccessTokens: LoadAccessTokens;
  readonly loadAccounts: ReturnType<typeof createAccountsLoader>;
}

/** The Durable Objects' namespaces and the queues, as wrangler.toml binds them. */
export type ServiceBindings = Pick<
  Env,
  | "TENANTS"
  | "GLOBAL"
  | "SESSIONS"
  | "BRIDGES"
  | "CONNECTORS"
  | "ACCOUNTS"
  | "OUTBOX"
  | "EVENTS"
  | "REGISTRY_JOBS"
  | "ALERTS"
>;

export interface GatewayOptions {
  /** Off in the test that compares the gateway's fast path with its general one. */
  readonly hasFastPath?: boolean;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const servicesByConfig = new WeakMap<Config, GatewayServices>();

export function getGatewayServices(env: Env): GatewayServices {
  const config = readConfig(env);
  let services = servicesByConfig.get(config);
  if (services === undefined) {
    services = createGatewayServices(config, env);
    servicesByConfig.set(config, services);
  }
  return services;
}

export function createGatewayServices(
  config: Config,
  bindings: ServiceBindings,
  { hasFastPath = true }: GatewayOptions = {},
): GatewayServices {
  const queryStatistics = new QueryStatistics();
  const loadStorage = createStorageLoader(config, queryStatistics, {
    listCurrent: () => snapshots.listCurrent(),
    keep: (tenantId, snapshot, loadedAt) => snapshots.keep(tenantId, snapshot, loadedAt),
  });
  const tenantObject: GatewayServices["tenantObject"] = (tenantId) => bindings.TENANTS.getByName(tenantId);
  const accountObject: GatewayServices["accountObject"] = (userId, serverId) =>
    bindings.ACCOUNTS.getByName(`${userId}:${serverId}`);
  const globalObject = () => bindings.GLOBAL.getByName("global");
  const epochs = createEpochs(
    (tenantId) => (tenantId === NO_TENANT_ID ? globalObject() : tenantObject(tenantId)),
    {
      now: Date.now,
      sleep,
      async bumpSystem() {
        // The epoch comes first: a capacity that cannot be read now is applied by the next cron tick.
        const epoch = await globalObject().bumpEpoch();
        await loadStorage()
          .then((storage) => storage.syncSystemCapacity(globalObject()))
          .catch(() => undefined);
        return epoch;
      },
    },
  );
  const source = {
    loadSnapshot: async (tenantId: string) => (await loadStorage()).snapshots.loadSnapshot(tenantId),
    findOpenTenant: async (slug: string) => (await loadStorage()).snapshots.findOpenTenant(slug),
  };
  const snapshots = createSnapshots(source, epochs, Date.now);
  const settingsSources: SettingsSource[] = [(tenantId) => snapshots.peek(tenantId)?.settings];
  const emitter = createEventEmitter(config, bindings, queryStatistics, settingsSources);
  const keyring = new Keyring(config.encryptionKeys);
  const upstream = createUpstreamDeps(config, bindings);
  const foundation: Foundation = {
    ...{ config, bindings, queryStatistics, loadStorage, tenantObject, globalObject, epochs, emitter },
    accountObject,
    loadAccessTokens: createAccessTokensLoader(config, loadStorage),
    loadAccounts: createAccountsLoader(
      {
        ...{ keyring, epochs, publicUrl: config.publicUrl },
        renew: (request) => accountObject(request.userId, request.server.id).renew(request),
      },
      loadStorage,
    ),
    keyring,
    upstream,
    snapshots,
    addSettingsSource: (peek) => void settingsSources.push(peek),
  };
  const getTraffic = createTenantTraffic(foundation);
  const loadServices = async () => {
    const { completeServices } = await import("./services.ts");
    return completeServices(services);
  };
  const authenticator = createRequestAuthenticator(
    foundation,
    async () => (await loadServices()).people.sessionVerifier,
  );
  const gateway = createMcpGateway(
    { ...foundation, getTraffic, authenticator, hasFastPath },
    async (tenantId, { server, ...inventory }) => {
      const { saveInventory } = await import("./discovery/save-inventory.ts");
      const { registry } = await loadServices();
      await saveInventory(registry, { tenantId, serverId: server.id }, inventory);
    },
  );
  const services: GatewayServices = { ...foundation, getTraffic, authenticator, gateway };
  return services;
}

/** What the other objects are created from. */
type Foundation = Omit<GatewayServices, "getTraffic" | "authenticator" | "gateway">;

function createRequestAuthenticator(
  { config, epochs, loadStorage, loadAccessTokens }: Foundation,
  loadSessionVerifier: Parameters<typeof deferVerifier>[1],
): Authenticator {
  return createAuthenticator({
    // Legacy keys are arbitrary texts, so verifiers of recognizable formats come first.
    verifiers: [
      deferVerifier(API_KEY, async () => (await loadStorage()).apiKeys),
      deferVerifier(ACCESS_TOKEN, async () => accessTokenVerifier(await loadAccessTokens())),
      deferVerifier(LEGACY_KEY, async () => (await loadStorage()).legacyKeys),
      deferVerifier(createSessionKind(config.publicUrl), loadSessionVerifier),
    ],
    epochs,
    usage: createKeyUsageRecorder({
      save: async (batch) => (await loadStorage()).saveKeyUsage(batch),
      now: Date.now,
      sleep,
    }),
    async onThrottled(ipAddress) {
      const description = "Repeated authentication failures from one IP address.";
      await (await loadStorage()).recordSecurityEvent({ type: "key.blocked", ipAddress, description });
    },
    async onRejectedAddress({ tenantId, userId, apiKeyId, via }, ipAddress) {
      const description = `An API key was used from ${ipAddress}, outside its allowed IP ranges.`;
      const type = "key.address-refused";
      // A legacy key's row is in another table.
      const known = via === "api_key" ? { apiKeyId } : {};
      const event = { type, tenantId, userId, ...known, ipAddress, description } as const;
      await (await loadStorage()).recordSecurityEvent(event);
    },
    now: Date.now,
  });
}

function createTenantTraffic({ tenantObject, epochs, loadStorage, emitter }: Foundation) {
  return createTraffic({
    getObject: tenantObject,
    now: Date.now,
    sleep,
    onEpoch: epochs.observe,
    // The object keeps them until they are written, and reports it in every reply until then.
    onTransitions: (tenantId) =>
      loadStorage()
        .then((storage) => storage.saveObjectRecords(tenantId, tenantObject(tenantId)))
        .catch((error: unknown) =>
          logFailure(toGatewayError(error), { work: "write records of the tenant's object", serverId: "" }),
        ),
    onBans(tenantId, bans, background) {
      emitter.emit(
        bans.map((ban) => banEvent(tenantId, ban, Date.now())),
        background,
      );
      background(
        loadStorage()
          .then((storage) => storage.saveBans(tenantId, bans))
          .catch((error: unknown) =>
            logFailure(toGatewayError(error), { work: "record bans", serverId: "" }),
          ),
      );
    },
  });
}

const fetchUpstream: typeof fetch = (input, init) => fetch(input, init);

/** Only its URL distinguishes it from other gateways; upstreams need not see it. */
const createGatewayId = ({ publicUrl }: Config) => hash32(publicUrl).toString(16);

function createUpstreamDeps(config: Config, { CONNECTORS }: ServiceBindings): ChannelDeps {
  return {
    fetch: fetchUpstream,
    gatewayId: createGatewayId(config),
    urlPolicy: { allowLoopback: config.environment !== "production" },
    openSocket: workerSocket(fetchUpstream),
    getConnectorSocket: (serverId) =>
      workerSocket((input, init) => CONNECTORS.getByName(serverId).fetch(input, init)),
  };
}

interface McpGatewayParts extends Foundation {
  readonly getTraffic: GatewayServices["getTraffic"];
  readonly authenticator: Authenticator;
  readonly hasFastPath: boolean;
}

function createMcpGateway(
  { config, bindings, keyring, upstream, tenantObject, loadStorage, ...parts }: McpGatewayParts,
  saveInventory: GatewayDeps["saveInventory"],
): Gateway {
  const { urlPolicy } = upstream;
  return createGateway({
    ...parts,
    ...{ keyring, upstream, saveInventory, gatewayId: createGatewayId(config) },
    traces: createTraceLoader(async () => {
      const { createTraceExporter } = await import("./collector-client.ts");
      return createTraceExporter(config, keyring, upstream);
    }),
    loadStoredInventories: async (tenantId, servers) =>
      (await loadStorage()).loadStoredInventories(tenantId, servers),
    origins: {
      mcpUrl: config.mcpUrl,
      mcpHost: new URL(config.mcpUrl).host,
      pagesHost: config.mcpUrl === config.publicUrl ? undefined : new URL(config.publicUrl).host,
      allowedOrigins: config.allowedOrigins,
      allowLoopback: urlPolicy.allowLoopback,
    },
    maxBodyBytes: config.maxBodyBytes,
    getBridge: (principalId, serverId) => bindings.BRIDGES.getByName(`${principalId}:${serverId}`),
    active: tenantObject,
    slotObject: tenantObject,
    sessions: (name) => bindings.SESSIONS.getByName(name),
  });
}
