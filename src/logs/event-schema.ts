/**
 * The schema of log events, by which the queue's consumer reads them. Requests that create events do not load it: they
 * import the types and the version from events.ts.
 */
import { z } from "zod";
import { SEVERITIES } from "../core/enums.ts";
import { EVENT_VERSION } from "./event-version.ts";

const id = z.uuid();
const at = z.number().int();
const tenantId = z.uuid().nullable();
const text = z.string().nullish();
const uuid = z.uuid().nullish();
const json = z.record(z.string(), z.unknown()).nullish();

const common = { v: z.literal(EVENT_VERSION), id, at, tenantId };

const requestEvent = z.object({
  ...common,
  kind: z.literal("request"),
  userId: text,
  apiKeyId: uuid,
  requestId: text,
  clientRequestId: text,
  traceId: text,
  clientName: text,
  method: z.string(),
  path: z.string(),
  mcpMethod: text,
  toolName: text,
  targetServerId: uuid,
  statusCode: z.number().int(),
  durationMs: z.number(),
  upstreamMs: z.number().nullish(),
  requestBytes: z.number().int().nullish(),
  ipAddress: text,
  userAgent: text,
  country: text,
  errorCode: text,
  metadata: json,
});

const mcpEvent = z.object({
  ...common,
  kind: z.literal("mcp"),
  userId: text,
  apiKeyId: uuid,
  roles: z.array(z.string()),
  method: z.string(),
  target: text,
  serverId: uuid,
  params: json,
  result: json,
  durationMs: z.number().nullish(),
  success: z.boolean(),
  errorCode: z.number().int().nullish(),
  errorMessage: text,
  requestId: text,
  cost: z.number().int().optional(),
});

const errorEvent = z.object({
  ...common,
  kind: z.literal("error"),
  code: z.string(),
  message: z.string(),
  source: z.string(),
  severity: z.enum(SEVERITIES),
  serverId: uuid,
  requestId: text,
  fingerprint: text,
  details: json,
});

const securityEvent = z.object({
  ...common,
  kind: z.literal("security"),
  eventType: z.string(),
  severity: z.enum(SEVERITIES),
  userId: text,
  apiKeyId: uuid,
  serverId: uuid,
  ipAddress: text,
  requestId: text,
  description: z.string(),
  details: json,
});

const systemEvent = z.object({
  ...common,
  kind: z.literal("system"),
  eventType: z.string(),
  source: z.string(),
  severity: z.enum(SEVERITIES),
  serverId: uuid,
  message: z.string(),
  details: json,
});

/** A subject was assigned a variant of a flag, for the comparison of outcomes. */
const flagEvent = z.object({
  ...common,
  kind: z.literal("flag"),
  flagKey: z.string(),
  subjectId: z.string(),
  isOn: z.boolean(),
  reason: z.string(),
});

/** What one isolate has seen of the database in the last minute or so. */
const poolEvent = z.object({
  ...common,
  kind: z.literal("pool"),
  name: z.enum(["main", "read", "write", "analytics"]),
  queryCount: z.number().int(),
  errorCount: z.number().int(),
  avgQueryMs: z.number(),
  p95QueryMs: z.number().nullable(),
  details: json,
});

export const logEventSchema = z.discriminatedUnion("kind", [
  requestEvent,
  mcpEvent,
  errorEvent,
  securityEvent,
  systemEvent,
  flagEvent,
  poolEvent,
]);

export type LogEvent = z.infer<typeof logEventSchema>;

const envelope = z.object({ events: z.array(z.unknown()) });

/** Each event by itself: one of another version must not take its neighbours along. */
export function parseLogMessage(body: unknown): { known: LogEvent[]; strange: unknown[] } {
  const message = envelope.safeParse(body);
  if (!message.success) return { known: [], strange: [body] };
  const known: LogEvent[] = [];
  const strange: unknown[] = [];
  for (const event of message.data.events) {
    const parsed = logEventSchema.safeParse(event);
    if (parsed.success) known.push(parsed.data);
    else strange.push(event);
  }
  return { known, strange };
}
