// The progress of a long step, as a line every two seconds: rows, rows per second and the time that is left.

const INTERVAL_MS = 2_000;

export class Progress {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  #step = { name: "", total: 0 as number | undefined, startedAt: 0, printedAt: 0, from: 0, rows: 0 };
  /** Rows and milliseconds of each finished step. */
  readonly finished: { readonly name: string; readonly rows: number; readonly ms: number }[] = [];

  constructor(print: (line: string) => void, now: () => number = Date.now) {
    this.#print = print;
    this.#now = now;
  }

  /** `total` is undefined where it is unknown; `from`: rows that were done before. */
  start(name: string, total: number | undefined, from = 0): void {
    const now = this.#now();
    this.#step = { name, total, startedAt: now, printedAt: now, from, rows: from };
  }

  advance(rows: number): void {
    this.#step.rows = rows;
    const now = this.#now();
    if (now - this.#step.printedAt < INTERVAL_MS) return;
    this.#step.printedAt = now;
    this.#print(formatProgress({ ...this.#step, ms: now - this.#step.startedAt }));
  }

  finish(): void {
    const { name, startedAt, rows, from } = this.#step;
    const step = { name, rows: rows - from, ms: this.#now() - startedAt };
    this.finished.push(step);
    if (step.rows > 0) this.#print(`${name}: ${count(step.rows)} rows in ${formatDuration(step.ms)}`);
  }
}

interface StepState {
  readonly name: string;
  readonly total: number | undefined;
  readonly from: number;
  readonly rows: number;
  readonly ms: number;
}

export function formatProgress({ name, total, from, rows, ms }: StepState): string {
  const perSecond = ((rows - from) / Math.max(1, ms)) * 1000;
  const rate = `${count(Math.round(perSecond))} rows/s`;
  if (total === undefined) return `${name}: ${count(rows)} rows, ${rate}`;
  const left = perSecond > 0 ? `, ${formatDuration(((total - rows) / perSecond) * 1000)} left` : "";
  return `${name}: ${count(rows)} of ${count(total)} rows, ${rate}${left}`;
}

export const count = (number: number) => number.toLocaleString("en-US");

export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
