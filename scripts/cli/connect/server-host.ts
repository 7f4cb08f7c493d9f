// Starts the processes of one server: one for each session, or one that all sessions share.
import type { SessionEnd } from "../../../src/core/connector/frames.ts";
import { type Delivery, SharedProcess } from "../../../src/core/connector/shared-process.ts";
import type { Reaper } from "./reaper.ts";
import { type ProcessExit, type ServerCommand, ServerProcess } from "./server-process.ts";
import type { HostedSession, SessionEndpoint } from "./session.ts";

export interface ServerHost {
  /** Connects a session to a process, or returns why there is none. */
  open(id: string, session: HostedSession): SessionEndpoint | SessionRejected;
  stop(): Promise<void>;
}

export interface SessionRejected {
  readonly reason: SessionEnd;
  readonly detail: string;
}

export interface HostOptions {
  readonly command: ServerCommand;
  readonly maxSessions: number;
  readonly log: (line: string) => void;
  readonly reaper: Reaper;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** A process that ran so long has started well. */
const STABLE_MS = 10_000;

/** After a process that ended early, the next start waits: longer each time. */
class StartBackoff {
  #failures = 0;
  #until = 0;

  get waitMs(): number {
    return Math.max(0, this.#until - Date.now());
  }

  report(startedAt: number, isFailure: boolean): void {
    this.#failures = isFailure && Date.now() - startedAt < STABLE_MS ? this.#failures + 1 : 0;
    if (this.#failures < 3) return;
    this.#until = Date.now() + Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 3), MAX_DELAY_MS);
  }
}

const backingOff = (ms: number): SessionRejected => ({
  reason: "start_failed",
  detail: `it ended right after its start several times; the next start is in ${Math.ceil(ms / 1000)} s`,
});

const describeExit = ({ reason, detail }: ProcessExit) =>
  reason === "exited" ? `The process exited (${detail}).` : `The process failed: ${reason} ${detail}`;

export class ProcessPerSession implements ServerHost {
  readonly #options: HostOptions;
  readonly #running = new Set<ServerProcess>();
  readonly #backoff = new StartBackoff();

  constructor(options: HostOptions) {
    this.#options = options;
  }

  open(_: string, session: HostedSession): SessionEndpoint | SessionRejected {
    const { command, maxSessions, log, reaper } = this.#options;
    if (this.#running.size >= maxSessions) return { reason: "busy", detail: "" };
    if (this.#backoff.waitMs > 0) return backingOff(this.#backoff.waitMs);
    const startedAt = Date.now();
    let hasSpoken = false;
    const process = new ServerProcess(command, reaper, {
      message: (text) => {
        hasSpoken = true;
        session.deliver(text);
      },
      log,
      exit: (exit) => {
        this.#running.delete(process);
        this.#backoff.report(startedAt, !hasSpoken);
        if (exit.reason !== "exited" || !hasSpoken) log(describeExit(exit));
        session.exited(exit.reason, exit.detail);
      },
    });
    this.#running.add(process);
    return {
      write: (text) => process.write(text),
      pause: () => process.pause(),
      resume: () => process.resume(),
      close: () => void process.stop(),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((process) => process.stop()));
  }
}

/** Ends with its process: the next session starts another one. */
interface SharedRun {
  readonly process: ServerProcess;
  readonly shared: SharedProcess;
  readonly paused: Set<string>;
}

export class OneSharedProcess implements ServerHost {
  readonly #options: HostOptions;
  readonly #sessions = new Map<string, HostedSession>();
  readonly #backoff = new StartBackoff();
  #run: SharedRun | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  open(id: string, session: HostedSession): SessionEndpoint | SessionRejected {
    if (this.#sessions.size >= this.#options.maxSessions) return { reason: "busy", detail: "" };
    if (this.#run === undefined && this.#backoff.waitMs > 0) return backingOff(this.#backoff.waitMs);
    this.#run ??= this.#start();
    const { process, shared, paused } = this.#run;
    this.#sessions.set(id, session);
    shared.addSession(id);
    return {
      write: (text) => this.#deliver(shared.receiveFromSession(id, text)),
      pause: () => {
        paused.add(id);
        process.pause();
      },
      resume: () => {
        paused.delete(id);
        if (paused.size === 0) process.resume();
      },
      close: () => {
        this.#sessions.delete(id);
        paused.delete(id);
        if (paused.size === 0) process.resume();
        void this.#deliver(shared.removeSession(id));
      },
    };
  }

  async stop(): Promise<void> {
    await this.#run?.process.stop();
  }

  #start(): SharedRun {
    const { command, log, reaper } = this.#options;
    const startedAt = Date.now();
    const shared = new SharedProcess();
    const process = new ServerProcess(command, reaper, {
      message: (text) => void this.#deliver(shared.receiveFromProcess(text)),
      log,
      exit: (exit) => {
        this.#run = undefined;
        this.#backoff.report(startedAt, true);
        log(describeExit(exit));
        for (const id of shared.sessions) {
          this.#sessions.get(id)?.exited(exit.reason, exit.detail);
          this.#sessions.delete(id);
        }
      },
    });
    return { process, shared, paused: new Set() };
  }

  async #deliver(deliveries: readonly Delivery[]): Promise<void> {
    for (const { session, text } of deliveries) {
      if (session !== undefined) this.#sessions.get(session)?.deliver(text);
      else await this.#run?.process.write(text);
    }
  }
}
