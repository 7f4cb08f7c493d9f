/**
 * A map for caches in an isolate: beyond `maxSize` entries it evicts the one that was inserted first. Deleting an entry
 * before setting it again makes it the newest.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #maxSize: number;

  constructor(maxSize: number) {
    super();
    this.#maxSize = maxSize;
  }

  override set(key: K, value: V): this {
    super.set(key, value);
    if (this.size > this.#maxSize) {
      const { value: oldest, done } = this.keys().next();
      if (done !== true) this.delete(oldest);
    }
    return this;
  }
}
