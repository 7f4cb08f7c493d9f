/**
 * The priority queue in front of a server with a concurrency limit. Higher classes are dispatched first; within a
 * class, principals take turns, so that one with a hundred calls does not delay one with a single call. A call waits at
 * most until its deadline. When the queue is full, a new call is rejected immediately with a retry delay, unless it
 * displaces the last entry of the lowest class.
 */
import type { Role } from "../enums.ts";

export const PRIORITY_CLASSES = ["admin", "service", "user", "anonymous"] as const;
export type PriorityClass = (typeof PRIORITY_CLASSES)[number];

export function priorityClass(role: Role | "anonymous"): PriorityClass {
  return role === "readonly" ? "user" : role;
}

export interface QueueTerms {
  readonly concurrency: number;
  readonly maxSize: number;
}

export interface WaitingEntry {
  readonly id: string;
  readonly priority: PriorityClass;
  /** Those of one caller take turns with those of others. */
  readonly caller: string;
  readonly deadline: number;
  /** Its turn within its class: one more than the caller's last, or where the class stands. */
  readonly turn: number;
  readonly order: number;
}

export interface PriorityQueue {
  readonly running: number;
  /** In the order in which they will start. */
  readonly waiting: readonly WaitingEntry[];
  readonly turns: Readonly<globalThis.Record<PriorityClass, number>>;
  readonly order: number;
  /** Smoothed. */
  readonly meanMs: number;
}

export const EMPTY_QUEUE: PriorityQueue = {
  running: 0,
  waiting: [],
  turns: { admin: 0, service: 0, user: 0, anonymous: 0 },
  order: 0,
  meanMs: 0,
};

export type QueueEntry = Pick<WaitingEntry, "id" | "priority" | "caller" | "deadline">;

export type EnqueueResult = DispatchResult &
  (
    | { readonly kind: "start" }
    | { readonly kind: "wait"; readonly position: number; readonly displaced: string | undefined }
    | { readonly kind: "full"; readonly retryAfterMs: number }
  );

export interface DispatchResult {
  readonly queue: PriorityQueue;
  readonly started: readonly string[];
  /** Waited until their deadline in vain. */
  readonly expired: readonly string[];
}

/** `started` and `expired` are others who had to wait; `kind` is the result for the new entry. */
export function enqueue(
  before: PriorityQueue,
  arrival: QueueEntry,
  terms: QueueTerms,
  now: number,
): EnqueueResult {
  const advanced = dispatchNext(before, terms, now);
  const { queue } = advanced;
  if (queue.running < terms.concurrency) {
    return { ...advanced, kind: "start", queue: { ...queue, running: queue.running + 1 } };
  }
  const last = queue.waiting.at(-1);
  const isFull = queue.waiting.length >= terms.maxSize;
  const isHigher = last !== undefined && rank(arrival.priority) < rank(last.priority);
  if ((isFull && !isHigher) || now >= arrival.deadline) {
    return { ...advanced, kind: "full", retryAfterMs: retryAfterMs(queue, terms) };
  }
  const room = isFull ? queue.waiting.slice(0, -1) : queue.waiting;
  const own = room.filter(
    ({ priority, caller }) => priority === arrival.priority && caller === arrival.caller,
  );
  const turn = Math.max(queue.turns[arrival.priority], ...own.map((other) => other.turn + 1));
  const entry: WaitingEntry = { ...arrival, turn, order: queue.order };
  const waiting = [...room, entry].sort(compareTurn);
  const next = { ...queue, waiting, order: queue.order + 1 };
  const displaced = isFull ? last?.id : undefined;
  return { ...advanced, kind: "wait", queue: next, position: waiting.indexOf(entry), displaced };
}

/** A call that ran has ended, well or not, after so long. */
export function complete(before: PriorityQueue, ms: number, terms: QueueTerms, now: number): DispatchResult {
  return dispatchNext(
    { ...before, running: before.running - 1, meanMs: smooth(before.meanMs, ms) },
    terms,
    now,
  );
}

/** One who waited has gone away. */
export function cancelEntry(
  before: PriorityQueue,
  id: string,
  terms: QueueTerms,
  now: number,
): DispatchResult {
  return dispatchNext({ ...before, waiting: before.waiting.filter((entry) => entry.id !== id) }, terms, now);
}

/** Also to be called when time passes or terms change. */
export function dispatchNext(before: PriorityQueue, terms: QueueTerms, now: number): DispatchResult {
  if (before.waiting.length === 0) return { queue: before, started: NO_PRINCIPAL, expired: NO_PRINCIPAL };
  const expired = before.waiting.filter(({ deadline }) => now >= deadline).map(({ id }) => id);
  const waiting =
    expired.length === 0 ? before.waiting : before.waiting.filter(({ deadline }) => now < deadline);
  const free = Math.max(0, terms.concurrency - before.running);
  const first = waiting.slice(0, free);
  const turns = { ...before.turns };
  for (const { priority, turn } of first) turns[priority] = Math.max(turns[priority], turn);
  const running = before.running + first.length;
  const queue = { ...before, running, waiting: waiting.slice(free), turns };
  return { queue, started: first.map(({ id }) => id), expired };
}

/** As long as those who are there already will take, by what calls took of late. */
export function retryAfterMs({ waiting, meanMs }: PriorityQueue, { concurrency }: QueueTerms): number {
  const rounds = Math.ceil((waiting.length + 1) / Math.max(1, concurrency));
  return Math.min(60_000, Math.max(1000, rounds * meanMs));
}

const rank = (priority: PriorityClass) => PRIORITY_CLASSES.indexOf(priority);

const compareTurn = (one: WaitingEntry, other: WaitingEntry) =>
  rank(one.priority) - rank(other.priority) || one.turn - other.turn || one.order - other.order;

const NO_PRINCIPAL: readonly string[] = [];

const smooth = (mean: number, ms: number) => (mean === 0 ? ms : mean + 0.1 * (ms - mean));
