// The files that a run writes beside its export: rejected rows and conflicts, each with the reason.
import { appendFileSync, existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Rejection {
  readonly table: string;
  /** In the exported file, from 1. */
  readonly line: number;
  readonly reason: string;
  readonly row: string;
}

export const rejectsFile = (dir: string) => join(dir, "rejects.ndjson");
export const conflictsFile = (dir: string) => join(dir, "conflicts.ndjson");

export class RunFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    for (const file of [rejectsFile(dir), conflictsFile(dir)])
      if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
  }

  /** Removes what was written after the last committed batch. */
  rewind(rejectsBytes: number): void {
    truncateSync(rejectsFile(this.#dir), rejectsBytes);
  }

  get rejectsBytes(): number {
    return statSync(rejectsFile(this.#dir)).size;
  }

  reject(rejections: readonly Rejection[]): void {
    if (rejections.length === 0) return;
    const lines = rejections.map(
      ({ row, ...rest }) => `${JSON.stringify({ ...rest, row: tryParse(row) })}\n`,
    );
    appendFileSync(rejectsFile(this.#dir), lines.join(""));
  }

  conflict(table: string, line: number, messages: readonly string[]): void {
    if (messages.length === 0) return;
    const lines = messages.map((message) => `${JSON.stringify({ table, line, message })}\n`);
    appendFileSync(conflictsFile(this.#dir), lines.join(""));
  }
}

function tryParse(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return row;
  }
}
