/**
 * What happened, as it travels from a request through the queue to its table. Each event has an id made where it
 * happened, so that one delivered twice is written once; and a version, as a queue may hold what an older Worker wrote.
 */
import { z } from "zod";
import { cleanText, sanitise } from "../core/sanitise.ts";
import { SEVERITIES } from "../core/vocabulary.ts";

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

/** One queue message: all that one request has to tell. */
export const logMessageSchema = z.object({ events: z.array(logEventSchema) });
export type LogMessage = z.infer<typeof logMessageSchema>;

/** The queue takes 128 KB a message; this leaves room for the envelope and for UTF-8. */
const MOST_CHARACTERS = 30_000;
const MOST_PER_FIELD = 2000;
/** Members' names, numbers and punctuation. */
const FORM = 400;

/** One byte each, in JSON too; others may take six (\\u0000). */
const PLAIN = /^[ !#-[\]-~]*$/;

export const CUT_MARK = "… [cut]";

/** What strangers have a say in. Payloads are sanitised where they are taken, by what the tenant wants. */
const FROM_STRANGERS = new Set([
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

/** Names of tools and of clients come again with every call; looking at one takes longer than finding it. */
const cleaned = new Map<string, string>();
const MOST_REMEMBERED = 2000;
const LONGEST_REMEMBERED = 200;

function cleanAgain(text: string): string {
  if (text.length > LONGEST_REMEMBERED) return cleanText(text);
  let clean = cleaned.get(text);
  if (clean === undefined) {
    clean = cleanText(text);
    if (cleaned.size >= MOST_REMEMBERED) cleaned.clear();
    cleaned.set(text, clean);
  }
  return clean;
}

/**
 * The last thing that happens to an event before it leaves the request: no text of it holds a secret, long ones are cut
 * with a mark, and what is still too long goes without its payload.
 */
export function fit(event: LogEvent): LogEvent {
  let cut = event;
  const change = (member: string, value: unknown) => {
    // Copied only where there is something to change.
    if (cut === event) cut = { ...event };
    Object.assign(cut, { [member]: value });
  };
  for (const [member, value] of Object.entries(event)) {
    if (typeof value !== "string") {
      if (member === "details" && value != null) change(member, sanitise(value));
      continue;
    }
    const clean = FROM_STRANGERS.has(member) ? cleanAgain(value) : value;
    const short =
      clean.length > MOST_PER_FIELD ? clean.slice(0, MOST_PER_FIELD - CUT_MARK.length) + CUT_MARK : clean;
    if (short !== value) change(member, short);
  }
  // What fits however it is escaped need not be written down to be measured.
  if (mostBytesOf(cut) <= MOST_CHARACTERS) return cut;
  if (JSON.stringify(cut).length <= MOST_CHARACTERS) return cut;
  switch (cut.kind) {
    case "request":
      return { ...cut, metadata: { cut: true } };
    case "mcp":
      return { ...cut, params: { cut: true }, result: undefined };
    case "flag":
      return cut;
    default:
      return { ...cut, details: { cut: true } };
  }
}

/** At least as many bytes as its JSON takes, without writing that. */
export function mostBytesOf(event: LogEvent): number {
  let bytes = FORM;
  for (const value of Object.values(event)) {
    if (typeof value === "string") bytes += PLAIN.test(value) ? value.length : 6 * value.length;
    else if (typeof value === "object" && value !== null) bytes += 3 * JSON.stringify(value).length;
  }
  return bytes;
}

export const EVENT_VERSION = VERSION;
