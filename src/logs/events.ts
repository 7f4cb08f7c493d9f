/**
 * What happened, as it travels from a request through the queue to its table. Each event has an id made where it
 * happened, so that one delivered twice is written once; and a version, as a queue may hold what an older Worker wrote.
 */
import { z } from "zod";
import { SEVERITIES } from "../core/enums.ts";
import { sanitizePayload, sanitizeText } from "../core/sanitize-payload.ts";

const VERSION = 1;

const id = z.uuid();
const at = z.number().int();
const tenantId = z.uuid().nullable();
const text = z.string().nullish();
const uuid = z.uuid().nullish();
const json = z.record(z.string(), z.unknown()).nullish();

const common = { v: z.literal(VERSION), id, at, tenantId };

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

/** Somebody has been given one side of a flag: what they then do may be compared. */
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
  name: z.enum(["main", "read", "analytics"]),
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
export type RequestEvent = z.infer<typeof requestEvent>;
export type McpEvent = z.infer<typeof mcpEvent>;

/** One queue message: what one request has to tell, or several of the same moment. */
export interface LogMessage {
  readonly events: readonly LogEvent[];
}

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

/** Of one event; the queue takes 128 KB a message. */
const MAX_EVENT_BYTES = 30_000;
const MAX_FIELD_BYTES = 2000;
/** Members' names, numbers and punctuation. */
const FORM = 400;

/** One byte each, in JSON too; others may take six (\\u0000). */
const PLAIN = /^[ !#-[\]-~]*$/;

const CUT_MARK = "… [cut]";

/** What strangers have a say in. Payloads are sanitised where they are taken, by what the tenant wants. */
const UNTRUSTED_FIELDS = new Set([
  "method",
  "path",
  "mcpMethod",
  "toolName",
  "target",
  "clientName",
  "userAgent",
  "message",
  "errorMessage",
  "description",
]);

interface Measured {
  readonly text: string;
  /** At least as many as its JSON takes. */
  readonly bytes: number;
}

/** Names of tools and of clients come again with every call; looking at one takes longer than finding it. */
const sanitizedTexts = new Map<string, Measured>();
const MAX_ENTRIES = 2000;
const MAX_CACHED_LENGTH = 200;

function sanitizeUncached(text: string): Measured {
  if (text.length > MAX_CACHED_LENGTH) return shorten(sanitizeText(text));
  let clean = sanitizedTexts.get(text);
  if (clean === undefined) {
    clean = shorten(sanitizeText(text));
    if (sanitizedTexts.size >= MAX_ENTRIES) sanitizedTexts.clear();
    sanitizedTexts.set(text, clean);
  }
  return clean;
}

function shorten(whole: string): Measured {
  const text =
    whole.length > MAX_FIELD_BYTES ? whole.slice(0, MAX_FIELD_BYTES - CUT_MARK.length) + CUT_MARK : whole;
  return { text, bytes: PLAIN.test(text) ? text.length : 6 * text.length };
}

export interface TruncatedEvent {
  readonly event: LogEvent;
  /** At least as many as its JSON takes, without writing that. */
  readonly bytes: number;
}

/**
 * The last thing that happens to an event before it leaves the request: no text of it holds a secret, long ones are cut
 * with a mark, and what is still too long goes without its payload.
 */
export function truncateEvent(event: LogEvent): TruncatedEvent {
  let cut = event;
  let bytes = FORM;
  const change = (member: string, value: unknown) => {
    // Copied only where there is something to change.
    if (cut === event) cut = { ...event };
    Object.assign(cut, { [member]: value });
  };
  const members: Readonly<Record<string, unknown>> = event;
  for (const member in members) {
    let value = members[member];
    if (typeof value === "string") {
      const fitted = UNTRUSTED_FIELDS.has(member) ? sanitizeUncached(value) : shorten(value);
      if (fitted.text !== value) change(member, fitted.text);
      bytes += fitted.bytes;
    } else if (typeof value === "object" && value !== null) {
      if (member === "details") {
        value = sanitizePayload(value);
        change(member, value);
      }
      bytes += 3 * JSON.stringify(value).length;
    }
  }
  if (bytes <= MAX_EVENT_BYTES) return { event: cut, bytes };
  const length = eventLength(cut);
  if (length <= MAX_EVENT_BYTES) return { event: cut, bytes: 3 * length };
  const small = withoutPayload(cut);
  return { event: small, bytes: 3 * eventLength(small) };
}

const eventLength = (event: LogEvent) => JSON.stringify(event).length;

function withoutPayload(event: LogEvent): LogEvent {
  switch (event.kind) {
    case "request":
      return { ...event, metadata: { cut: true } };
    case "mcp":
      return { ...event, params: { cut: true }, result: undefined };
    case "flag":
      return event;
    default:
      return { ...event, details: { cut: true } };
  }
}

export const EVENT_VERSION = VERSION;
