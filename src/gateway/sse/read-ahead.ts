/**
 * Reads an upstream stream ahead while earlier chunks are being written to the client. The chunks read in between are
 * written together, because each call into the runtime has a cost.
 */

/** Held for a caller who reads more slowly than the upstream writes; then the upstream has to wait. */
const MAX_BUFFERED = 256 * 1024;

type End = "good" | { readonly error: unknown };

export class ReadAhead {
  receivedAt = Date.now();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #onReceive: (piece: Uint8Array) => void;
  #pieces: Uint8Array[] = [];
  #size = 0;
  #end: End | undefined;
  #wake: () => void = () => undefined;
  #goOn: () => void = () => undefined;

  constructor(body: ReadableStream<Uint8Array>, onReceive: (piece: Uint8Array) => void) {
    this.#reader = body.getReader();
    this.#onReceive = onReceive;
    void this.#read().then(
      () => this.#ended("good"),
      (error: unknown) => this.#ended({ error }),
    );
  }

  get hasPieces(): boolean {
    return this.#pieces.length > 0;
  }

  get hasBroken(): boolean {
    return this.#end !== undefined && this.#end !== "good";
  }

  /** Throws where the upstream broke off; everything received before has been taken then. */
  get isEnded(): boolean {
    if (this.#end === undefined || this.#end === "good") return this.#end === "good";
    throw this.#end.error;
  }

  /** Returns all bytes received since the last call, in one piece. */
  take(): Uint8Array | undefined {
    const pieces = this.#pieces;
    const [first] = pieces;
    if (first === undefined) return undefined;
    const all = pieces.length === 1 ? first : joinPieces(pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    this.#goOn();
    return all;
  }

  /** Resolves when there may be something to do. */
  waitForData(): Promise<void> {
    if (this.hasPieces || this.#end !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }

  async #read(): Promise<void> {
    for (;;) {
      const piece = await this.#reader.read();
      if (piece.done) return;
      this.receivedAt = Date.now();
      this.#onReceive(piece.value);
      this.#pieces.push(piece.value);
      this.#size += piece.value.length;
      this.#wake();
      if (this.#size >= MAX_BUFFERED) {
        await new Promise<void>((resolve) => {
          this.#goOn = resolve;
        });
      }
    }
  }

  #ended(end: End): void {
    this.#end = end;
    this.#wake();
  }
}

function joinPieces(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
