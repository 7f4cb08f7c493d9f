// Reads a client's request: one statement or a batch, and the headers with the options of execution and output.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { badRequest, requestTooLarge, unreadablePayload } from "./errors.ts";
import { parameterToText } from "./values.ts";

export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
  readonly arrayMode: boolean | undefined;
}

export type Payload =
  | { readonly kind: "single"; readonly statement: Statement }
  | { readonly kind: "batch"; readonly statements: readonly Statement[] };

export interface RequestOptions {
  readonly rawText: boolean;
  readonly arrayMode: boolean;
  readonly isolation: Isolation | undefined;
  readonly readOnly: boolean;
  readonly deferrable: boolean;
}

const ISOLATION_SQL = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
} as const;
type Isolation = keyof typeof ISOLATION_SQL;

/** Anything but exactly "true" is false; an isolation level that is not one of the four is an error. */
export function readOptions(headers: IncomingHttpHeaders): RequestOptions {
  const isolation = headers["neon-batch-isolation-level"];
  if (isolation !== undefined && !isIsolation(isolation)) throw badRequest("invalid isolation level");
  return {
    rawText: headers["neon-raw-text-output"] === "true",
    arrayMode: headers["neon-array-mode"] === "true",
    isolation,
    readOnly: headers["neon-batch-read-only"] === "true",
    deferrable: headers["neon-batch-deferrable"] === "true",
  };
}

export function beginSql({ isolation, readOnly, deferrable }: RequestOptions): string {
  const modes = [
    ...(isolation === undefined ? [] : [`ISOLATION LEVEL ${ISOLATION_SQL[isolation]}`]),
    ...(readOnly ? ["READ ONLY"] : []),
    ...(deferrable ? ["DEFERRABLE"] : []),
  ];
  return `START TRANSACTION ${modes.join(", ")}`;
}

/** A batch's answer repeats the transaction's options. */
export function batchHeaders({ isolation, readOnly, deferrable }: RequestOptions): Record<string, string> {
  return {
    ...(readOnly ? { "neon-batch-read-only": "true" } : {}),
    ...(deferrable ? { "neon-batch-deferrable": "true" } : {}),
    ...(isolation === undefined ? {} : { "neon-batch-isolation-level": isolation }),
  };
}

/** Reads to the end even when it is too long: a client that is still sending would not see the answer. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > limit) throw requestTooLarge(limit);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw unreadablePayload("invalid unicode code point");
  }
}

export function parsePayload(body: string): Payload {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw unreadablePayload(error instanceof Error ? error.message : "invalid JSON");
  }
  if (isRecord(json)) {
    const statement = readStatement(json);
    if (statement !== undefined) return { kind: "single", statement };
    const { queries } = json;
    if (Array.isArray(queries)) {
      const statements = queries.flatMap((query: unknown) => readStatement(query) ?? []);
      if (statements.length === queries.length) return { kind: "batch", statements };
    }
  }
  throw unreadablePayload("data did not match any variant of untagged enum Payload");
}

function readStatement(json: unknown): Statement | undefined {
  if (!isRecord(json)) return undefined;
  const { query, params = [], arrayMode = null } = json;
  if (typeof query !== "string" || !Array.isArray(params)) return undefined;
  if (arrayMode !== null && typeof arrayMode !== "boolean") return undefined;
  const values = params.map(parameterToText);
  // JavaScript would send half a surrogate pair as U+FFFD without a word; Neon's JSON reader refuses it.
  for (const text of [query, ...values]) {
    if (text !== null && !text.isWellFormed()) throw unreadablePayload("lone surrogate in hex escape");
  }
  if (query.includes("\0")) {
    throw badRequest("error encoding message to server: string contains embedded null");
  }
  // The protocol counts parameters in 16 bits, and pg would wrap the count silently.
  if (values.length > 0xffff) {
    throw badRequest("error encoding message to server: value too large to transmit");
  }
  return { text: query, values, arrayMode: arrayMode ?? undefined };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIsolation(value: string | string[]): value is Isolation {
  return typeof value === "string" && Object.hasOwn(ISOLATION_SQL, value);
}
