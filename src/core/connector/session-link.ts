/**
 * One end of a session between the gateway and a connector: numbers what it sends, keeps it until the other end has
 * acknowledged it, sends it again over a new connection, and drops what arrives twice. Two links over connections that
 * lose any suffix of what was sent deliver each message once and in order, as long as one of the connections lasts.
 *
 * Each end holds at most the window: `canSend` is false beyond it, and the sender waits for `acknowledge`. A message is
 * acknowledged when the receiver has passed it on, so that a slow reader slows the sender down.
 */
import { MAX_EVENT_BYTES } from "../size-limits.ts";
import type { SessionFrame } from "./frames.ts";

/** Two of the largest messages. Lengths are in UTF-16 code units. */
const WINDOW_LENGTH = 2 * MAX_EVENT_BYTES;
const WINDOW_MESSAGES = 256;

/** An acknowledgement that no message carries is due after so much, or after ACK_DELAY_MS. */
const ACK_LENGTH = WINDOW_LENGTH / 8;
const ACK_MESSAGES = WINDOW_MESSAGES / 8;
export const ACK_DELAY_MS = 20;

type MessageFrame = Extract<SessionFrame, { readonly kind: "message" }>;

interface SentMessage {
  readonly seq: number;
  readonly text: string;
}

export class SessionLink {
  readonly session: string;
  #sent: SentMessage[] = [];
  #sentLength = 0;
  #lastSent = 0;
  #received = 0;
  #consumed = 0;
  #consumedLength = 0;
  #acknowledged = 0;

  constructor(session: string) {
    this.session = session;
  }

  /** False while the window is full: a message larger than the rest of it waits, and one alone always fits. */
  canSend(length: number): boolean {
    if (this.#sent.length === 0) return true;
    return this.#sent.length < WINDOW_MESSAGES && this.#sentLength + length <= WINDOW_LENGTH;
  }

  /** The frame for a message, which is kept until it is acknowledged. */
  send(text: string): MessageFrame {
    this.#lastSent += 1;
    const sent = { seq: this.#lastSent, text };
    this.#sent.push(sent);
    this.#sentLength += text.length;
    return this.#toFrame(sent);
  }

  /** What the other end has received is no longer kept. */
  acknowledge(ack: number): void {
    let count = 0;
    for (const { seq, text } of this.#sent) {
      if (seq > ack) break;
      this.#sentLength -= text.length;
      count += 1;
    }
    if (count > 0) this.#sent = this.#sent.slice(count);
  }

  /** Whether a message is the next one; another one has arrived before, or comes again. */
  accept({ seq, ack }: MessageFrame): boolean {
    this.acknowledge(ack);
    if (seq !== this.#received + 1) return false;
    this.#received = seq;
    return true;
  }

  /** The oldest accepted message has been passed on. */
  consume(length: number): void {
    this.#consumed += 1;
    this.#consumedLength += length;
  }

  /** The last message that was consumed, for a frame that carries it to the other end. */
  takeAck(): number {
    this.#acknowledged = this.#consumed;
    this.#consumedLength = 0;
    return this.#consumed;
  }

  get isAckOwed(): boolean {
    return this.#consumed > this.#acknowledged;
  }

  /** True where the other end may be waiting for the acknowledgement. */
  get isAckUrgent(): boolean {
    return this.#consumed - this.#acknowledged >= ACK_MESSAGES || this.#consumedLength >= ACK_LENGTH;
  }

  /** What is kept because it is not acknowledged. */
  get unacknowledgedLength(): number {
    return this.#sentLength;
  }

  /** After the connection was replaced: what the other end has not received. */
  listUnacknowledged(ack: number): readonly MessageFrame[] {
    this.acknowledge(ack);
    return this.#sent.map((sent) => this.#toFrame(sent));
  }

  #toFrame({ seq, text }: SentMessage): MessageFrame {
    return { kind: "message", session: this.session, seq, ack: this.takeAck(), text };
  }
}
