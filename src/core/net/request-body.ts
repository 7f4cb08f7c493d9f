/**
 * Reads a request body once, with limits on size and time.
 *
 * A rejected body is drained and not canceled: canceling resets the connection before the client or the proxy of
 * `wrangler dev` has read the response. An oversized body is read and dropped up to a size and a time. A body that was
 * never read is left alone, which costs nothing.
 */
import { GatewayError } from "../errors.ts";
import {
  DRAIN_TIMEOUT_MS,
  MAX_DRAINED_BYTES,
  REQUEST_IDLE_TIMEOUT_MS,
  REQUEST_TOTAL_TIMEOUT_MS,
} from "../size-limits.ts";
import { type TimerSet, withTimeout } from "../timers.ts";
import {
  BodyLimitError,
  type BodyLimits,
  declaresMoreThan,
  readBoundedBytes,
  readBoundedPieces,
} from "./bounded-body.ts";
import { readHeaders } from "./headers.ts";

interface Times extends Pick<BodyLimits, "idleMs" | "totalMs"> {
  readonly drainMs?: number;
}

export interface RequestBodyOptions {
  readonly maxBytes: number;
  readonly times?: Times;
  /** The alarms of the request, which has one timer for all of them; cleared by the caller. */
  readonly timers?: TimerSet;
}

const TIMES: Times = { idleMs: REQUEST_IDLE_TIMEOUT_MS, totalMs: REQUEST_TOTAL_TIMEOUT_MS };

export async function readRequestBody(
  request: Request,
  { maxBytes: limit, times = TIMES, timers }: RequestBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = readHeaders(request).get("content-length");
  try {
    if (declaresMoreThan(declared, limit)) throw new BodyLimitError("too_large", limit);
    // The runtime holds the peer to the length that it declared; one read in native code is cheaper than a loop.
    if (declared !== undefined && times.totalMs !== undefined) {
      const reading = request.arrayBuffer();
      const whole = await (timers?.waitFor(reading, times.totalMs) ?? withTimeout(reading, times.totalMs));
      if (whole === undefined) throw new BodyLimitError("too_slow", times.totalMs);
      return new Uint8Array(whole);
    }
    return await readBoundedBytes(request.body, { maxBytes: limit, ...times, keepsRest: true });
  } catch (error) {
    if (!(error instanceof BodyLimitError)) throw new GatewayError("bad_request", ABORTED, { cause: error });
    const isDrained = error.fault === "too_large" && !declaresMoreThan(declared, MAX_DRAINED_BYTES);
    if (isDrained) await drainBody(request, times.drainMs);
    throw requestBodyError(error);
  }
}

const ABORTED = "The request body is incomplete. Send it again.";

/** Reads a body that is refused, so that its sender sees the answer. */
export async function drainBody(request: Request, totalMs = DRAIN_TIMEOUT_MS): Promise<void> {
  const limits = { maxBytes: MAX_DRAINED_BYTES, totalMs, keepsRest: true };
  try {
    for await (const _ of readBoundedPieces(request.body, limits));
  } catch {
    // Too much, too slow, or hung up: the sender will not read the answer.
  }
}

/** Converts the violated limit to the error for the client. */
function requestBodyError({ fault, limit }: BodyLimitError): GatewayError {
  if (fault === "too_large") {
    return new GatewayError(
      "payload_too_large",
      `The request body is larger than ${limit} bytes. Send less data.`,
    );
  }
  return new GatewayError(
    "bad_request",
    `The request body did not arrive within ${limit / 1000} s. Send it again.`,
  );
}
