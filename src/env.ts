/**
 * The one place that reads the Worker's bindings. Everything else gets a validated `Config`; a deployment that lacks
 * something finds all faults at once, in the log, on the first request.
 */
import {
  binding,
  choice,
  emailAddress,
  httpUrl,
  integer,
  nonEmptyText,
  optional,
  originUrl,
  readVariables,
  text,
  type Values,
  withDefault,
} from "./core/configuration/variables.ts";
import type { ConfigurationIssue } from "./core/errors.ts";
import { isLoopbackUrl } from "./core/net/origin.ts";

const MIB = 1024 * 1024;

const postgresUrl = text(
  (value) => (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
  "must be a valid URL that starts with postgres://",
);

/** `id:key` pairs, newest first: the first seals, all of them open. Each key is 32 bytes in base64. */
const encryptionKeys = text((value) => {
  const pairs = value
    .split(",")
    .map((pair) => /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(pair.trim()));
  const keys = pairs.flatMap((pair) => (pair === null ? [] : [{ id: pair[1] ?? "", key: pair[2] ?? "" }]));
  return keys.length === pairs.length ? keys : undefined;
}, "must be a list of ID:KEY, with an ID of letters and digits and a key of 32 bytes in base64");

const origins = text((value) => {
  const list = value.split(/[\s,]+/).filter((origin) => origin !== "");
  return list.every((origin) => origin === "*" || URL.parse(origin)?.origin === origin) ? list : undefined;
}, "must be a list of origins such as https://app.example.com, or *");

/** Structural: the runtime's own class is not to be had outside of it. */
const isSendEmail = (value: object): value is SendEmail => "send" in value;
const isAnalyticsEngine = (value: object): value is AnalyticsEngineDataset => "writeDataPoint" in value;

const RULES = {
  ENVIRONMENT: choice("development", "test", "production"),
  PUBLIC_URL: originUrl,
  /** A separate origin for the MCP endpoints, so that nothing they return shares one with sign-in cookies. */
  MCP_URL: optional(originUrl),
  DATABASE_URL: postgresUrl,
  DATABASE_READ_URL: optional(postgresUrl),
  DATABASE_WRITE_URL: optional(postgresUrl),
  DATABASE_ANALYTICS_URL: optional(postgresUrl),
  NEON_ENDPOINT: optional(httpUrl),
  BETTER_AUTH_SECRET: text(
    (value) => (value.length < 32 ? undefined : value),
    "must have at least 32 characters",
  ),
  ENCRYPTION_KEYS: encryptionKeys,
  ALLOWED_ORIGINS: withDefault(origins, []),
  EMAIL: optional(binding(isSendEmail, "must be a send_email binding")),
  MAIL_FROM: optional(emailAddress),
  GITHUB_CLIENT_ID: optional(nonEmptyText),
  GITHUB_CLIENT_SECRET: optional(nonEmptyText),
  // Development and tests point these at stand-ins on the same machine.
  GITHUB_BASE_URL: optional(httpUrl),
  GOOGLE_CLIENT_ID: optional(nonEmptyText),
  GOOGLE_CLIENT_SECRET: optional(nonEmptyText),
  GOOGLE_BASE_URL: optional(httpUrl),
  MICROSOFT_CLIENT_ID: optional(nonEmptyText),
  MICROSOFT_CLIENT_SECRET: optional(nonEmptyText),
  MICROSOFT_TENANT_ID: optional(nonEmptyText),
  MICROSOFT_BASE_URL: optional(httpUrl),
  DNS_BASE_URL: optional(httpUrl),
  BREACHED_PASSWORDS_URL: optional(originUrl),
  ANALYTICS: optional(binding(isAnalyticsEngine, "must be an analytics_engine_datasets binding")),
  REQUEST_LINES: withDefault(choice("on", "off"), "off"),
  OAUTH_DYNAMIC_REGISTRATION: withDefault(choice("on", "off"), "on"),
  REQUESTS_PER_MINUTE: withDefault(integer(1, 1_000_000_000), 5000),
  MAX_BODY_BYTES: withDefault(integer(1024, 100 * MIB), 4 * MIB),
} as const;

type Variables = Values<typeof RULES>;

const ONLY_IN_DEVELOPMENT = [
  "NEON_ENDPOINT",
  "GITHUB_BASE_URL",
  "GOOGLE_BASE_URL",
  "MICROSOFT_BASE_URL",
  "DNS_BASE_URL",
] as const;

function listIssues(values: Variables): ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = [];
  const { ENVIRONMENT: environment } = values;
  for (const variable of ["PUBLIC_URL", "MCP_URL"] as const) {
    const url = values[variable];
    const message = url === undefined ? undefined : originFault(url, environment);
    if (message !== undefined) issues.push({ variable, message });
  }
  if (environment !== "production") return issues;
  if (isWeakSecret(values.BETTER_AUTH_SECRET)) {
    const message = "is guessable: use 32 random bytes, for example from `openssl rand -base64 32`";
    issues.push({ variable: "BETTER_AUTH_SECRET", message });
  }
  if (values.ENCRYPTION_KEYS.some(({ key }) => isWeakKey(key))) {
    const message = "contains a guessable key: each must be 32 random bytes in base64";
    issues.push({ variable: "ENCRYPTION_KEYS", message });
  }
  for (const variable of ONLY_IN_DEVELOPMENT) {
    if (values[variable] !== undefined) issues.push({ variable, message: "is allowed only in development" });
  }
  return issues;
}

