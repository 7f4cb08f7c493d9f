/** Builds the log events of a request, for every entry point. */

import type { Severity } from "../core/enums.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { type GatewayError, UpstreamError } from "../core/errors.ts";
import { REQUEST_ID_HEADER, uuidv7 } from "../core/ids.ts";
import { readHeaders } from "../core/net/headers.ts";
import { getPath } from "../core/net/request-url.ts";
import type { ClientLocation } from "../core/routing/regions.ts";
import { parseTraceParent } from "../core/telemetry/trace-context.ts";
import { EVENT_VERSION } from "./event-version.ts";
import type { LogEvent, RequestEvent } from "./events.ts";

/** As far as it is known. */
export interface EventPrincipal {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly apiKeyId: string | undefined;
}

export interface RequestFacts {
  readonly requestId: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly caller: EventPrincipal | undefined;
  readonly statusCode: number;
  readonly error: GatewayError | undefined;
}

/** The logged properties of an HTTP request, as plain data: a request may be logged in another isolate than it came in by. */
export interface RequestDescription {
  readonly method: string;
  readonly path: string;
  readonly clientName: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly traceparent: string | undefined;
  readonly requestBytes: number;
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly country: string | undefined;
  readonly continent: string | undefined;
}

export function describeRequest(request: Request): RequestDescription {
  const fields = readHeaders(request);
  const userAgent = fields.get("user-agent");
  return {
    method: request.method,
    // Query parameters may hold a session's id.
    path: redactPath(getPath(request.url)),
    clientName: parseClientName(userAgent),
    clientRequestId: parseRequestId(fields.get(REQUEST_ID_HEADER)),
    traceparent: fields.get("traceparent"),
    requestBytes: Number(fields.get("content-length") ?? 0),
    ipAddress: fields.get("cf-connecting-ip"),
    userAgent,
    country: fields.get("cf-ipcountry"),
    get continent() {
      return readContinent(request);
    },
  };
}

/** Where a request comes from. The continent is read when it is used: the runtime builds `cf` at some cost. */
export function readLocation(request: Request): ClientLocation {
  return {
    country: readHeaders(request).get("cf-ipcountry"),
    get continent() {
      return readContinent(request);
    },
  };
}

/** Set by Cloudflare for every request; elsewhere there is none. */
function readContinent(request: Request): string | undefined {
  const cf: unknown = "cf" in request ? request.cf : undefined;
  const continent = typeof cf === "object" && cf !== null && "continent" in cf ? cf.continent : undefined;
  return typeof continent === "string" ? continent : undefined;
}

export function createRequestEvent(described: RequestDescription, facts: RequestFacts): RequestEvent {
  const { requestId, startedAt, durationMs, caller, statusCode, error } = facts;
  return {
    v: EVENT_VERSION,
    kind: "request",
    id: requestId,
    at: startedAt,
    tenantId: caller?.tenantId ?? null,
    userId: caller?.userId,
    apiKeyId: caller?.apiKeyId,
    requestId,
    clientName: described.clientName,
    clientRequestId: described.clientRequestId,
    traceId: parseTraceParent(described.traceparent)?.traceId,
    method: described.method,
    path: described.path,
    statusCode,
    durationMs,
    requestBytes: described.requestBytes,
    ipAddress: described.ipAddress,
    userAgent: described.userAgent,
    country: described.country,
    errorCode: error?.code,
  };
}

/** Redacts the secret path of a private registry, which readers of the log must not see. */
const redactPath = (path: string) => path.replace(/^\/r\/r_[^/]+/, "/r/[private]");

/** The product that a program calls itself, without its version (RFC 9110 §10.1.5). */
const parseClientName = (userAgent: string | undefined) => /^[^\s/]{1,100}/.exec(userAgent ?? "")?.[0];

/** Undefined where it is not an identifier: it is searched for as a whole, and shown as it is. */
const parseRequestId = (text: string | undefined) =>
  text !== undefined && /^[\w.:~+/=-]{1,128}$/.test(text) ? text : undefined;

/** What it was about, where it was an MCP call. */
export interface ErrorSubject {
  readonly serverId: string | undefined;
  readonly method: string;
}

/** What is graver or lighter than a failure of the gateway (high) or of an MCP server (medium) usually is. */
const SEVERITIES: { readonly [code in ErrorCode]?: Severity } = {
  configuration: "critical",
  database_unavailable: "critical",
  maintenance: "info",
  upstream_closed: "low",
  cancelled: "info",
};

export function createErrorEvent(error: GatewayError, facts: RequestFacts, subject?: ErrorSubject): LogEvent {
  const isUpstreams = error instanceof UpstreamError;
  return {
    v: EVENT_VERSION,
    kind: "error",
    id: uuidv7(),
    at: facts.startedAt,
    tenantId: facts.caller?.tenantId ?? null,
    code: error.code,
    message: error.message,
    source: isUpstreams ? "upstream" : "gateway",
    severity: SEVERITIES[error.code] ?? (isUpstreams ? "medium" : "high"),
    serverId: subject?.serverId,
    requestId: facts.requestId,
    fingerprint: `${error.code}:${subject?.serverId ?? ""}:${subject?.method ?? ""}`,
  };
}
