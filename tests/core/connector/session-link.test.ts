/** Two ends of a session over connections that are cut at any moment: each message arrives once, in order. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionLink } from "../../../src/core/connector/session-link.ts";
import { MAX_EVENT_BYTES } from "../../../src/core/size-limits.ts";

const SESSION = "01a21d3c-6e06-72e1-93da-cc6595f14011";
type MessageFrame = ReturnType<SessionLink["send"]>;

/** An end with what it has passed on, and what is on its way to it. */
interface End {
  readonly link: SessionLink;
  readonly passed: string[];
  readonly accepted: string[];
  incoming: (MessageFrame | number)[];
}

const createEnd = (): End => ({ link: new SessionLink(SESSION), passed: [], accepted: [], incoming: [] });

function receiveOne(end: End): void {
  const frame = end.incoming.shift();
  if (typeof frame === "number") end.link.acknowledge(frame);
  else if (frame !== undefined && end.link.accept(frame)) end.accepted.push(frame.text);
}

function consumeOne(end: End): void {
  const text = end.accepted.shift();
  if (text === undefined) return;
  end.passed.push(text);
  end.link.consume(text.length);
}

/** Frames on their way are lost; then each end receives what the other has, and sends the rest again. */
function reconnect(one: End, other: End): void {
  const acks = [one.link.takeAck(), other.link.takeAck()] as const;
  one.incoming = [...other.link.listUnacknowledged(acks[0])];
  other.incoming = [...one.link.listUnacknowledged(acks[1])];
}

const step = fc.record({
  side: fc.boolean(),
  action: fc.constantFrom("send", "send", "receive", "receive", "consume", "consume", "ack", "cut"),
});

describe("two links", () => {
  it("deliver every message once and in order, wherever the connection is cut", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ends = [createEnd(), createEnd()] as const;
        const sent: [string[], string[]] = [[], []];
        for (const [index, { side, action }] of steps.entries()) {
          const [own, other] = side ? ends : [ends[1], ends[0]];
          if (action === "send" && own.link.canSend(10)) {
            const text = `message ${index}`;
            sent[side ? 0 : 1].push(text);
            other.incoming.push(own.link.send(text));
          } else if (action === "receive") receiveOne(own);
          else if (action === "consume") consumeOne(own);
          else if (action === "ack") other.incoming.push(own.link.takeAck());
          else if (action === "cut") reconnect(...ends);
        }
        reconnect(...ends);
        for (const end of ends) {
          while (end.incoming.length > 0) receiveOne(end);
          while (end.accepted.length > 0) consumeOne(end);
        }
        expect(ends[1].passed).toEqual(sent[0]);
        expect(ends[0].passed).toEqual(sent[1]);
        reconnect(...ends);
        expect(ends.map(({ link }) => link.unacknowledgedLength)).toEqual([0, 0]);
      }),
    );
  });
});

describe("the window", () => {
  it("takes one message of any size, and then waits for what is unacknowledged", () => {
    const link = new SessionLink(SESSION);
    const large = "x".repeat(MAX_EVENT_BYTES);
    expect(link.canSend(MAX_EVENT_BYTES * 3)).toBe(true);
    link.send(large);
    expect(link.canSend(MAX_EVENT_BYTES)).toBe(true);
    link.send(large);
    expect(link.canSend(1)).toBe(false);
    link.acknowledge(1);
    expect(link.canSend(MAX_EVENT_BYTES)).toBe(true);
  });

  it("bounds the number of small messages", () => {
    const link = new SessionLink(SESSION);
    let count = 0;
    while (link.canSend(1)) {
      link.send("x");
      count += 1;
    }
    expect(count).toBe(256);
  });

  it("is opened by a receiver that passes messages on, not by one that only takes them", () => {
    const [sender, receiver] = [new SessionLink(SESSION), new SessionLink(SESSION)];
    const frames = Array.from({ length: 40 }, () => sender.send("x"));
    for (const frame of frames) expect(receiver.accept(frame)).toBe(true);
    expect(receiver.isAckOwed).toBe(false);
    for (const { text } of frames) receiver.consume(text.length);
    expect([receiver.isAckOwed, receiver.isAckUrgent]).toEqual([true, true]);
    expect(receiver.takeAck()).toBe(40);
    expect(receiver.isAckOwed).toBe(false);
  });
});
