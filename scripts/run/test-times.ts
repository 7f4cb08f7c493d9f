// The times of the last test run: written by the reporter, read for the estimate of the time left and for
// `npm run test:report`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { devDir } from "../lib/paths.ts";

const fileTimes = z.object({
  file: z.string(),
  project: z.string(),
  /** From the start of its runtime, or from the end of the file before it in the same runtime, until its imports. */
  startMs: z.number(),
  importMs: z.number(),
  testMs: z.number(),
  tests: z.number(),
});

const runTimes = z.object({
  /** What happened around the test files: the static checks, the database, the whole of vitest. */
  stages: z.array(z.object({ name: z.string(), ms: z.number() })),
  files: z.array(fileTimes),
  /** Files of earlier runs that this run left out. */
  earlier: z.array(fileTimes),
  slowest: z.array(z.object({ file: z.string(), name: z.string(), ms: z.number() })),
});

export type FileTimes = z.infer<typeof fileTimes>;
export type RunTimes = z.infer<typeof runTimes>;

export const MAX_SLOWEST = 25;

const path = () => join(devDir(), "test-times.json");

export function readTimes(): RunTimes | undefined {
  try {
    return runTimes.parse(JSON.parse(readFileSync(path(), "utf8")));
  } catch {
    // No run yet, or one of an older version.
    return undefined;
  }
}

export function writeTimes({ stages, files, slowest }: Omit<RunTimes, "earlier">): void {
  const last = readTimes();
  const names = new Set(files.map(({ file }) => file));
  const earlier = [...(last?.files ?? []), ...(last?.earlier ?? [])].filter(({ file }) => {
    const isNew = !names.has(file);
    names.add(file);
    return isNew;
  });
  const times: RunTimes = { stages, files, earlier, slowest };
  writeFileSync(path(), `${JSON.stringify(times)}\n`);
}

export const totalMs = ({ startMs, importMs, testMs }: FileTimes) => startMs + importMs + testMs;

export const formatSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** "40 s", "3 min": rough, since it is an estimate; "? s" before there is one. */
export function formatEstimate(ms: number): string {
  if (!Number.isFinite(ms)) return "? s";
  const seconds = Math.ceil(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/**
 * Estimates the time left from the elapsed time and the share of the work that is done. Each file weighs what it took
 * in the last run; an unknown one weighs as much as the average.
 */
export class ProgressEstimate {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #average: number;
  #done = 0;
  #total = 0;

  constructor(files: readonly string[], last: readonly FileTimes[]) {
    this.#weights = new Map(last.map((times) => [times.file, totalMs(times)]));
    const sum = last.reduce((before, times) => before + totalMs(times), 0);
    this.#average = last.length === 0 ? 1 : sum / last.length;
    for (const file of files) this.#total += this.#weightOf(file);
  }

  complete(file: string): void {
    this.#done += this.#weightOf(file);
  }

  leftMs(elapsedMs: number): number {
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    return share === 0 ? Number.POSITIVE_INFINITY : (elapsedMs * (1 - share)) / share;
  }

  #weightOf(file: string): number {
    return Math.max(1, this.#weights.get(file) ?? this.#average);
  }
}
