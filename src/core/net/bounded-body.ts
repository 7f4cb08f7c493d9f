/**
 * Reads the body of a request or a response under limits on its size, on its silence and on its total time. Sizes are
 * those of the decompressed bytes, since runtimes decompress on the way. Every body from outside is read by it.
 */

/** Null where there is none. */
export type Body = ReadableStream<Uint8Array> | null;

export interface BodyLimits {
  readonly maxBytes: number;
  /** No byte for this long is a fault; undefined where silence means nothing. */
  readonly idleMs?: number | undefined;
  /** A body that is not complete after this long is a fault. */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Leave the rest of the body where it is instead of canceling it. */
  readonly keepsRest?: boolean;
}

export type BodyFault = "too_large" | "too_deep" | "idle" | "too_slow" | "aborted";

/** The body exceeded a limit. What it means to the caller is decided where the body is read. */
export class BodyLimitError extends Error {
  readonly fault: BodyFault;
  /** Bytes, levels of nesting or milliseconds. */
  readonly limit: number;

  constructor(fault: BodyFault, limit: number) {
    super(`The body exceeded a limit: ${fault} (${limit}).`);
    this.name = "BodyLimitError";
    this.fault = fault;
    this.limit = limit;
  }
}

export async function readBoundedBytes(body: Body, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of readBoundedPieces(body, limits)) {
    pieces.push(piece);
    size += piece.length;
  }
  return joinBytes(pieces, size);
}

export async function readBoundedText(body: Body, limits: BodyLimits): Promise<string> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  for await (const piece of readBoundedPieces(body, limits)) {
    pieces.push(decoder.decode(piece, { stream: true }));
  }
  return pieces.join("") + decoder.decode();
}

/** Leaving the loop early cancels the body, and so does a limit that is exceeded, unless the rest is to be kept. */
export async function* readBoundedPieces(body: Body, limits: BodyLimits): AsyncGenerator<Uint8Array, void> {
  if (body === null) return;
  const reader = body.getReader();
  const clock = new ReadTimer(limits);
  let size = 0;
  try {
    for (;;) {
      const piece = await clock.wait(reader.read());
      if (piece.done) return;
      size += piece.value.length;
      if (size > limits.maxBytes) throw new BodyLimitError("too_large", limits.maxBytes);
      yield piece.value;
    }
  } finally {
    clock.stop();
    if (limits.keepsRest === true) reader.releaseLock();
    // Not awaited: a peer that is stuck may never acknowledge it.
    else void reader.cancel().catch(() => undefined);
  }
}

/** Whether the body's declared length alone is over the limit. */
export function declaresMoreThan(contentLength: string | null | undefined, maxBytes: number): boolean {
  return contentLength !== null && contentLength !== undefined && Number(contentLength) > maxBytes;
}

/** One timer for the whole body, wound forward by each piece. */
class ReadTimer {
  readonly #limits: BodyLimits;
  readonly #startedAt = Date.now();
  readonly #fault = Promise.withResolvers<never>();
  #receivedAt = this.#startedAt;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = () => this.#fault.reject(new BodyLimitError("aborted", 0));

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#fault.promise.catch(() => undefined);
    limits.signal?.addEventListener("abort", this.#abort);
    if (limits.signal?.aborted) this.#abort();
    this.#schedule();
  }

  async wait<T>(read: Promise<T>): Promise<T> {
    this.#receivedAt = Date.now();
    return Promise.race([read, this.#fault.promise]);
  }

  stop(): void {
    this.#limits.signal?.removeEventListener("abort", this.#abort);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { idleMs = Number.POSITIVE_INFINITY, totalMs = Number.POSITIVE_INFINITY } = this.#limits;
    const next = Math.min(this.#receivedAt + idleMs, this.#startedAt + totalMs);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#fire(idleMs, totalMs), Math.max(0, next - Date.now()));
  }

  #fire(idleMs: number, totalMs: number): void {
    const now = Date.now();
    if (now - this.#startedAt >= totalMs) this.#fault.reject(new BodyLimitError("too_slow", totalMs));
    else if (now - this.#receivedAt >= idleMs) this.#fault.reject(new BodyLimitError("idle", idleMs));
    else this.#schedule();
  }
}

function joinBytes(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
