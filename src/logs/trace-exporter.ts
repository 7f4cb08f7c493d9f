/**
 * Sends traces to a collector, as OTLP over HTTP in JSON. Like events, whatever ends while a send is under way leaves
 * with the next. A collector that is away loses its traces: they are for looking at, not for the record.
 */
import type { Tracing } from "../core/settings/tracing.ts";
import { encodeTraces, type Span } from "../core/telemetry/otlp.ts";

export interface TraceExporterDeps {
  readonly fetch: typeof fetch;
  /** The secret in clear; undefined where it cannot be opened. */
  readonly open: (owner: string | null, sealed: string) => Promise<string | undefined>;
  /** An admin configures the endpoint, so it must not lead to a private network. */
  readonly isAllowedUrl: (url: string) => boolean;
  readonly service: { readonly name: string; readonly version: string };
  readonly environment: string;
  readonly now: () => number;
  readonly failed: (reason: string) => void;
}

export interface TraceExporter {
  send(spans: readonly Span[], tracing: Tracing, background: (work: Promise<unknown>) => void): void;
}

interface Waiting {
  readonly spans: readonly Span[];
  readonly tracing: Tracing;
}

/** Requests. */
const MAX_WAITING = 500;
const EXPORT_TIMEOUT_MS = 10_000;

export function createTraceExporter(deps: TraceExporterDeps): TraceExporter {
  let waiting: Waiting[] = [];
  let sendingSince: number | undefined;

  const post = async (spans: readonly Span[], { endpoint, owner, authorization }: Tracing) => {
    if (!deps.isAllowedUrl(endpoint)) return deps.failed("the collector URL is not allowed");
    const secret = authorization && (await deps.open(owner, authorization.sealed));
    const resource = {
      "service.name": deps.service.name,
      "service.version": deps.service.version,
      "deployment.environment.name": deps.environment,
    };
    const response = await deps.fetch(`${endpoint}/v1/traces`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(secret !== undefined && { authorization: secret }),
      },
      body: JSON.stringify(encodeTraces(resource, deps.service, spans)),
      // A collector that leads elsewhere would lead the secret there.
      redirect: "manual",
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) deps.failed(`the collector returned HTTP ${response.status}`);
  };

  const drain = async () => {
    const started = deps.now();
    sendingSince = started;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const places = Map.groupBy(batch, ({ tracing: { owner, endpoint } }) => `${owner} ${endpoint}`);
      await Promise.all(
        [...places.values()].map(async (of) => {
          const [first] = of;
          const spans = of.flatMap((each) => each.spans);
          if (first !== undefined) await post(spans, first.tracing).catch(unreachable);
        }),
      );
      // Another request has taken over after the timeout.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  const unreachable = () => deps.failed("the collector is unreachable");

  return {
    send(spans, tracing, background) {
      if (waiting.length < MAX_WAITING) waiting.push({ spans, tracing });
      const isSending = sendingSince !== undefined && deps.now() - sendingSince < EXPORT_TIMEOUT_MS;
      if (!isSending) background(drain());
    },
  };
}