const DEVELOPMENT_DEFAULTS = "development exposes the emails it would send, including reset links";

/** What is wrong with an origin of the gateway's own; undefined if nothing is. */
function originFault(url: string, environment: Config["environment"]): string | undefined {
  if (environment === "production")
    return url.startsWith("https:") ? undefined : "must be HTTPS in production";
  // RFC 6761: `.test` is no name of the internet's.
  const isReserved = environment === "test" && URL.parse(url)?.hostname.endsWith(".test") === true;
  if (isReserved || isLoopbackUrl(url)) return undefined;
  return `must be a loopback URL unless ENVIRONMENT is production: ${DEVELOPMENT_DEFAULTS}`;
}

/** 32 random characters of base64 have fewer than 14 different ones about once in a million times. */
const MIN_DIFFERENT_CHARACTERS = 14;
const EXAMPLES = /change.?me|example|only-for|password|placeholder|your.?secret/i;

const isWeakSecret = (secret: string) =>
  new Set(secret).size < MIN_DIFFERENT_CHARACTERS || EXAMPLES.test(secret);

/** Repeated bytes, and bytes that count upwards, as examples have them. */
function isWeakKey(key: string): boolean {
  const bytes = Array.from(atob(key), (char) => char.charCodeAt(0));
  const steps = new Set(bytes.slice(1).map((byte, at) => byte - (bytes[at] ?? 0)));
  return new Set(bytes).size < 16 || steps.size < 8;
}

/** What wrangler.toml binds. Without one of them the gateway would fail later, where it is needed. */
const REQUIRED_BINDINGS = [
  "TENANTS",
  "SESSIONS",
  "BRIDGES",
  "CONNECTORS",
  "ACCOUNTS",
  "GLOBAL",
  "OUTBOX",
  "EVENTS",
  "REGISTRY_JOBS",
  "ALERTS",
] as const;

function missingBindings(bindings: Record<string, unknown>): ConfigurationIssue[] {
  if (bindings.ENVIRONMENT !== "production") return [];
  return REQUIRED_BINDINGS.filter(
    (name) => typeof bindings[name] !== "object" || bindings[name] === null,
  ).map((variable) => ({ variable, message: "is not bound: see wrangler.toml" }));
}

export interface SocialClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** A stand-in for the provider's own addresses. */
  readonly baseUrl: string | undefined;
}

