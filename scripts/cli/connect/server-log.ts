// What processes write to stderr: shown here, and sent to the gateway in batches, within a limit per second.
import { formatFrame, MAX_LOG_LINE_LENGTH, MAX_LOG_LINES } from "../../../src/core/connector/frames.ts";

const BATCH_MS = 250;
const MAX_WAITING = 4 * MAX_LOG_LINES;

export class ServerLog {
  readonly #send: (frame: string) => void;
  readonly #print: (line: string) => void;
  #waiting: string[] = [];
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (frame: string) => void, print: (line: string) => void) {
    this.#send = send;
    this.#print = print;
  }

  add(line: string): void {
    this.#print(line);
    if (this.#waiting.length >= MAX_WAITING) this.#dropped += 1;
    else this.#waiting.push(line.slice(0, MAX_LOG_LINE_LENGTH));
    this.#timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting.splice(0, MAX_LOG_LINES);
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      lines.splice(MAX_LOG_LINES - 1, 1, `(${this.#dropped} further lines were dropped)`);
      this.#dropped = 0;
    }
    this.#send(formatFrame({ kind: "log", lines }));
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.flush(), BATCH_MS);
  }
}
