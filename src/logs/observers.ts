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

export function consoleObserver(write: (line: string) => void): Observer {
  return (event) => {
    if (event.kind !== "request") return;
    const { requestId, tenantId, traceId, method, path, mcpMethod, toolName, targetServerId } = event;
    const { statusCode, durationMs, upstreamMs, errorCode } = event;
    write(
      JSON.stringify({
        ...{ level: "info", requestId, tenantId, traceId, method, path, mcpMethod, toolName, targetServerId },
        ...{ statusCode, durationMs, upstreamMs, errorCode },
      }),
    );
  };
}
