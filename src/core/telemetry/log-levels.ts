/** The levels of the application log, from the most detailed to the most severe. */
import type { Severity } from "../enums.ts";
import { sanitizePayload } from "../sanitize-payload.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether a line of `level` is written where `minimum` is the least severe level that is. */
export const isLogged = (level: LogLevel, minimum: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(minimum);

export const SEVERITY_LEVELS = {
  info: "info",
  low: "info",
  medium: "warn",
  high: "error",
  critical: "error",
} as const satisfies Record<Severity, LogLevel>;

/** An HTTP response that is an error of the gateway, or of its client. */
export const statusLevel = (status: number): LogLevel =>
  status >= 500 ? "error" : status >= 400 ? "warn" : "info";

/** One record of the application log, and of the logs that a collector is sent. */
export interface LogLine {
  readonly level: LogLevel;
  /** The kind of the record: `request`, `mcp`, `audit`, `failure`, … */
  readonly log: string;
  /** Milliseconds since the epoch; default: now. */
  readonly at?: number;
  readonly [member: string]: unknown;
}

/** The members that have a value, without secrets. */
export function sanitizeMembers(
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = Object.entries(members).filter(([, value]) => value !== undefined && value !== null);
  return Object(sanitizePayload(Object.fromEntries(known)));
}
