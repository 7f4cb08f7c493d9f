/** Additional receivers of events: an Analytics Engine dataset and the console. Without a receiver nothing is done. */
import type { Observer } from "./emit.ts";
import type { LogEvent } from "./events.ts";

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

/** Which events of a tenant reach the application log too. */
export interface ConsoleSettings {
  readonly requests: boolean;
  readonly mcp: boolean;
}

/** One line of JSON for each selected event, beside the row in the database. */
export function consoleObserver(
  settingsOf: (tenantId: string | null | undefined) => ConsoleSettings,
  write: (line: string) => void,
): Observer {
  return (event) => {
    if (event.kind === "request" && settingsOf(event.tenantId).requests) write(formatRequest(event));
    if (event.kind === "mcp" && settingsOf(event.tenantId).mcp) write(formatCall(event));
  };
}

type EventOf<Kind extends LogEvent["kind"]> = Extract<LogEvent, { kind: Kind }>;

function formatCall({ v, kind, id, at, ...call }: EventOf<"mcp">): string {
  const level = call.success ? "info" : "warn";
  return JSON.stringify({ level, log: "mcp", id, time: new Date(at).toISOString(), ...call });
}

function formatRequest(event: EventOf<"request">): string {
  const { requestId, tenantId, traceId, method, path, mcpMethod, toolName, targetServerId } = event;
  const { statusCode, durationMs, upstreamMs, errorCode } = event;
  return JSON.stringify({
    ...{ level: "info", requestId, tenantId, traceId, method, path, mcpMethod, toolName, targetServerId },
    ...{ statusCode, durationMs, upstreamMs, errorCode },
  });
}
