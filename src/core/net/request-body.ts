/** Reads a request's body once, under limits on its size and its time, before anything of it is believed. */

import { GatewayError } from "../errors.ts";
import { MAX_DRAINED_BYTES, REQUEST_IDLE_TIMEOUT_MS, REQUEST_TOTAL_TIMEOUT_MS } from "../size-limits.ts";
import { within } from "../waiting.ts";
import { BodyLimitError, type BodyLimits, declaresMoreThan, readBoundedBytes } from "./bounded-body.ts";
import { fieldsOf } from "./fields.ts";

type Times = Pick<BodyLimits, "idleMs" | "totalMs">;

const TIMES: Times = { idleMs: REQUEST_IDLE_TIMEOUT_MS, totalMs: REQUEST_TOTAL_TIMEOUT_MS };

export async function readRequestBody(
  request: Request,
  limit: number,
  times: Times = TIMES,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = fieldsOf(request).get("content-length");
  try {
    if (declaresMoreThan(declared, limit)) {
      // Whoever is cut off in the middle of sending never reads why.
      if (!declaresMoreThan(declared, MAX_DRAINED_BYTES)) await drain(request, times);
      throw new BodyLimitError("too_large", limit);
    }
    // The runtime holds the peer to the length that it declared; one read in native code is cheaper than a loop.
    if (declared !== undefined && times.totalMs !== undefined) {
      const whole = await within(request.arrayBuffer(), times.totalMs);
      if (whole === undefined) throw new BodyLimitError("too_slow", times.totalMs);
      return new Uint8Array(whole);
    }
    return await readBoundedBytes(request.body, { maxBytes: limit, ...times });
  } catch (error) {
    throw error instanceof BodyLimitError ? requestBodyError(error) : error;
  }
}

async function drain(request: Request, { totalMs }: Times): Promise<void> {
  const drained = request.body?.pipeTo(new WritableStream()).catch(() => undefined);
  if (drained !== undefined && totalMs !== undefined) await within(drained, totalMs);
}

/** What the sender of a request body that exceeded a limit is told. */
function requestBodyError({ fault, limit }: BodyLimitError): GatewayError {
  if (fault === "too_large") {
    return new GatewayError(
      "payload_too_large",
      `The body is larger than ${limit} bytes. Send less at once.`,
    );
  }
  return new GatewayError("bad_request", `The body did not arrive within ${limit / 1000} s. Send it again.`);
}
