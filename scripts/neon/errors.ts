// Neon reports failures of Postgres, its proxy and the request in one JSON shape. The driver turns status 400 into a
// NeonDbError with these fields and any other status into plain text.
import { DatabaseError } from "pg";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class NeonError extends Error {
  readonly status: number;
  readonly database: DatabaseError | undefined;

  constructor(status: number, message: string, database?: DatabaseError) {
    super(message);
    this.name = "NeonError";
    this.status = status;
    this.database = database;
  }
}

export const badRequest = (message: string) => new NeonError(400, message);

export const unreadablePayload = (reason: string) =>
  badRequest(`could not parse the HTTP request body: ${reason}`);

export const requestTooLarge = (limit: number) =>
  new NeonError(413, `request is too large (max is ${limit} bytes)`);

export const responseTooLarge = (limit: number) =>
  new NeonError(507, `response is too large (max is ${limit} bytes)`);

/** Neon's message for an unknown host, which does not disclose whether it exists. */
export const UNKNOWN_ENDPOINT =
  "The requested endpoint could not be found, or you don't have access to it. Please check the provided ID and try again.";

/**
 * Neon checks passwords in its proxy, so a wrong one has no SQLSTATE there; whatever else Postgres returns
 * before the first query (no such database, too many connections) is a failure of the service: 500.
 */
export function connectError(error: unknown, user: string): NeonError {
  if (error instanceof DatabaseError) {
    const wrongCredentials = error.code === "28P01" || error.code === "28000";
    return wrongCredentials
      ? badRequest(`password authentication failed for user '${user}'`)
      : new NeonError(500, error.message, error);
  }
  return new NeonError(500, `error connecting to server: ${reason(error)}`);
}

/** Anything that stops a statement is a 400 there, even a connection that Postgres closed under it. */
export function queryError(error: unknown): NeonError {
  if (error instanceof NeonError) return error;
  if (error instanceof DatabaseError) return new NeonError(400, error.message, error);
  return badRequest(`error communicating with the server: ${reason(error)}`);
}

export function errorAnswer(error: unknown): Answer {
  if (!(error instanceof NeonError)) return errorAnswer(new NeonError(500, reason(error)));
  const { database } = error;
  // The proxy reads p and q only where Postgres gave no position in the client's own text.
  const internal = database?.position === undefined ? database : undefined;
  const body = {
    message: error.message,
    // Without an error from Postgres these two are empty there, the others null.
    code: database?.code ?? "",
    detail: database?.detail ?? null,
    hint: database?.hint ?? null,
    position: database?.position ?? null,
    internalPosition: internal?.internalPosition ?? null,
    internalQuery: internal?.internalQuery ?? null,
    severity: database?.severity ?? "",
    where: database?.where ?? null,
    table: database?.table ?? null,
    column: database?.column ?? null,
    schema: database?.schema ?? null,
    dataType: database?.dataType ?? null,
    constraint: database?.constraint ?? null,
    file: database?.file ?? null,
    line: database?.line ?? null,
    routine: database?.routine ?? null,
  };
  return { status: error.status, body: JSON.stringify(body) };
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}
