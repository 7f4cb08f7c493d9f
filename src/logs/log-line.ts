/**
 * Writes the application log: one line of JSON for each record, without secrets. Nothing else writes to the console
 * (tests/architecture.node.test.ts), so no line escapes the sanitizing and the level.
 */
import { isLogged, type LogLevel, type LogLine, sanitizeMembers } from "../core/telemetry/log-levels.ts";

export type WriteText = (level: LogLevel, text: string) => void;

/** The runtime keeps the level by the method. */
export const writeText: WriteText = (level, text) => {
  if (level === "error") console.error(text);
  else if (level === "warn") console.warn(text);
  else console.log(text);
};

/** Lines below `minimum` are not written. */
export function writeLogLine(line: LogLine, minimum: LogLevel = "info", write: WriteText = writeText): void {
  if (!isLogged(line.level, minimum)) return;
  const { level, log, at = Date.now(), ...members } = line;
  const time = new Date(at).toISOString();
  write(level, JSON.stringify({ level, log, time, ...sanitizeMembers(members) }));
}
