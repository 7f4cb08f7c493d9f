/** W3C Trace Context (level 1): the header that contains the trace of a request. */
import { toHex } from "../hex.ts";

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const EMPTY_ID = /^0+$/;

/** Undefined for whatever is none, which then begins a trace of its own (§ 2.2, § 3.2). */
export function parseTraceParent(header: string | undefined): TraceParent | undefined {
  const [, version, traceId = "", spanId = "", flags = "00"] = TRACEPARENT.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || EMPTY_ID.test(traceId) || EMPTY_ID.test(spanId))
    return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const formatTraceParent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

export const createTraceId = (): string => toHex(crypto.getRandomValues(new Uint8Array(16)));
export const createSpanId = (): string => toHex(crypto.getRandomValues(new Uint8Array(8)));
