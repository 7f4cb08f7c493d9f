/** Additional receivers of events: an Analytics Engine dataset and the console. Without a receiver nothing is done. */
import type { Emitter } from "./emit.ts";
import { type LogEvent, truncateEvent } from "./events.ts";

export type Observer = (event: LogEvent) => void;

export function withObservers(emitter: Emitter, observers: readonly Observer[]): Emitter {
  if (observers.length === 0) return emitter;
  return {
    emit(events, background) {
      // They must not see what the queue does not.
      for (const { event } of events.map(truncateEvent)) for (const observe of observers) observe(event);
      emitter.emit(events, background);
    },
  };
}

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

/** One line of JSON for each event that is wanted, beside the row in the database. */
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
