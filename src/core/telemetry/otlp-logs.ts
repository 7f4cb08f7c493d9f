/**
 * Encodes log records for OTLP/HTTP in JSON. Attributes have the names of the semantic conventions for MCP, HTTP and
 * generative AI where these have one, and otherwise names of the gateway's own.
 */
import { type LogLevel, type LogLine, sanitizeMembers } from "./log-levels.ts";
import {
  type Attributes,
  type AttributeValue,
  encodeAttributes,
  nanoseconds,
  type OtlpScope,
} from "./otlp.ts";

const SEVERITY_NUMBERS = { debug: 5, info: 9, warn: 13, error: 17 } as const satisfies Record<
  LogLevel,
  number
>;

const OWN = "mcp.gateway.";

/** The members that have another name than `mcp.gateway.` and their own in snake case. */
const NAMES: Readonly<Record<string, string>> = {
  mcpMethod: "mcp.method.name",
  toolName: "gen_ai.tool.name",
  statusCode: "http.response.status_code",
  requestBytes: "http.request.body.size",
  path: "url.path",
  ipAddress: "client.address",
  userAgent: "user_agent.original",
  userId: "user.id",
  errorCode: "error.type",
  errorMessage: "error.message",
  serverId: `${OWN}server_id`,
  targetServerId: `${OWN}server_id`,
};
/** `method` is one of MCP or of HTTP, by the kind of the record; the code of an MCP error is the response's. */
const NAMES_BY_KIND: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mcp: { method: "mcp.method.name", errorCode: "rpc.response.status_code", target: "mcp.target" },
  request: { method: "http.request.method" },
};

const toSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const attributeName = (kind: string, member: string): string =>
  NAMES_BY_KIND[kind]?.[member] ?? NAMES[member] ?? OWN + toSnakeCase(member);

const toAttribute = (value: unknown): AttributeValue | undefined => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? undefined : JSON.stringify(value);
};

export function encodeLogs(resource: Attributes, scope: OtlpScope, lines: readonly LogLine[], now: number) {
  const logRecords = lines.map((line) => encodeLogRecord(line, now));
  return {
    resourceLogs: [
      { resource: { attributes: encodeAttributes(resource) }, scopeLogs: [{ scope, logRecords }] },
    ],
  };
}

function encodeLogRecord({ level, log, at, traceId, ...members }: LogLine, now: number) {
  const clean = sanitizeMembers(members);
  const attributes = Object.entries(clean).map(([member, value]) => [
    attributeName(log, member),
    toAttribute(value),
  ]);
  const tool = log === "mcp" && members.method === "tools/call" ? toAttribute(clean.target) : undefined;
  return {
    timeUnixNano: nanoseconds(at ?? now),
    observedTimeUnixNano: nanoseconds(now),
    severityNumber: SEVERITY_NUMBERS[level],
    severityText: level.toUpperCase(),
    eventName: `${OWN}${log}`,
    body: { stringValue: summarize(log, clean) },
    attributes: encodeAttributes({
      ...Object.fromEntries(attributes),
      ...(tool !== undefined && { "gen_ai.tool.name": tool }),
    }),
    ...(typeof traceId === "string" && { traceId }),
  };
}

/** One line for people: what lists of records show. */
function summarize(log: string, members: Readonly<Record<string, unknown>>): string {
  const words = {
    request: [members.method, members.path, members.statusCode],
    mcp: [members.method, members.target],
    audit: [members.action, members.resourceType, members.resourceId],
    flag: [members.flagKey, members.isOn],
  }[log] ?? [members.message ?? members.description ?? members.reason ?? log];
  return words.filter((word) => word !== undefined && word !== null).join(" ");
}
