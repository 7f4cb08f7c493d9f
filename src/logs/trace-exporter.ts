/** Sends traces to collectors. Like events, traces that end while a send is under way leave with the next. */
import { collectorKey, type Tracing } from "../core/settings/tracing.ts";
import { encodeTraces, type Span } from "../core/telemetry/otlp.ts";
import { EXPORT_TIMEOUT_MS, type OtlpClient } from "./otlp-client.ts";

export interface TraceExporter {
  send(spans: readonly Span[], tracing: Tracing, background: (work: Promise<unknown>) => void): void;
}

interface Waiting {
  readonly spans: readonly Span[];
  readonly tracing: Tracing;
}

/** Requests. */
const MAX_WAITING = 500;

export function createTraceSender(client: OtlpClient, now: () => number): TraceExporter {
  let waiting: Waiting[] = [];
  let sendingSince: number | undefined;

  const drain = async () => {
    const started = now();
    sendingSince = started;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const places = Map.groupBy(batch, ({ tracing }) => collectorKey(tracing));
      await Promise.all(
        [...places.values()].map(async (of) => {
          const [first] = of;
          const spans = of.flatMap((each) => each.spans);
          const body = encodeTraces(client.resource, client.scope, spans);
          if (first !== undefined) await client.post(first.tracing, "traces", body);
        }),
      );
      // Another request has taken over after the timeout.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  return {
    send(spans, tracing, background) {
      if (waiting.length < MAX_WAITING) waiting.push({ spans, tracing });
      const isSending = sendingSince !== undefined && now() - sendingSince < EXPORT_TIMEOUT_MS;
      if (!isSending) background(drain());
    },
  };
}
