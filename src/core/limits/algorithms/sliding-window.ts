/**
 * How much was spent in a window that slides. Time is cut into slots, and what was spent in one counts until the
 * window has left the whole slot, so no window of that length, wherever it begins, ever holds more than was allowed.
 */
export interface SlidingWindow {
  /** Oldest first; slots in which nothing was spent are not there. */
  readonly slots: readonly Slot[];
}

export type Slot = readonly [slot: number, count: number];

/** The properties of a limit that its window uses. */
export interface WindowSpan {
  readonly windowMs: number;
  /** More of them expire old requests sooner, and need more memory. */
  readonly slots?: number;
}

const DEFAULT_SLOTS = 60;

/**
 * An object that restarts elsewhere goes by another machine's clock. Clocks of machines that host objects are taken to
 * differ by less than this.
 */
export const CLOCK_MARGIN_MS = 100;

export const EMPTY_WINDOW: SlidingWindow = { slots: [] };

const slotMs = ({ windowMs, slots }: WindowSpan) => windowMs / (slots ?? DEFAULT_SLOTS);

export const slotAt = (span: WindowSpan, at: number) => Math.floor(at / slotMs(span));

export const slotStart = (span: WindowSpan, slot: number) => slot * slotMs(span);

const slotFreedAt = (span: WindowSpan, slot: number) =>
  slotStart(span, slot + 1) + span.windowMs + CLOCK_MARGIN_MS;

export function sumSpent(window: SlidingWindow, span: WindowSpan, now: number): number {
  let sum = 0;
  for (const [slot, count] of window.slots) if (now < slotFreedAt(span, slot)) sum += count;
  return sum;
}

/** A negative count takes back what was noted for that moment. Slots that no longer count are dropped. */
export function addToWindow(
  window: SlidingWindow,
  span: WindowSpan,
  count: number,
  at: number,
  now: number,
): SlidingWindow {
  const target = slotAt(span, at);
  const slots: Slot[] = [];
  let noted = false;
  for (const slot of window.slots) {
    if (!noted && slot[0] >= target) {
      const sum = slot[0] === target ? slot[1] + count : count;
      if (sum > 0) slots.push([target, sum]);
      noted = true;
      if (slot[0] === target) continue;
    }
    if (now < slotFreedAt(span, slot[0])) slots.push(slot);
  }
  if (!noted && count > 0) slots.push([target, count]);
  return { slots };
}

/** Until so many of what was spent no longer count. */
export function msUntilFreed(window: SlidingWindow, span: WindowSpan, count: number, now: number): number {
  let left = count;
  if (left <= 0) return 0;
  for (const [slot, spent] of window.slots) {
    const at = slotFreedAt(span, slot);
    if (now >= at) continue;
    left -= spent;
    if (left <= 0) return at - now;
  }
  return Number.POSITIVE_INFINITY;
}

export function msUntilAllFreed(window: SlidingWindow, span: WindowSpan, now: number): number {
  const last = window.slots.at(-1);
  return last === undefined ? 0 : Math.max(0, slotFreedAt(span, last[0]) - now);
}
