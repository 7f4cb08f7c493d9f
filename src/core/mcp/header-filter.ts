/**
 * Selects the headers that cross the gateway by allowlists, so that an unknown header is dropped, except those of the
 * protocol.
 */
import type { HeaderMap } from "../net/headers.ts";
import { HEADERS } from "./revisions.ts";

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

/** Complete, the protocol's own included: whatever an upstream invents ends here. */
const RESPONSE = new Set([
  "allow",
  "content-type",
  HEADERS.protocolVersion,
  HEADERS.sessionId,
  "retry-after",
  "x-accel-buffering",
]);

/**
 * Added to every response of an MCP endpoint: no content of an upstream may run or be cached on the origin that has the
 * sign-in cookies.
 */
export const MCP_SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
} as const;

/** What describes the request itself, not the message or the connection: it goes with it in whatever form. */
const CONTEXT = new Set([
  "accept-language",
  "baggage",
  HEADERS.gatewayPath,
  "traceparent",
  "tracestate",
  "user-agent",
]);

const isProtocolHeader = (name: string) => name.startsWith("mcp-");

type Incoming = ReadonlyMap<string, string>;

export function selectContextHeaders(incoming: Incoming): HeaderMap {
  return pick(incoming, (name) => CONTEXT.has(name));
}

export const isRequestHeader = (name: string) => REQUEST.has(name) || isProtocolHeader(name);
export const isResponseHeader = (name: string) => RESPONSE.has(name);

export function selectRequestHeaders(incoming: Incoming): HeaderMap {
  return pick(incoming, isRequestHeader);
}

export function selectResponseHeaders(incoming: Incoming): HeaderMap {
  return pick(incoming, isResponseHeader);
}

function pick(from: Incoming, isAllowed: (name: string) => boolean): HeaderMap {
  const picked: HeaderMap = new Map();
  for (const [name, value] of from) if (isAllowed(name)) picked.set(name, value);
  return picked;
}
