/**
 * The one place that reads the Worker's bindings. Everything else gets a validated `Config`; a deployment that lacks
 * something learns of all of it at once, in the log, on the first request.
 */
import { z } from "zod";
import { ConfigurationError, type ConfigurationIssue } from "./core/errors.ts";
import { isLoopbackUrl } from "./core/net/origin.ts";

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "must start with postgres://")
  .refine((value) => URL.canParse(value), "must be a valid URL");

/** `id:key` pairs, newest first: the first seals, all of them open. Each key is 32 bytes in base64. */
const encryptionKeys = z
  .string()
  .transform((text) => text.split(",").map((pair) => pair.trim().split(":")))
  .pipe(
    z
      .array(
        z.tuple([
          z
            .string()
            .regex(/^[A-Za-z0-9_-]{1,32}$/, "must contain an ID of letters and digits before each key"),
          z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "must contain 32 bytes in base64 after each ID"),
        ]),
      )
      .min(1),
  )
  .transform((pairs) => pairs.map(([id, key]) => ({ id, key })));

const MIB = 1024 * 1024;

/** Development and tests point these at stand-ins on the same machine. */
const testEndpointUrl = z.url({ protocol: /^https?$/ }).optional();
const originUrl = z.url({ protocol: /^https?$/ }).transform((value) => new URL(value).origin);
const secretText = z.string().min(1).optional();

/** Structural: the runtime's own class is not to be had outside of it. */
const sendEmail = z.custom<SendEmail>(
  (value) => typeof value === "object" && value !== null && "send" in value,
  "must be a send_email binding",
);

const analyticsEngine = z.custom<AnalyticsEngineDataset>(
  (value) => typeof value === "object" && value !== null && "writeDataPoint" in value,
  "must be an analytics_engine_datasets binding",
);

const ONLY_IN_DEVELOPMENT = [
  "NEON_ENDPOINT",
  "GITHUB_BASE_URL",
  "GOOGLE_BASE_URL",
  "MICROSOFT_BASE_URL",
] as const;

const schema = z
  .object({
    ENVIRONMENT: z.enum(["development", "test", "production"]),
    PUBLIC_URL: originUrl,
    /** A separate origin for the MCP endpoints, so that nothing they return shares one with sign-in cookies. */
    MCP_URL: originUrl.optional(),
    DATABASE_URL: postgresUrl,
    DATABASE_READ_URL: postgresUrl.optional(),
    DATABASE_ANALYTICS_URL: postgresUrl.optional(),
    NEON_ENDPOINT: z.url({ protocol: /^http$/ }).optional(),
    BETTER_AUTH_SECRET: z.string().min(32, "must have at least 32 characters"),
    ENCRYPTION_KEYS: encryptionKeys,
    ALLOWED_ORIGINS: z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter((origin) => origin !== ""))
      .pipe(z.array(z.union([z.literal("*"), z.url().refine((value) => new URL(value).origin === value)])))
      .default([]),
    EMAIL: sendEmail.optional(),
    MAIL_FROM: z.email().optional(),
    GITHUB_CLIENT_ID: secretText,
    GITHUB_CLIENT_SECRET: secretText,
    GITHUB_BASE_URL: testEndpointUrl,
    GOOGLE_CLIENT_ID: secretText,
    GOOGLE_CLIENT_SECRET: secretText,
    GOOGLE_BASE_URL: testEndpointUrl,
    MICROSOFT_CLIENT_ID: secretText,
    MICROSOFT_CLIENT_SECRET: secretText,
    MICROSOFT_TENANT_ID: secretText,
    MICROSOFT_BASE_URL: testEndpointUrl,
    ANALYTICS: analyticsEngine.optional(),
    REQUEST_LINES: z.enum(["on", "off"]).default("off"),
    OAUTH_DYNAMIC_REGISTRATION: z.enum(["on", "off"]).default("on"),
    REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000_000).default(5000),
    MAX_BODY_BYTES: z.coerce
      .number()
      .int()
      .min(1024)
      .max(100 * MIB)
      .default(4 * MIB),
  })
  .check((ctx) => {
    const { ENVIRONMENT: environment } = ctx.value;
    for (const variable of ["PUBLIC_URL", "MCP_URL"] as const) {
      const url = ctx.value[variable];
      const message = url === undefined ? undefined : originFault(url, environment);
      if (message !== undefined) ctx.issues.push({ code: "custom", path: [variable], message, input: url });
    }
    if (environment !== "production") return;
    if (isWeakSecret(ctx.value.BETTER_AUTH_SECRET)) {
      ctx.issues.push({
        code: "custom",
        path: ["BETTER_AUTH_SECRET"],
        message: "is guessable: use 32 random bytes, for example from `openssl rand -base64 32`",
        input: undefined,
      });
    }
    if (ctx.value.ENCRYPTION_KEYS.some(({ key }) => isWeakKey(key))) {
      ctx.issues.push({
        code: "custom",
        path: ["ENCRYPTION_KEYS"],
        message: "contains a guessable key: each must be 32 random bytes in base64",
        input: undefined,
      });
    }
    for (const variable of ONLY_IN_DEVELOPMENT) {
      if (ctx.value[variable] === undefined) continue;
      ctx.issues.push({
        code: "custom",
        path: [variable],
        message: "is allowed only in development",
        input: ctx.value[variable],
      });
    }
  });

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

