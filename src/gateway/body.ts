/** Reads a request's body once, under a limit, before anything of it is believed. */

import { GatewayError } from "../core/errors.ts";
import { fieldsOf } from "../core/net/fields.ts";

const DRAINED = 64 * 1024 * 1024;

export async function readLimited(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = fieldsOf(request).get("content-length");
  if (declared !== undefined && Number(declared) > limit) {
    // Whoever is cut off in the middle of sending never reads why.
    if (Number(declared) <= DRAINED) await request.body?.pipeTo(new WritableStream());
    throw tooLarge(limit);
  }
  // The runtime holds the peer to the length that it declared.
  if (declared !== undefined) return new Uint8Array(await request.arrayBuffer());
  return request.body === null ? new Uint8Array() : readStream(request.body, limit);
}

async function readStream(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    // Leaving the loop cancels the stream.
    if (size > limit) throw tooLarge(limit);
    pieces.push(piece);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError("payload_too_large", `The body is larger than ${limit} bytes. Send less at once.`);
}
