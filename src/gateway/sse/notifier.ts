/** Wakes a waiting task. A notification without a waiting task is kept for the next wait. */
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
