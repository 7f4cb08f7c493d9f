/**
 * A session with a stdio server behind a connector. Frames pass the object of the server; a lost path is replaced and
 * what was lost is sent again (core/connector/session-link.ts), so that every request reaches the process once. When
 * the path stays away, or the process ends, all pending requests fail.
 */
import { formatFrame, parseFrame, type SessionFrame } from "../../../core/connector/frames.ts";
import { ACK_DELAY_MS, SessionLink } from "../../../core/connector/session-link.ts";
import { UpstreamError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../../core/mcp/lossless-json.ts";
import { MAX_EVENT_BYTES } from "../../../core/size-limits.ts";
import { createTimer, type Timer } from "../../../core/timers.ts";
import { AbortScopes } from "../../connection/abort-scope.ts";
import type {
  ChannelOptions,
  OpenSocket,
  Request,
  RequestOptions,
  SocketLike,
  UpstreamChannel,
} from "../../connection/channel.ts";
import { idleTimeout, toUpstreamError } from "../../connection/errors.ts";
import { parseMessages } from "../../connection/event-stream.ts";
import { PendingRequests } from "../../connection/pending-requests.ts";
import { messageTooLarge, sessionInterrupted, toSessionError } from "./errors.ts";
import { openSessionSocket } from "./open.ts";

/** How long the path to the process may be interrupted. */
const INTERRUPTION_TIMEOUT_MS = 30_000;
const REOPEN_DELAY_MS = 500;
const NORMAL = 1000;

export async function openConnectorChannel(
  options: ChannelOptions,
  signal?: AbortSignal,
): Promise<UpstreamChannel> {
  const channel = new ConnectorChannel(options);
  await channel.open(signal);
  return channel;
}

class ConnectorChannel implements UpstreamChannel {
  readonly sessionId = undefined;
  revision: string | undefined;
  readonly #options: ChannelOptions;
  readonly #server: string;
  readonly #scopes: AbortScopes;
  readonly #pending: PendingRequests;
  readonly #link = new SessionLink(crypto.randomUUID());
  readonly #interruption: Timer;
  readonly #ackDelay: Timer;
  readonly #reopening: Timer;
  #waiting: (() => void)[] = [];
  #socket: SocketLike | undefined;
  /** Of the socket that is used: events of earlier ones mean nothing. */
  #opened = 0;
  #instance: string | undefined;
  /** The connector has the session, and receives what is sent now. */
  #isConnected = false;
  #isOpened = false;

  constructor(options: ChannelOptions) {
    const { server, idleTimeoutMs } = options.target;
    this.#options = options;
    this.#server = server;
    this.#scopes = new AbortScopes(server);
    this.#interruption = createTimer(INTERRUPTION_TIMEOUT_MS, () =>
      this.#end(sessionInterrupted(server, INTERRUPTION_TIMEOUT_MS, this.#isOpened)),
    );
    this.#pending = new PendingRequests(
      createTimer(idleTimeoutMs, () => this.#end(idleTimeout(server, idleTimeoutMs))),
    );
    this.#ackDelay = createTimer(ACK_DELAY_MS, () => this.#sendAck());
    this.#reopening = createTimer(REOPEN_DELAY_MS, () => void this.#reopen());
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    this.#interruption.start();
    try {
      await this.#scopes.run(signal, () => this.#connect());
    } catch (error) {
      this.#end(undefined);
      throw toUpstreamError(this.#server, error);
    }
  }

  async request(message: Request, options: RequestOptions = {}): Promise<JsonObject> {
    return this.#pending.wait(message.id, (answer) =>
      this.#scopes.run(options.signal, async (signal) => {
        await this.#transmit(message, signal);
        return answer;
      }),
    );
  }

  send(message: JsonObject): Promise<void> {
    return this.#scopes.run(undefined, (signal) => this.#transmit(message, signal));
  }

  async listen(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#end(undefined);
  }

  /** The process is the channel's own. */
  abandon(): Promise<void> {
    return this.close();
  }

  /** Waits while the window is full: the caller holds the message until then, or until it is canceled. */
  async #transmit(message: JsonObject, signal: AbortSignal): Promise<void> {
    const text = stringifyLossless(message);
    if (text.length > MAX_EVENT_BYTES) throw messageTooLarge(this.#server);
    while (!this.#link.canSend(text.length)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (signal.aborted) return;
    }
    const frame = this.#link.send(text);
    if (this.#isConnected) this.#sendFrame(frame);
  }

  async #connect(): Promise<void> {
    const { deps, target } = this.#options;
    this.#opened += 1;
    const own = this.#opened;
    const socket = await openSessionSocket({
      server: this.#server,
      session: this.#link.session,
      instance: this.#instance,
      openSocket: findOpener(deps.getConnectorSocket, target.serverId, this.#server),
      message: (data) => {
        if (own === this.#opened) this.#receive(data);
      },
      closed: () => {
        if (own === this.#opened) this.#disconnected();
      },
    });
    this.#socket = socket;
    if (this.#scopes.isEnded) this.#closeSocket();
  }

  /** The object was restarted, or the connection to it was lost. */
  #disconnected(): void {
    if (this.#scopes.isEnded) return;
    this.#interrupt();
    this.#reopening.start();
  }

  async #reopen(): Promise<void> {
    try {
      await this.#scopes.run(undefined, () => this.#connect());
    } catch {
      if (!this.#scopes.isEnded) this.#reopening.start();
    }
  }

  #interrupt(): void {
    if (this.#isConnected) this.#interruption.start();
    this.#isConnected = false;
  }

  #receive(data: unknown): void {
    if (this.#scopes.isEnded) return;
    const frame = typeof data === "string" ? parseFrame(data) : undefined;
    switch (frame?.kind) {
      case "up":
        this.#instance = frame.instance ?? this.#instance;
        this.#begin();
        break;
      case "down":
        this.#interrupt();
        break;
      case "resumed":
        this.#resume(frame.ack);
        break;
      case "ack":
        this.#link.acknowledge(frame.ack);
        this.#wake();
        break;
      case "end":
        this.#end(toSessionError(this.#server, frame.reason, frame.detail));
        break;
      case "message":
        this.#deliver(frame);
        break;
      default:
    }
  }

  /** Until the connector has confirmed the session, `open` may have been lost on the way. */
  #begin(): void {
    const { session } = this.#link;
    if (!this.#isOpened) this.#sendFrame({ kind: "open", session });
    else this.#sendFrame({ kind: "resume", session, ack: this.#link.takeAck() });
  }

  #resume(ack: number): void {
    this.#interruption.stop();
    this.#isOpened = true;
    this.#isConnected = true;
    for (const frame of this.#link.listUnacknowledged(ack)) this.#sendFrame(frame);
    this.#wake();
  }

  #deliver(frame: Extract<SessionFrame, { readonly kind: "message" }>): void {
    const isNext = this.#link.accept(frame);
    this.#wake();
    if (!isNext) return;
    this.#link.consume(frame.text.length);
    try {
      for (const message of parseMessages(frame.text, this.#server)) {
        this.#pending.noteActivity();
        if (!this.#pending.resolve(message)) this.#options.events.message(message, undefined);
      }
    } catch (error) {
      this.#end(toUpstreamError(this.#server, error));
      return;
    }
    if (this.#link.isAckUrgent) this.#sendAck();
    else this.#ackDelay.start();
  }

  #sendAck(): void {
    if (!this.#link.isAckOwed || !this.#isConnected) return;
    this.#sendFrame({ kind: "ack", session: this.#link.session, ack: this.#link.takeAck() });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #sendFrame(frame: SessionFrame): void {
    try {
      this.#socket?.send(formatFrame(frame));
    } catch {
      // The socket is closing: its close event follows, and the frame is sent again.
    }
  }

  #end(reason: UpstreamError | undefined): void {
    for (const timer of [this.#interruption, this.#ackDelay, this.#reopening]) timer.stop();
    this.#pending.stop();
    const isFirst = this.#scopes.end(reason);
    this.#wake();
    this.#closeSocket();
    if (isFirst && this.#isOpened) this.#options.events.closed(reason);
  }

  #closeSocket(): void {
    try {
      this.#socket?.close(NORMAL);
    } catch {
      // It is closed already.
    }
  }
}

function findOpener(
  getConnectorSocket: ChannelOptions["deps"]["getConnectorSocket"],
  serverId: string | undefined,
  server: string,
): OpenSocket {
  if (getConnectorSocket !== undefined && serverId !== undefined) return getConnectorSocket(serverId);
  const message = `Server ${server} is reached through a connector, which requires that it is registered first.`;
  throw new UpstreamError("upstream_unsupported", server, message);
}
