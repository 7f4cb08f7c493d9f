/**
 * Every failure that a caller may be told of is one of these few classes; src/edge maps them to problem+json, JSON-RPC
 * or a page in one place. `message` says what to do and is shown; `detail` and `cause` are for the log only.
 */
export type ErrorCode =
  | "bad_request"
  | "not_found"
  | "method_not_allowed"
  | "payload_too_large"
  | "configuration"
  | "database_unavailable"
  | "internal";

const STATUS: Record<ErrorCode, number> = {
  bad_request: 400,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  configuration: 500,
  database_unavailable: 503,
  internal: 500,
};

const TITLE: Record<ErrorCode, string> = {
  bad_request: "Bad request",
  not_found: "Not found",
  method_not_allowed: "Method not allowed",
  payload_too_large: "Payload too large",
  configuration: "The gateway is not configured",
  database_unavailable: "The database cannot be reached",
  internal: "Something went wrong on our side",
};

export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.status = STATUS[code];
    this.title = TITLE[code];
  }
}

export class NotFoundError extends GatewayError {
  constructor(message = "Nothing is here. Check the address.") {
    super("not_found", message);
  }
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
      `Set these variables and start again: ${issues.map((issue) => `${issue.variable} ${issue.message}`).join("; ")}.`,
    );
    this.issues = issues;
  }
}

export class DatabaseUnavailableError extends GatewayError {
  constructor(cause: unknown) {
    super("database_unavailable", "The database does not answer. Try again in a moment.", { cause });
  }
}
