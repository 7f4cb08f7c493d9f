/**
 * What happened, as it travels from a request through the queue to its table. Each event has an id made where it
 * happened, so that one delivered twice is written once; and a version, as a queue may hold what an older Worker wrote.
 */
import { BoundedMap } from "../core/bounded-map.ts";
import { sanitizePayload, sanitizeText } from "../core/sanitize-payload.ts";
import type * as schema from "./event-schema.ts";

export type LogEvent = schema.LogEvent;
export type RequestEvent = Extract<LogEvent, { kind: "request" }>;
export type McpEvent = Extract<LogEvent, { kind: "mcp" }>;

/** One queue message: the events of one request, or of several at the same moment. */
export interface LogMessage {
  readonly events: readonly LogEvent[];
}

/** Of one event; the queue takes 128 KB a message. */
const MAX_EVENT_BYTES = 30_000;
const MAX_FIELD_BYTES = 2000;
/** Members' names, numbers and punctuation. */
const FORM = 400;

/** One byte each, in JSON too; others may take six (\\u0000). */
const PLAIN = /^[ !#-[\]-~]*$/;

const CUT_MARK = "… [cut]";

/** Fields with untrusted text. Payloads are sanitized where they are captured, according to the tenant's settings. */
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
  // It has the method's name in it.
  "fingerprint",
]);

interface Measured {
  readonly text: string;
  /** At least as many as its JSON takes. */
  readonly bytes: number;
}

/** Names of tools and of clients come again with every call; looking at one takes longer than finding it. */
const MAX_ENTRIES = 2000;
const sanitizedTexts = new BoundedMap<string, Measured>(MAX_ENTRIES);
const MAX_CACHED_LENGTH = 200;

function sanitizeUncached(text: string): Measured {
  if (text.length > MAX_CACHED_LENGTH) return shorten(sanitizeText(text));
  let clean = sanitizedTexts.get(text);
  if (clean === undefined) {
    clean = shorten(sanitizeText(text));
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
