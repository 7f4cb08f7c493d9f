// Simulated time: things happen in the order of their times, and those of the same time in the order they were planned.

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

export class Events {
  now = 0;
  #planned = 0;
  /** A binary heap, the next to happen first. */
  readonly #heap: Planned[] = [];

  in(ms: number, happen: () => void): void {
    this.at(this.now + ms, happen);
  }

  at(at: number, happen: () => void): void {
    const heap = this.#heap;
    this.#planned += 1;
    const planned = { at: Math.max(at, this.now), order: this.#planned, happen };
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(planned, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = planned;
  }

  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.happen();
    }
    this.now = end;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left !== undefined && right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below];
      if (child === undefined || !isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

const isBefore = (one: Planned, other: Planned) =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
