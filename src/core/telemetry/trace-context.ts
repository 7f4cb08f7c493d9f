/** W3C Trace Context (level 1): the header by which a request says which trace it belongs to. */
import { toHex } from "../hex.ts";

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const NOTHING = /^0+$/;

/** Undefined for whatever is none, which then begins a trace of its own (§ 2.2, § 3.2). */
export function readTraceParent(header: string | undefined): TraceParent | undefined {
  const [, version, traceId = "", spanId = "", flags = "00"] = FORM.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || NOTHING.test(traceId) || NOTHING.test(spanId))
    return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const writeTraceParent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

export const newTraceId = (): string => toHex(crypto.getRandomValues(new Uint8Array(16)));
export const newSpanId = (): string => toHex(crypto.getRandomValues(new Uint8Array(8)));
