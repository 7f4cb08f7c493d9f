/** What every request tells the log, by whichever door it came in. */
import { type ErrorCode, type GatewayError, UpstreamError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { fieldsOf } from "../core/net/fields.ts";
import { pathOf } from "../core/net/request-url.ts";
import { readTraceParent } from "../core/telemetry/trace-context.ts";
import type { Severity } from "../core/vocabulary.ts";
import { EVENT_VERSION, type LogEvent, type RequestEvent } from "./events.ts";

/** As far as it is known. */
export interface Caller {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly apiKeyId: string | undefined;
}

export interface RequestFacts {
  readonly requestId: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly caller: Caller | undefined;
  readonly statusCode: number;
  readonly error: GatewayError | undefined;
}

export function requestEventOf(request: Request, facts: RequestFacts): RequestEvent {
  const { requestId, startedAt, durationMs, caller, statusCode, error } = facts;
  const { method, url } = request;
  const fields = fieldsOf(request);
  return {
    v: EVENT_VERSION,
    kind: "request",
    id: requestId,
    at: startedAt,
    tenantId: caller?.tenantId ?? null,
    userId: caller?.userId,
    apiKeyId: caller?.apiKeyId,
    requestId,
    clientName: clientNameIn(fields.get("user-agent")),
    traceId: readTraceParent(fields.get("traceparent"))?.traceId,
    method,
    // Query parameters may hold a session's id.
    path: withoutSecrets(pathOf(url)),
    statusCode,
    durationMs,
    requestBytes: Number(fields.get("content-length") ?? 0),
    ipAddress: fields.get("cf-connecting-ip"),
    userAgent: fields.get("user-agent"),
    country: fields.get("cf-ipcountry"),
    errorCode: error?.code,
  };
}

/** A private registry's address is known to those who may read it, and to nobody who reads the log. */
const withoutSecrets = (path: string) => path.replace(/^\/r\/r_[^/]+/, "/r/[private]");

/** The product that a program calls itself, without its version (RFC 9110 §10.1.5). */
const clientNameIn = (userAgent: string | undefined) => /^[^\s/]{1,100}/.exec(userAgent ?? "")?.[0];

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

export function errorEventOf(error: GatewayError, facts: RequestFacts, subject?: ErrorSubject): LogEvent {
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
