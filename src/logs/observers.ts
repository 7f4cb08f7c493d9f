/** Additional receivers of events: an Analytics Engine dataset and the console. Without a receiver nothing is done. */

import type { LogLevel } from "../core/telemetry/log-levels.ts";
import type { Observer } from "./emit.ts";
import { toLogLine } from "./event-line.ts";
import type { LogEvent } from "./events.ts";
import { type WriteText, writeLogLine, writeText } from "./log-line.ts";

/** The order of blobs and doubles is what queries go by: add at the end only. */
export function analyticsEngineObserver(dataset: AnalyticsEngineDataset): Observer {
  return (event) => {
    if (event.kind !== "request") return;
    dataset.writeDataPoint({
      indexes: [event.tenantId ?? ""],
      blobs: [
        event.method,
        event.mcpMethod ?? "",
        event.toolName ?? "",
        event.targetServerId ?? "",
        event.errorCode ?? "",
        event.clientName ?? "",
        event.country ?? "",
      ],
      doubles: [event.statusCode, event.durationMs, event.upstreamMs ?? -1, event.requestBytes ?? 0],
    });
  };
}

/** Which events of a tenant reach the application log too, and from which level on. */
export interface ConsoleSettings {
  readonly requests: boolean;
  readonly mcp: boolean;
  readonly events: boolean;
  readonly level: LogLevel;
}

/** One line of JSON for each selected event, beside the row in the database. */
export function consoleObserver(
  settingsOf: (tenantId: string | null | undefined) => ConsoleSettings,
  write: WriteText = writeText,
): Observer {
  return (event) => {
    const settings = settingsOf(event.tenantId);
    const line = isSelected(event, settings) ? toLogLine(event) : undefined;
    if (line !== undefined) writeLogLine(line, settings.level, write);
  };
}

function isSelected({ kind }: LogEvent, { requests, mcp, events }: ConsoleSettings): boolean {
  if (kind === "request") return requests;
  if (kind === "mcp") return mcp;
  // Security events have a setting of their own, by which operations/telemetry/record-lines.ts reads them from the database.
  return kind !== "security" && events;
}
