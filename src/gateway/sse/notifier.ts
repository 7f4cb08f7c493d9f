/** Wakes the one who waits for something to have happened; a ring that nobody heard is not lost. */
export class Notifier {
  #next = Promise.withResolvers<void>();

  notify(): void {
    this.#next.resolve();
  }

  async wait(): Promise<void> {
    const current = this.#next;
    await current.promise;
    // Of several who waited for the same ring the first resets it.
    if (this.#next === current) this.#next = Promise.withResolvers<void>();
  }
}
