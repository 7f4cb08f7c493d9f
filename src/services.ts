/**
 * All services of an isolate: those of the MCP path, and what pages, REST, queues and cron need beside them. Loaded by the
 * first request for one of these.
 */
import { waitUntil } from "cloudflare:workers";
import { createCollectorClient } from "./collector-client.ts";
import { isObtained, usesAccounts } from "./core/enums.ts";
import type { Database } from "./db/client.ts";
import { discoverServers } from "./discovery/discover.ts";
import { checkServers, type HealthDeps } from "./discovery/health.ts";
import type { RegistryJobHandlers, RegistryJobQueue } from "./discovery/jobs.ts";
import { createMailer } from "./email/mailer.ts";
import { FlagExposures } from "./gateway/context/flag-exposures.ts";
import { type GatewayServices, getGatewayServices } from "./gateway-services.ts";
import type { AccessTokens } from "./identity/oauth/access-tokens.ts";
import { openClientSecret } from "./identity/sso/client-secret.ts";
import { createTxtLookup, type TxtLookup } from "./identity/sso/txt-records.ts";
import { createUserServices, type UserServices } from "./identity/users/user-services.ts";
import { writeText } from "./logs/log-line.ts";
import type { OtlpClient } from "./logs/otlp-client.ts";
import type { AlertDeps } from "./operations/alerts/alert-deps.ts";
import { evaluateHealthAlerts } from "./operations/alerts/evaluate.ts";
import { createEventExporter, type ExportEvents } from "./operations/telemetry/export-logs.ts";
import { type AdmissionTermsSource, createAdmissionTerms } from "./policy/admission-terms.ts";
import { syncAllPages } from "./registry/sync.ts";
import { checkUrl } from "./upstream/connection/url-guard.ts";
import { serverTokenRefused } from "./upstream/server-token-error.ts";

export interface Services extends GatewayServices {
  /** Sends telemetry to collectors. */
  readonly otlp: OtlpClient;
  /** Of flags that are evaluated over REST. */
  readonly flagExposures: FlagExposures;
  /** Sends log events to the collectors of their tenants. */
  readonly exportEvents: ExportEvents;
  readonly database: Database;
  readonly people: UserServices;
  readonly admissionTerms: AdmissionTermsSource;
  /** What discovery and health checks need. */
  readonly registry: HealthDeps;
  /** By DNS over HTTPS. */
  readonly lookupTxt: TxtLookup;
  /** The queue of discovery and health checks. */
  readonly registryJobs: RegistryJobQueue;
  /** The object of a stdio server. */
  readonly connectorObject: (serverId: string) => ReturnType<Env["CONNECTORS"]["getByName"]>;
  /** What evaluating and delivering alerts needs. */
  readonly alerts: AlertDeps;
}

export const loadServices = (env: Env): Promise<Services> => completeServices(getGatewayServices(env));

const completed = new WeakMap<GatewayServices, Services>();

/** Created once for the services of an MCP path, whose database client and epochs they share. */
export async function completeServices(gatewayServices: GatewayServices): Promise<Services> {
  const { database } = await gatewayServices.loadStorage();
  let services = completed.get(gatewayServices);
  if (services === undefined) {
    services = createServices(gatewayServices, database, await gatewayServices.loadAccessTokens());
    completed.set(gatewayServices, services);
  }
  return services;
}

function createServices(
  gatewayServices: GatewayServices,
  database: Database,
  accessTokens: AccessTokens,
): Services {
  const { config, bindings, epochs, keyring, upstream } = gatewayServices;
  const { urlPolicy } = upstream;
  const bumpEpoch = (tenantId: string) => epochs.bump(tenantId, (work) => void work.catch(() => undefined));
  const isAllowedUrl = (url: string) => checkUrl(url, urlPolicy).ok;
  const mailSettings = { ...config.mail, saveToDevMailbox: urlPolicy.allowLoopback };
  const sendMail = createMailer(database, mailSettings);
  const people = createUserServices({
    ...{ database, accessTokens, sendMail, bumpEpoch, waitUntil },
    publicUrl: config.publicUrl,
    mcpUrl: config.mcpUrl,
    secret: config.authSecret,
    social: config.social,
    dynamicRegistration: config.dynamicRegistration,
    breachedPasswordsUrl: config.breachedPasswordsUrl,
    isAllowedUrl,
    openClientSecret: (id, sealed) => openClientSecret(keyring, id, sealed),
    fetch: upstream.fetch,
    // The one-time link of the first admin: a secret that is meant to be read in the log.
    log: (line) => writeText("info", line),
    now: Date.now,
  });
  const alerts: AlertDeps = {
    ...{ database, keyring, urlPolicy, sendMail },
    fetch: upstream.fetch,
    publicUrl: config.publicUrl,
    queue: bindings.ALERTS,
    now: Date.now,
  };
  const registry: HealthDeps = {
    ...{ database, keyring, upstream },
    async findAccount(server) {
      if (!isObtained(server.auth.type)) return undefined;
      const accounts = await gatewayServices.loadAccounts();
      const state = await accounts.resolve(server, undefined, waitUntil);
      if (state.kind === "connected") return state.credential;
      if (usesAccounts(server.auth.type)) return undefined;
      throw serverTokenRefused(server.name, state.kind === "unavailable");
    },
    raiseEpoch: bumpEpoch,
    onHealthChange: (changes) => evaluateHealthAlerts(alerts, changes),
    now: Date.now,
  };
  const otlp = createCollectorClient(config, keyring, upstream);
  const admissionTerms = createAdmissionTerms(database, epochs, Date.now);
  gatewayServices.addSettingsSource((tenantId) => admissionTerms.peek(tenantId)?.settings);
  return {
    ...gatewayServices,
    ...{ database, people, registry, alerts, admissionTerms },
    flagExposures: new FlagExposures(Date.now),
    otlp,
    exportEvents: createEventExporter({ database, otlp }, Date.now),
    lookupTxt: createTxtLookup({ baseUrl: config.dnsUrl, fetch: upstream.fetch, isAllowedUrl }),
    registryJobs: bindings.REGISTRY_JOBS,
    connectorObject: (serverId) => bindings.CONNECTORS.getByName(serverId),
  };
}

export const createJobHandlers = (registry: HealthDeps): RegistryJobHandlers => ({
  check: ({ servers, minute }) => checkServers(registry, servers, new Date(minute)),
  discover: ({ servers, minute }) => discoverServers(registry, servers, new Date(minute)),
  sync: ({ minute, ...source }) => syncAllPages(registry, source, new Date(minute)),
});