export interface Config {
  readonly environment: "development" | "test" | "production";
  readonly publicUrl: string;
  /** The origin of the MCP endpoints: `publicUrl`, unless MCP_URL names another one. */
  readonly mcpUrl: string;
  readonly database: {
    readonly main: string;
    readonly read?: string | undefined;
    readonly write?: string | undefined;
    readonly analytics?: string | undefined;
    /** A local stand-in for Neon's HTTP endpoint. */
    readonly endpoint?: string | undefined;
  };
  readonly authSecret: string;
  readonly encryptionKeys: readonly { readonly id: string; readonly key: string }[];
  /** Pages of other origins that may call the MCP endpoint. */
  readonly allowedOrigins: readonly string[];
  /** Of the whole system, shared out among its tenants. */
  readonly requestsPerMinute: number;
  readonly maxBodyBytes: number;
  readonly mail: { readonly binding: SendEmail | undefined; readonly from: string | undefined };
  /** A provider that has no client is not offered. */
  readonly social: {
    readonly github: SocialClient | undefined;
    readonly google: SocialClient | undefined;
    readonly microsoft: (SocialClient & { readonly tenant: string }) | undefined;
  };
  readonly dynamicRegistration: boolean;
  /** The resolver of DNS over HTTPS. */
  readonly dnsUrl: string;
  /** The origin of a service of the Pwned Passwords range protocol. */
  readonly breachedPasswordsUrl: string | undefined;
  /** A data point a request, where there is a dataset. */
  readonly analytics: AnalyticsEngineDataset | undefined;
  /** A line of JSON a request on the console. */
  readonly requestLines: boolean;
}

export function parseConfig(bindings: Record<string, unknown>): Config {
  const value = readVariables(bindings, {
    rules: RULES,
    check: listIssues,
    known: missingBindings(bindings),
  });
  return {
    environment: value.ENVIRONMENT,
    publicUrl: value.PUBLIC_URL,
    mcpUrl: value.MCP_URL ?? value.PUBLIC_URL,
    database: {
      main: value.DATABASE_URL,
      read: value.DATABASE_READ_URL,
      write: value.DATABASE_WRITE_URL,
      analytics: value.DATABASE_ANALYTICS_URL,
      endpoint: value.NEON_ENDPOINT,
    },
    authSecret: value.BETTER_AUTH_SECRET,
    encryptionKeys: value.ENCRYPTION_KEYS,
    allowedOrigins: value.ALLOWED_ORIGINS,
    requestsPerMinute: value.REQUESTS_PER_MINUTE,
    maxBodyBytes: value.MAX_BODY_BYTES,
    mail: { binding: value.EMAIL, from: value.MAIL_FROM },
    social: socialClients(value),
    dynamicRegistration: value.OAUTH_DYNAMIC_REGISTRATION === "on",
    dnsUrl: value.DNS_BASE_URL ?? "https://cloudflare-dns.com",
    breachedPasswordsUrl: value.BREACHED_PASSWORDS_URL,
    analytics: value.ANALYTICS,
    requestLines: value.REQUEST_LINES === "on",
  };
}

function socialClients(value: Variables): Config["social"] {
  const client = (clientId?: string, clientSecret?: string, baseUrl?: string) =>
    clientId === undefined || clientSecret === undefined ? undefined : { clientId, clientSecret, baseUrl };
  const microsoft = client(
    value.MICROSOFT_CLIENT_ID,
    value.MICROSOFT_CLIENT_SECRET,
    value.MICROSOFT_BASE_URL,
  );
  return {
    github: client(value.GITHUB_CLIENT_ID, value.GITHUB_CLIENT_SECRET, value.GITHUB_BASE_URL),
    google: client(value.GOOGLE_CLIENT_ID, value.GOOGLE_CLIENT_SECRET, value.GOOGLE_BASE_URL),
    microsoft: microsoft && { ...microsoft, tenant: value.MICROSOFT_TENANT_ID ?? "common" },
  };
}

const parsedConfigs = new WeakMap<object, Config>();

/** Bindings do not change during the lifetime of an isolate, so they are parsed once. */
export function readConfig(env: object): Config {
  let config = parsedConfigs.get(env);
  if (config === undefined) {
    config = parseConfig({ ...env });
    parsedConfigs.set(env, config);
  }
  return config;
}
