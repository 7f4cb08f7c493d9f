/** One request's trace: its spans as they end, under the caller's own trace where it has one. */
import { hashFraction } from "../core/routing/hash.ts";
import type { Tracing } from "../core/settings/tracing.ts";
import type { AttributeValue, Span } from "../core/telemetry/otlp.ts";
import {
  createSpanId,
  createTraceId,
  formatTraceParent,
  parseTraceParent,
  type TraceParent,
} from "../core/telemetry/trace-context.ts";

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Something that takes time, not over yet. */
export interface OpenSpan {
  /** The value of the `traceparent` header for upstreams. */
  readonly header: string;
  end(attributes?: Attributes, hasFailed?: boolean): void;
}

export class Trace {
  readonly traceId: string;
  readonly #parent: TraceParent | undefined;
  readonly #root = createSpanId();
  readonly #spans: Span[] = [];

  private constructor(parent: TraceParent | undefined, traceId: string) {
    this.#parent = parent;
    this.traceId = traceId;
  }

  /** Returns undefined for an unsampled request; upstreams then receive the caller's header unchanged. */
  static begin(traceparent: string | undefined, { sample }: Tracing): Trace | undefined {
    const parent = parseTraceParent(traceparent);
    const traceId = parent?.traceId ?? createTraceId();
    const isSampled = parent?.isSampled === true || hashFraction(traceId) < sample;
    return isSampled ? new Trace(parent, traceId) : undefined;
  }

  /** Adds a span that ended before the trace was started. */
  addCompletedSpan(name: string, startedAt: number, endedAt: number): void {
    this.#add(createSpanId(), name, "internal", startedAt, endedAt, {}, false);
  }

  open(name: string, kind: Span["kind"] = "internal"): OpenSpan {
    const spanId = createSpanId();
    const startedAt = Date.now();
    return {
      header: formatTraceParent({ traceId: this.traceId, spanId, isSampled: true }),
      end: (attributes = {}, hasFailed = false) =>
        this.#add(spanId, name, kind, startedAt, Date.now(), attributes, hasFailed),
    };
  }

  /** The request itself is over: all of its spans. */
  close(name: string, startedAt: number, attributes: Attributes, hasFailed: boolean): readonly Span[] {
    const root: Span = {
      ...{ traceId: this.traceId, spanId: this.#root, parentSpanId: this.#parent?.spanId },
      ...{ name, kind: "server", startedAt, endedAt: Date.now(), attributes, hasFailed },
    };
    return [root, ...this.#spans];
  }

  #add(
    spanId: string,
    name: string,
    kind: Span["kind"],
    startedAt: number,
    endedAt: number,
    attributes: Attributes,
    hasFailed: boolean,
  ): void {
    const ids = { traceId: this.traceId, spanId, parentSpanId: this.#root };
    this.#spans.push({ ...ids, name, kind, startedAt, endedAt, attributes, hasFailed });
  }
}
