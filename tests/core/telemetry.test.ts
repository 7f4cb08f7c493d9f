import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTraces } from "../../src/core/telemetry/otlp.ts";
import {
  createSpanId,
  createTraceId,
  formatTraceParent,
  parseTraceParent,
} from "../../src/core/telemetry/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceparent", () => {
  it.each<[string | undefined, object | undefined]>([
    [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, isSampled: false }],
    [`00-${TRACE}-${SPAN}-03`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    [`01-${TRACE}-${SPAN}-01-more`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${"0".repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${"0".repeat(16)}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${SPAN}`, undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s is read as %j", (header, expected) => {
    expect(parseTraceParent(header)).toEqual(expected);
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(fc.boolean(), (isSampled) => {
        const parent = { traceId: createTraceId(), spanId: createSpanId(), isSampled };
        expect(parseTraceParent(formatTraceParent(parent))).toEqual(parent);
      }),
    );
  });
});

it("spans are written as OTLP has them in JSON", () => {
  const span = {
    ...{ traceId: TRACE, spanId: SPAN, parentSpanId: undefined, name: "tools/call" },
    ...{ startedAt: 1_700_000_000_123, endedAt: 1_700_000_000_200, hasFailed: true },
    kind: "server",
    attributes: { text: "a", whole: 200, part: 0.5, yes: true, none: undefined },
  } as const;
  const [resource] = encodeTraces({ "service.name": "g" }, { name: "g", version: "1" }, [span]).resourceSpans;
  expect(resource).toEqual({
    resource: { attributes: [{ key: "service.name", value: { stringValue: "g" } }] },
    scopeSpans: [
      {
        scope: { name: "g", version: "1" },
        spans: [
          {
            traceId: TRACE,
            spanId: SPAN,
            name: "tools/call",
            kind: 2,
            startTimeUnixNano: "1700000000123000000",
            endTimeUnixNano: "1700000000200000000",
            attributes: [
              { key: "text", value: { stringValue: "a" } },
              { key: "whole", value: { intValue: "200" } },
              { key: "part", value: { doubleValue: 0.5 } },
              { key: "yes", value: { boolValue: true } },
            ],
            status: { code: 2 },
          },
        ],
      },
    ],
  });
});
