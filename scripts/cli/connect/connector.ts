// Serves one server of a gateway: each session that the gateway opens gets a process, or a share of one.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ConnectorMode } from "../../../src/core/connector/description.ts";
import { formatFrame, parseFrame, type SessionFrame } from "../../../src/core/connector/frames.ts";
import { VERSION } from "../version.ts";
import { GatewaySocket } from "./gateway-socket.ts";
import { Reaper } from "./reaper.ts";
import { OneSharedProcess, ProcessPerSession, type ServerHost } from "./server-host.ts";
import { ServerLog } from "./server-log.ts";
import type { ServerCommand } from "./server-process.ts";
import { HostedSession } from "./session.ts";

export interface ConnectorOptions {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly server: string;
  readonly mode: ConnectorMode;
  readonly command: ServerCommand;
  readonly maxSessions: number;
  readonly drainMs: number;
  readonly print: (line: string) => void;
}

/** What all sessions together keep until the gateway has acknowledged it, in UTF-16 code units. */
const MAX_UNACKNOWLEDGED_LENGTH = 32 * 1024 * 1024;
const DRAIN_POLL_MS = 50;

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #socket: GatewaySocket;
  readonly #host: ServerHost;
  readonly #log: ServerLog;
  readonly #reaper = new Reaper();
  readonly #instance = randomUUID();
  readonly #sessions = new Map<string, HostedSession>();
  #isDraining = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    const { key, print, mode, command, maxSessions } = options;
    this.#socket = new GatewaySocket({
      url: (isReconnect) => this.#buildUrl(isReconnect),
      key,
      frame: (data) => this.#receive(data),
      up: () => this.#connected(),
      down: () => {
        for (const session of this.#sessions.values()) session.detach();
      },
      log: print,
    });
    this.#log = new ServerLog((frame) => this.#socket.send(frame), print);
    const hostOptions = {
      ...{ command, maxSessions, reaper: this.#reaper },
      log: (line: string) => this.#log.add(line),
    };
    this.#host = mode === "shared" ? new OneSharedProcess(hostOptions) : new ProcessPerSession(hostOptions);
  }

  /** Rejects when the gateway refuses the connector for good; otherwise runs until `stop`. */
  run(): Promise<never> {
    this.#socket.connect();
    return this.#socket.failure;
  }

  /** Takes no new session, waits for pending requests, then ends the processes. */
  async stop(): Promise<void> {
    this.#isDraining = true;
    this.#socket.send(formatFrame({ kind: "drain" }));
    const until = Date.now() + this.#options.drainMs;
    while (Date.now() < until && [...this.#sessions.values()].some(({ isIdle }) => !isIdle))
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    await this.kill();
  }

  async kill(): Promise<void> {
    for (const session of this.#sessions.values()) session.exited("stopped", "");
    this.#log.flush();
    await this.#host.stop();
    this.#socket.close();
    this.#reaper.stop();
  }

  #connected(): void {
    this.#options.print(`Connected to ${this.#options.gatewayUrl} as server ${this.#options.server}.`);
    if (this.#isDraining) this.#socket.send(formatFrame({ kind: "drain" }));
  }

  #receive(data: string): void {
    const frame = parseFrame(data);
    if (frame === undefined || !("session" in frame)) return;
    const session = this.#sessions.get(frame.session) ?? this.#open(frame);
    session?.receive(frame);
  }

  #open(frame: SessionFrame): HostedSession | undefined {
    const { session: id, kind } = frame;
    if (kind !== "open") {
      // Of a process that ran before this one.
      if (kind === "resume") this.#reject(id, { reason: "lost", detail: "" });
      return undefined;
    }
    if (this.#isDraining) {
      this.#reject(id, { reason: "stopped", detail: "" });
      return undefined;
    }
    const session = new HostedSession({
      session: id,
      send: (text) => this.#socket.send(text),
      hasRoom: (length) => this.#countUnacknowledged() + length <= MAX_UNACKNOWLEDGED_LENGTH,
      removed: () => this.#sessions.delete(id),
    });
    const endpoint = this.#host.open(id, session);
    if ("reason" in endpoint) {
      this.#reject(id, endpoint);
      return undefined;
    }
    session.start(endpoint);
    this.#sessions.set(id, session);
    return session;
  }

  #reject(session: string, end: Pick<Extract<SessionFrame, { kind: "end" }>, "reason" | "detail">): void {
    this.#socket.send(formatFrame({ kind: "end", session, ...end }));
  }

  #countUnacknowledged(): number {
    let sum = 0;
    for (const session of this.#sessions.values()) sum += session.unacknowledgedLength;
    return sum;
  }

  #buildUrl(isReconnect: boolean): URL {
    const { gatewayUrl, server, mode, maxSessions } = this.#options;
    const url = new URL(`/connect/${encodeURIComponent(server)}`, gatewayUrl);
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
    url.search = new URLSearchParams({
      instance: this.#instance,
      host: hostname().slice(0, 255) || "unknown",
      version: VERSION,
      mode,
      maxSessions: String(maxSessions),
      isReconnect: String(isReconnect),
    }).toString();
    return url;
  }
}
