// One session of the gateway with a server: what the link delivers goes to the process, what the process writes goes to
// the link, and each waits for the other: a process whose output is not taken is not read.
import { formatFrame, type SessionEnd, type SessionFrame } from "../../../src/core/connector/frames.ts";
import { ACK_DELAY_MS, SessionLink } from "../../../src/core/connector/session-link.ts";

/** The peer of the session: a process, or a part of a shared one. */
export interface SessionEndpoint {
  /** Resolves when more can be written. */
  write(text: string): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface SessionOptions {
  readonly session: string;
  readonly send: (frame: string) => void;
  /** Whether the connector may keep so much more that the gateway has not acknowledged. */
  readonly hasRoom: (length: number) => boolean;
  /** The session is over on both sides, or was abandoned. */
  readonly removed: () => void;
}

/** A session to which the gateway does not return is abandoned. */
const DETACHED_TIMEOUT_MS = 45_000;

export class HostedSession {
  readonly #options: SessionOptions;
  readonly #link: SessionLink;
  #endpoint: SessionEndpoint | undefined;
  #isAttached = true;
  #held: string[] = [];
  #end: { readonly reason: SessionEnd; readonly detail: string } | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #detachTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #requests = new Set<unknown>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#link = new SessionLink(options.session);
  }

  get unacknowledgedLength(): number {
    return this.#link.unacknowledgedLength;
  }

  /** No request of the gateway is unanswered, and nothing is on its way. */
  get isIdle(): boolean {
    return this.#requests.size === 0 && this.#link.unacknowledgedLength === 0 && this.#held.length === 0;
  }

  start(endpoint: SessionEndpoint): void {
    this.#endpoint = endpoint;
  }

  receive(frame: SessionFrame): void {
    switch (frame.kind) {
      case "open":
        this.#resume(0);
        break;
      case "resume":
        this.#resume(frame.ack);
        break;
      case "message":
        if (this.#link.accept(frame)) this.#pass(frame.text);
        this.#flush();
        break;
      case "ack":
        this.#link.acknowledge(frame.ack);
        this.#flush();
        break;
      case "detached":
        this.detach();
        break;
      case "end":
        this.close();
        break;
      default:
    }
  }

  /** The path to the gateway is gone: the session waits for it to come back. */
  detach(): void {
    this.#isAttached = false;
    this.#detachTimer ??= setTimeout(() => this.close(), DETACHED_TIMEOUT_MS);
  }

  /** A message that the process has written. */
  deliver(text: string): void {
    this.#noteResponse(text);
    this.#held.push(text);
    this.#flush();
    if (this.#held.length > 0) this.#endpoint?.pause();
  }

  /** The process is gone; what it has written before still goes to the gateway. */
  exited(reason: SessionEnd, detail: string): void {
    this.#end ??= { reason, detail };
    this.#requests.clear();
    this.#flush();
  }

  close(): void {
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#detachTimer);
    this.#endpoint?.close();
    this.#options.removed();
  }

  #resume(ack: number): void {
    const { session } = this.#options;
    clearTimeout(this.#detachTimer);
    this.#detachTimer = undefined;
    this.#isAttached = true;
    this.#send({ kind: "resumed", session, ack: this.#link.takeAck() });
    for (const frame of this.#link.listUnacknowledged(ack)) this.#send(frame);
    this.#flush();
  }

  #flush(): void {
    while (this.#held.length > 0) {
      const [text = ""] = this.#held;
      if (!this.#link.canSend(text.length) || !this.#hasRoom(text.length)) return;
      this.#held.shift();
      const frame = this.#link.send(text);
      if (this.#isAttached) this.#send(frame);
    }
    this.#endpoint?.resume();
    const { session } = this.#options;
    if (this.#end !== undefined && this.#isAttached) this.#send({ kind: "end", session, ...this.#end });
  }

  /** A session that keeps nothing is always allowed one message. */
  #hasRoom(length: number): boolean {
    return this.#link.unacknowledgedLength === 0 || this.#options.hasRoom(length);
  }

  #pass(text: string): void {
    this.#noteRequest(text);
    this.#writing = this.#writing
      .then(() => this.#endpoint?.write(text))
      .then(() => {
        this.#link.consume(text.length);
        this.#acknowledge();
      });
  }

  #acknowledge(): void {
    if (this.#link.isAckUrgent) this.#sendAck();
    else this.#ackTimer ??= setTimeout(() => this.#sendAck(), ACK_DELAY_MS);
  }

  #sendAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (!this.#isAttached || !this.#link.isAckOwed) return;
    this.#send({ kind: "ack", session: this.#options.session, ack: this.#link.takeAck() });
  }

  #send(frame: SessionFrame): void {
    this.#options.send(formatFrame(frame));
  }

  #noteRequest(text: string): void {
    for (const { id, method } of parseHeads(text))
      if (id !== undefined && method !== undefined) this.#requests.add(id);
  }

  #noteResponse(text: string): void {
    for (const { id, method } of parseHeads(text))
      if (id !== undefined && method === undefined) this.#requests.delete(id);
  }
}

interface MessageHead {
  readonly id?: unknown;
  readonly method?: unknown;
}

const isHead = (value: unknown): value is MessageHead => typeof value === "object" && value !== null;

function parseHeads(text: string): readonly MessageHead[] {
  try {
    const value: unknown = JSON.parse(text);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.filter(isHead);
  } catch {
    return [];
  }
}
