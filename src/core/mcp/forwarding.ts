/**
 * Which headers cross the gateway. Lists of what may, not of what may not: a header that nobody thought of stays
 * here, except those of the protocol, which cross whatever they are called.
 */
import type { Fields } from "../net/fields.ts";

const REQUEST = new Set([
  "accept",
  "accept-language",
  "baggage",
  "content-type",
  "last-event-id",
  "traceparent",
  "tracestate",
  "user-agent",
]);

const RESPONSE = new Set([
  "allow",
  "cache-control",
  "content-language",
  "content-type",
  "retry-after",
  "x-accel-buffering",
]);

/** What describes the request itself, not the message or the connection: it goes with it in whatever form. */
const CONTEXT = new Set(["accept-language", "baggage", "traceparent", "tracestate", "user-agent"]);

const isProtocols = (name: string) => name.startsWith("mcp-");

type Incoming = ReadonlyMap<string, string>;

export function contextHeaders(incoming: Incoming): Fields {
  return pick(incoming, (name) => CONTEXT.has(name));
}

export function requestHeaders(incoming: Incoming): Fields {
  return pick(incoming, (name) => REQUEST.has(name) || isProtocols(name));
}

export function responseHeaders(incoming: Incoming): Fields {
  return pick(incoming, (name) => RESPONSE.has(name) || isProtocols(name));
}

function pick(from: Incoming, isAllowed: (name: string) => boolean): Fields {
  const picked: Fields = new Map();
  for (const [name, value] of from) if (isAllowed(name)) picked.set(name, value);
  return picked;
}
