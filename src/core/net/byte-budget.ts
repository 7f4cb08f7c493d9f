/** The bytes that one isolate may hold at once, shared by all of its requests: it has 128 MiB for everything. */
export class ByteBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The returned function gives the bytes back, once. `undefined` if they do not fit now. */
  reserve(bytes: number): (() => void) | undefined {
    if (this.#held + bytes > this.#maxBytes) return undefined;
    this.#held += bytes;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held -= bytes;
    };
  }
}
