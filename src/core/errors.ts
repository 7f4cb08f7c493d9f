/**
 * The error classes that callers may receive. src/middleware maps them to problem+json, JSON-RPC or a page in one place.
 * `message` states the next step and is public; `detail` and `cause` are for the log only.
 */
/** V8's own, and in no standard. */
import { ERROR_TITLES, type ErrorCode, STATUS } from "./error-codes.ts";

const stacks: ErrorConstructor & { stackTraceLimit?: number } = Error;

export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    // The stack trace of a client error is never used, and creating it costs more than the rest of the response.
    const { stackTraceLimit = 10 } = stacks;
    if (STATUS[code] < 500) stacks.stackTraceLimit = 0;
    super(message, options);
    stacks.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
    this.code = code;
    this.status = STATUS[code];
    this.title = ERROR_TITLES[code];
  }
}

/** An error that the protocol itself defines: answered with its JSON-RPC code and the HTTP status that goes with it. */
export class ProtocolError extends GatewayError {
  readonly rpc: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly [member: string]: unknown };
  };
  readonly httpStatus: number;

  constructor(code: ErrorCode, rpc: ProtocolError["rpc"], httpStatus = 200) {
    super(code, rpc.message);
    this.rpc = rpc;
    this.httpStatus = httpStatus;
  }
}

/** An error that the caller's revision expresses as a result: a request for input, or a tool's error. */
export class ResultError extends GatewayError {
  readonly result: { readonly [member: string]: unknown };

  constructor(code: ErrorCode, message: string, result: ResultError["result"]) {
    super(code, message);
    this.result = result;
  }
}

/** The HTTP status of an answer about this error on an MCP endpoint. */
export function mcpStatus(error: GatewayError): number {
  if (error instanceof ResultError) return 200;
  return error instanceof ProtocolError ? error.httpStatus : error.status;
}

export class NotFoundError extends GatewayError {
  constructor(message = "No resource exists at this URL.") {
    super("not_found", message);
  }
}

/** The address is there, and takes other methods. */
export class MethodNotAllowedError extends GatewayError {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super(
      "method_not_allowed",
      `Method ${method} is not supported at this URL. Supported: ${allowed.join(", ")}.`,
    );
    this.allowed = allowed;
  }
}

export interface InputIssue {
  /** A JSON Pointer (RFC 6901), as RFC 9457 suggests, or the name of a parameter. */
  readonly path: string;
  readonly message: string;
}

/** The input is invalid: contains every fault at once. */
export class InvalidInputError extends GatewayError {
  readonly errors: readonly InputIssue[];

  constructor(
    errors: readonly InputIssue[],
    message = "The request is invalid. Fix the listed errors and retry.",
  ) {
    super("bad_request", message);
    this.errors = errors;
  }
}

/** What a caller would need in order to be allowed; nothing where nothing would help. */
export interface MissingPermission {
  readonly role?: string;
  readonly scope?: string;
  /** A session that began a short while ago, or one of a user with a second factor. */
  readonly authentication?: "recent" | "second-factor";
}

export class ForbiddenError extends GatewayError {
  readonly missing: MissingPermission;

  constructor(message: string, missing: MissingPermission = {}) {
    super("forbidden", message);
    this.missing = missing;
  }
}

/** An IP rule blocks the address, independent of the principal. */
export class BlockedAddressError extends ForbiddenError {
  constructor() {
    super("Requests from this IP address are blocked.");
  }
}

export class TooManyRequestsError extends GatewayError {
  readonly retryAfterSeconds: number;

  /** Further headers of the response about the limits. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    message: string,
    retryAfterSeconds: number,
    headers: Readonly<Record<string, string>> = {},
    code: "too_many_requests" | "budget_exceeded" = "too_many_requests",
  ) {
    super(code, message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.headers = headers;
  }
}

/** The headers of a response with this error, for every protocol. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  if (error instanceof MethodNotAllowedError) return { allow: error.allowed.join(", ") };
  if (error instanceof ServerUnavailableError) return { "retry-after": String(error.retryAfterSeconds) };
  return error instanceof TooManyRequestsError
    ? { ...error.headers, "retry-after": String(error.retryAfterSeconds) }
    : {};
}

export interface ConfigurationIssue {
  readonly variable: string;
  readonly message: string;
}

export class ConfigurationError extends GatewayError {
  readonly issues: readonly ConfigurationIssue[];

  constructor(issues: readonly ConfigurationIssue[]) {
    super(
      "configuration",
      `Invalid configuration: ${issues.map((issue) => `${issue.variable} ${issue.message}`).join("; ")}.`,
    );
    this.issues = issues;
  }
}

export type UpstreamFailure = Extract<ErrorCode, `upstream_${string}` | "maintenance">;

/** Something between us and an MCP server went wrong; `server` is its name, which the caller may see. */
export class UpstreamError extends GatewayError {
  readonly server: string;

  constructor(code: UpstreamFailure, server: string, message: string, cause?: unknown) {
    super(code, message, { cause });
    this.server = server;
  }
}

/** Whether the server is there or not, nothing is sent to it for now. */
export class ServerUnavailableError extends UpstreamError {
  readonly retryAfterSeconds: number;

  constructor(
    server: string,
    retryAfterSeconds: number,
    reason = "is unavailable: its circuit breaker is open",
    code: "upstream_closed" | "maintenance" = "upstream_closed",
    next = `Retry in ${retryAfterSeconds} s`,
  ) {
    super(code, server, `Server ${server} ${reason}. ${next}.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** An administrator holds the server's circuit breaker open: it does not close by itself. */
export class ForcedOpenError extends ServerUnavailableError {
  constructor(server: string, retryAfterSeconds: number) {
    const why = "is unavailable: an admin forced its circuit breaker open";
    const next = "Contact an admin of your organization";
    super(server, retryAfterSeconds, why, "upstream_closed", next);
  }
}

/** The server is in a maintenance window. */
export class MaintenanceError extends ServerUnavailableError {
  readonly endsAt: Date;

  constructor(server: string, { title, endsAt }: { title: string; endsAt: Date }, now: number) {
    const until = endsAt.toISOString().replace(".000Z", "Z");
    const why = `is under maintenance until ${until} (${title})`;
    super(server, Math.max(1, Math.ceil((endsAt.getTime() - now) / 1000)), why, "maintenance");
    this.endsAt = endsAt;
  }
}

export class DatabaseUnavailableError extends GatewayError {
  constructor(cause: unknown) {
    super("database_unavailable", "The database is not responding. Retry later.", { cause });
  }
}

const INTERNAL = "The request failed. Contact the operator and include the request ID.";

/**
 * What the data layer threw arrives wrapped by Drizzle, in an error whose message repeats the parameters, which
 * must not be logged. So the first of ours on the chain counts, else the innermost.
 */
export function findGatewayError(thrown: Error): GatewayError {
  let inner = thrown;
  while (!(inner instanceof GatewayError) && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof GatewayError ? inner : new GatewayError("internal", INTERNAL, { cause: inner });
}

/** The same for whatever was thrown. */
export function toGatewayError(thrown: unknown): GatewayError {
  return findGatewayError(thrown instanceof Error ? thrown : new Error(String(thrown)));
}
