/** Spans as OTLP/HTTP takes them in JSON: ids in hex, times in nanoseconds as texts. */

export type AttributeValue = string | number | boolean;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: "server" | "internal" | "client";
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  readonly hasFailed: boolean;
}

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

export function otlpTraces(
  resource: Readonly<Record<string, AttributeValue>>,
  scope: { readonly name: string; readonly version: string },
  spans: readonly Span[],
) {
  return {
    resourceSpans: [
      { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope, spans: spans.map(spanOf) }] },
    ],
  };
}

function spanOf(span: Span) {
  const { traceId, spanId, parentSpanId, name, kind, startedAt, endedAt, attributes, hasFailed } = span;
  return {
    ...{ traceId, spanId, name, kind: KINDS[kind] },
    ...(parentSpanId !== undefined && { parentSpanId }),
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(Math.max(startedAt, endedAt)),
    attributes: attributesOf(attributes),
    status: { code: hasFailed ? STATUS_ERROR : STATUS_UNSET },
  };
}

/** Beyond what a double holds exactly. */
const nanoseconds = (ms: number) => `${Math.round(ms)}000000`;

function attributesOf(attributes: Readonly<Record<string, AttributeValue | undefined>>) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueAs(value) }],
  );
}

function valueAs(value: AttributeValue) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
