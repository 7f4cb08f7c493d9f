/**
 * Selects the headers that cross the gateway by allowlists, so that an unknown header is dropped, except those of the
 * protocol.
 */
import { GatewayError } from "../errors.ts";
import type { HeaderMap } from "../net/headers.ts";
import { MAX_PASSED_HEADER_CHARACTERS } from "../size-limits.ts";
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

/** `passed`: headers of the client that an admin has allowed for the server. */
export function selectContextHeaders(incoming: Incoming, passed?: PassedHeaders): HeaderMap {
  const headers = pick(incoming, (name) => CONTEXT.has(name));
  return addPassed(headers, incoming, passed);
}

/** By name, in lower case; undefined for a server without any. */
type PassedHeaders = ReadonlySet<string> | undefined;

export const isRequestHeader = (name: string) => REQUEST.has(name) || isProtocolHeader(name);
export const isResponseHeader = (name: string) => RESPONSE.has(name);

export function selectRequestHeaders(incoming: Incoming, passed?: PassedHeaders): HeaderMap {
  return addPassed(pick(incoming, isRequestHeader), incoming, passed);
}

function addPassed(headers: HeaderMap, incoming: Incoming, passed: PassedHeaders): HeaderMap {
  for (const name of passed ?? []) {
    const value = incoming.get(name);
    if (value === undefined) continue;
    if (value.length > MAX_PASSED_HEADER_CHARACTERS)
      throw new GatewayError("bad_request", `Header ${name} is too large.`);
    headers.set(name, value);
  }
  return headers;
}

export function selectResponseHeaders(incoming: Incoming): HeaderMap {
  return pick(incoming, isResponseHeader);
}

function pick(from: Incoming, isAllowed: (name: string) => boolean): HeaderMap {
  const picked: HeaderMap = new Map();
  for (const [name, value] of from) if (isAllowed(name)) picked.set(name, value);
  return picked;
}
