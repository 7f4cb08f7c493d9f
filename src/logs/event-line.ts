/** What the application log and a collector of logs are given of an event: its level, and its members. */
import { type LogLine, SEVERITY_LEVELS, statusLevel } from "../core/telemetry/log-levels.ts";
import type { LogEvent } from "./events.ts";

/** Undefined for statistics, which are no records of something that happened. */
export function toLogLine(event: LogEvent): LogLine | undefined {
  if (event.kind === "pool") return undefined;
  const { v, kind, ...members } = event;
  return { ...members, level: eventLevel(event), log: kind };
}

function eventLevel(event: Exclude<LogEvent, { kind: "pool" }>): LogLine["level"] {
  switch (event.kind) {
    case "request":
      return statusLevel(event.statusCode);
    case "mcp":
      return event.success ? "info" : "warn";
    case "flag":
      return "debug";
    default:
      return SEVERITY_LEVELS[event.severity];
  }
}