/** Repeated bytes, and bytes that count upwards, as examples have them. What is no key at all is another fault. */
function isWeakKey(key: string): boolean {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) return false;
  const bytes = Array.from(atob(key), (char) => char.charCodeAt(0));
  const steps = new Set(bytes.slice(1).map((byte, at) => byte - (bytes[at] ?? 0)));
  return new Set(bytes).size < 16 || steps.size < 8;
}

/** What wrangler.toml binds. Without one of them the gateway would fail later, where it is needed. */
const REQUIRED_BINDINGS = [
  "TENANTS",
  "SESSIONS",
  "BRIDGES",
  "GLOBAL",
  "OUTBOX",
  "EVENTS",
  "HEALTH",
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
  /** A data point a request, where there is a dataset. */
  readonly analytics: AnalyticsEngineDataset | undefined;
  /** A line of JSON a request on the console. */
  readonly requestLines: boolean;
}

export function parseConfig(bindings: Record<string, unknown>): Config {
  const parsed = schema.safeParse(bindings);
  const unbound = missingBindings(bindings);
  if (parsed.success && unbound.length > 0) throw new ConfigurationError(unbound);
  if (!parsed.success) {
    const messages = new Map<string, string>();
    for (const issue of parsed.error.issues) {
      const variable = String(issue.path[0]);
      // The first complaint about a variable says enough.
      if (!messages.has(variable)) {
        messages.set(variable, bindings[variable] === undefined ? "is required" : issue.message);
      }
    }
    const invalid = [...messages].map(([variable, message]) => ({ variable, message }));
    throw new ConfigurationError([...invalid, ...unbound]);
  }
  const value = parsed.data;
  return {
    environment: value.ENVIRONMENT,
    publicUrl: value.PUBLIC_URL,
    mcpUrl: value.MCP_URL ?? value.PUBLIC_URL,
    database: {
      main: value.DATABASE_URL,
      read: value.DATABASE_READ_URL,
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
    analytics: value.ANALYTICS,
    requestLines: value.REQUEST_LINES === "on",
  };
}

function socialClients(value: z.infer<typeof schema>): Config["social"] {
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

/** Bindings do not change while an isolate lives, so they are parsed once. */
export function readConfig(env: object): Config {
  let config = parsedConfigs.get(env);
  if (config === undefined) {
    config = parseConfig({ ...env });
    parsedConfigs.set(env, config);
  }
  return config;
}
