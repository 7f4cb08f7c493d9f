// A process of an MCP server: messages are lines on standard input and output (2025-11-25, transports, stdio). It runs in a
// process group of its own, which is ended as a whole.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { MAX_EVENT_BYTES } from "../../../src/core/size-limits.ts";
import { errorCode, errorMessage } from "../../lib/problem.ts";
import { createDeferred } from "../deferred.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { Reaper } from "./reaper.ts";

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEvents {
  message(text: string): void;
  /** A line of stderr, or of stdout that is no message. */
  log(line: string): void;
  exit(exit: ProcessExit): void;
}

export interface ProcessExit {
  readonly reason: "exited" | "start_failed" | "too_large";
  readonly detail: string;
}

const STDIN_GRACE_MS = 2000;
const TERM_GRACE_MS = 3000;
const MAX_STDERR_LINE = 64 * 1024;
const hasGroups = process.platform !== "win32";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export class ServerProcess {
  readonly #child: Child;
  readonly #reaper: Reaper;
  readonly #events: ProcessEvents;
  readonly #ended = createDeferred<void>();
  #failure: ProcessExit | undefined;
  #isStopping = false;

  constructor({ command, args, cwd, env }: ServerCommand, reaper: Reaper, events: ProcessEvents) {
    this.#reaper = reaper;
    this.#events = events;
    this.#child = spawn(command, [...args], {
      cwd,
      env: { ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: hasGroups,
      windowsHide: true,
    });
    const { pid } = this.#child;
    if (pid !== undefined && hasGroups) reaper.add(pid);
    this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process takes more, or has ended. */
  async write(text: string): Promise<void> {
    const { stdin } = this.#child;
    if (!stdin.writable || stdin.write(`${text.replaceAll(/[\r\n]+/g, " ")}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stdin.off("drain", done).off("close", done);
        resolve();
      };
      stdin.on("drain", done).on("close", done);
    });
  }

  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  /** Closes standard input, then sends SIGTERM, then SIGKILL to what is left. */
  async stop(): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#child.stdin.end();
      this.#child.stdout.resume();
      const terms = setTimeout(() => this.#signal("SIGTERM"), STDIN_GRACE_MS);
      const kills = setTimeout(() => this.#signal("SIGKILL"), STDIN_GRACE_MS + TERM_GRACE_MS);
      void this.#ended.promise.then(() => {
        clearTimeout(terms);
        clearTimeout(kills);
      });
    }
    await this.#ended.promise;
  }

  #watch(): void {
    const child = this.#child;
    const lines = new LineSplitter(MAX_EVENT_BYTES);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const complete = lines.push(text);
      if (complete === undefined) this.#fail({ reason: "too_large", detail: "" });
      else for (const line of complete) this.#receive(line);
    });
    const errors = new LineSplitter(MAX_STDERR_LINE);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      for (const line of errors.push(text) ?? ["(a line of stderr was too long)"]) this.#events.log(line);
    });
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => {
      const detail = errorCode(error) === "ENOENT" ? "command not found" : errorMessage(error);
      this.#failure ??= { reason: "start_failed", detail };
      if (child.pid === undefined) this.#finish(this.#failure);
    });
    child.on("close", (code, signal) => {
      const detail = signal === null ? `code ${code}` : `signal ${signal}`;
      this.#finish(this.#failure ?? { reason: "exited", detail });
    });
    // What the process has started must not outlive it, and keeps its output open.
    child.on("exit", () => this.#signal("SIGKILL"));
  }

  #receive(line: string): void {
    // Some servers write what is no message to stdout.
    if (/^\s*[[{]/.test(line)) this.#events.message(line);
    else if (line.trim() !== "") this.#events.log(line);
  }

  #fail(exit: ProcessExit): void {
    this.#failure ??= exit;
    this.#signal("SIGKILL");
  }

  #finish(exit: ProcessExit): void {
    const { pid } = this.#child;
    if (pid !== undefined && hasGroups) this.#reaper.remove(pid);
    this.#ended.resolve();
    this.#events.exit(exit);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (hasGroups) process.kill(-pid, signal);
      else this.#child.kill(signal);
    } catch {
      // The group is gone already.
    }
  }
}
