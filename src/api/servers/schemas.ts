/** What a server may be registered as, and how it is shown: never with its secret. */
import { z } from "zod";
import { MIN_INTERVAL_SECONDS as MIN_CHECK_INTERVAL_SECONDS } from "../../core/discovery/check-schedule.ts";
import { HEALTH_STATUSES, TRANSPORTS } from "../../core/enums.ts";
import { isPassableHeader, MAX_PASSED_HEADERS } from "../../core/net/passed-headers.ts";
import { mcpServers } from "../../db/schema/registry.ts";
import { SERVER_NUMBERS, SERVER_THRESHOLDS } from "../../policy/server-settings.ts";
import { credentialsSchema } from "../../upstream/credentials-schema.ts";
import { rowShape, selectColumns } from "../resource/shape.ts";
import { serverName } from "./server-name.ts";

/** The longest that a stream may last (STREAM_TOTAL_TIMEOUT_MS). */
const MAX_TOOL_TIMEOUT_MS = 43_200_000;
const MAX_TOOL_SETTINGS = 500;

/** Settings of one server. Each has an effect: an unknown one is rejected. */
const settings = z.strictObject({
  ...z.object(SERVER_NUMBERS).partial().shape,
  breaker: z
    .strictObject(SERVER_THRESHOLDS)
    .partial()
    .optional()
    .describe("Thresholds of the circuit breaker. Default: the tenant's settings `breaker.*`."),
  health: z
    .strictObject({
      intervalSeconds: z.number().int().min(MIN_CHECK_INTERVAL_SECONDS).max(86_400).optional(),
      timeoutMs: z.number().int().min(100).max(30_000).optional(),
      slowMs: z.number().int().min(1).max(30_000).optional(),
      isEnabled: z.boolean().optional(),
      tool: z
        .strictObject({
          name: z.string().min(1).max(255),
          arguments: z.record(z.string(), z.unknown()).optional(),
        })
        .optional()
        .describe("A tool that the health check calls instead of a ping."),
    })
    .optional(),
  tools: z
    .record(
      z.string().min(1).max(255),
      z.strictObject({
        timeoutMs: z.number().int().min(100).max(MAX_TOOL_TIMEOUT_MS).optional(),
        cost: SERVER_NUMBERS.cost.optional(),
      }),
    )
    .refine((tools) => Object.keys(tools).length <= MAX_TOOL_SETTINGS, {
      message: `must have at most ${MAX_TOOL_SETTINGS} tools`,
    })
    .optional()
    .describe(
      "By name of the tool: the time in which a call must be answered, in milliseconds, and what a call costs.",
    ),
  passHeaders: z
    .array(z.string().refine(isPassableHeader, "must be a header name that may be passed"))
    .max(MAX_PASSED_HEADERS)
    .optional()
    .describe(
      "Names of headers that the server receives as clients send them. Credentials, cookies, and headers of the connection and the protocol are never passed.",
    ),
  payloadSample: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of calls whose sanitized payload is logged. Default: the tenant's setting."),
});

const tag = z.string().trim().min(1).max(100);

/** How the gateway shows itself to the server: stored sealed, shown never. */
const auth = z.intersection(
  credentialsSchema,
  z.object({
    /** Where the configuration file takes the secret from: the name of an environment variable. */
    reference: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "must be an environment variable name")
      .optional(),
  }),
);

export type AuthInput = z.output<typeof auth>;

const fields = {
  name: serverName,
  title: z.string().trim().min(1).max(200).nullable(),
  description: z.string().max(10_000).nullable(),
  endpointUrl: z.string().min(1).max(500),
  transportType: z.enum(TRANSPORTS),
  tags: z
    .array(tag)
    .max(100)
    .transform((tags) => [...new Set(tags)]),
  version: z.string().max(100).nullable(),
  region: z.string().max(100).nullable(),
  weight: z.number().int().min(0).max(1000),
  maxConcurrency: z.number().int().min(1).max(100_000),
  settings,
  isActive: z.boolean(),
};

const optional = z.strictObject(fields).partial().shape;

export const newServer = z
  .strictObject({
    ...optional,
    name: fields.name,
    /** Required unless the transport is stdio. */
    endpointUrl: fields.endpointUrl.optional(),
    auth: auth.default({ type: "none" }),
    /** Register it though another server has this address and transport already (for example with another credential). */
    evenIfRegistered: z.boolean().default(false),
    /** Discover its capabilities at once, without making the caller wait. */
    discover: z.boolean().default(true),
  })
  .refine(({ endpointUrl, transportType }) => endpointUrl !== undefined || transportType === "stdio", {
    path: ["endpointUrl"],
    message: "is required unless the transport is stdio",
  })
  .meta({
    examples: [
      {
        name: "weather",
        title: "Weather",
        description: "Weather forecasts.",
        endpointUrl: "https://weather.example.com/mcp",
        tags: ["public", "weather"],
        auth: { type: "bearer", token: "the server's own token" },
        discover: false,
      },
    ],
  });

export const serverChange = z
  .strictObject({ ...optional, auth: auth.optional() })
  .refine((wanted) => Object.keys(wanted).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ tags: ["public", "weather"], weight: 2 }] });

export const probed = z
  .strictObject({
    endpointUrl: fields.endpointUrl,
    transportType: fields.transportType.default("http"),
    auth: auth.default({ type: "none" }),
  })
  .meta({ examples: [{ endpointUrl: "https://weather.example.com/mcp" }] });

/** The version that If-Match is compared with. */
export const CHANGEABLE = [...Object.keys(fields), "authVersion"];

const shownColumns = selectColumns(mcpServers, ["tenantId", "authConfig", "healthRecent"]);

export const serverShape = rowShape(shownColumns, {
  endpointUrl: z.string().nullable().describe("Visible to admins only."),
  capabilities: z.record(z.string(), z.unknown()),
  settings: z.record(z.string(), z.unknown()).describe("Visible to admins only."),
})
  .extend({
    auth: z
      .object({ type: z.string(), reference: z.string().nullable() })
      .nullable()
      .describe("Visible to admins only."),
  })
  .meta({ id: "Server" });

export const serverFilters = z.object({
  tag: z
    .string()
    .max(1000)
    .transform((text) => text.split(","))
    .optional()
    .meta({ description: "Comma-separated tags; all must match." }),
  capability: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: "For example tools, prompts, resources." }),
  transport: z.enum(TRANSPORTS).optional(),
  health: z.enum(HEALTH_STATUSES).optional(),
  tool: z.string().min(1).max(255).optional().meta({ description: "Exact name of a tool of the server." }),
  name: z.string().max(100).optional(),
  region: z.string().max(100).optional(),
  isActive: z.stringbool().optional(),
  q: z
    .string()
    .max(200)
    // As the database parts and strips what it searches (gateway_words).
    .transform(
      (text) =>
        text
          .normalize("NFKD")
          .replace(/\p{M}/gu, "")
          .match(/[\p{L}\p{N}]+/gu) ?? [],
    )
    .refine((words) => words.length > 0 && words.length <= 10, "must be one to ten words")
    .optional()
    .meta({
      description: "Prefix search over name, title, description, tags and tools, ordered by relevance.",
      example: "weather",
    }),
});
