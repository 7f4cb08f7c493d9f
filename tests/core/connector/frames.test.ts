/** Frames between the gateway and connectors: what is written is read, and nothing else is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, formatFrame, MAX_LOG_LINES, parseFrame } from "../../../src/core/connector/frames.ts";
import { MAX_EVENT_BYTES } from "../../../src/core/size-limits.ts";

const session = fc.uuid();
const number = fc.nat();
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constantFrom("open" as const, "detached" as const), session }),
  fc.record({ kind: fc.constant("message" as const), session, seq: number, ack: number, text: fc.string() }),
  fc.record({
    kind: fc.constantFrom("ack" as const, "resume" as const, "resumed" as const),
    session,
    ack: number,
  }),
  fc.record({
    kind: fc.constant("end" as const),
    session,
    reason: fc.constantFrom("exited" as const, "lost" as const, undefined),
    detail: fc.string({ maxLength: 100 }),
  }),
  fc.record({ kind: fc.constantFrom("down" as const, "drain" as const) }),
  fc.record({ kind: fc.constant("up" as const), instance: session }),
  fc.record({ kind: fc.constant("log" as const), lines: fc.array(fc.string(), { maxLength: 10 }) }),
);

describe("a frame", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(frame, (given) => {
        expect(parseFrame(formatFrame(given))).toEqual(given);
      }),
    );
  });

  it("carries the text of a message unchanged, line breaks and all", () => {
    const given = { kind: "message", session: SESSION, seq: 1, ack: 0, text: '{\n"a": 1.0}\n' } as const;
    expect(formatFrame(given).endsWith(given.text)).toBe(true);
    expect(parseFrame(formatFrame(given))).toEqual(given);
  });

  it.each([
    ["empty", ""],
    ["no JSON", "hello"],
    ["no object", "[1]"],
    ["of an unknown kind", '{"kind":"exec","session":"SESSION"}'],
    ["without a session", '{"kind":"open"}'],
    ["of a session that is no UUID", '{"kind":"open","session":"../etc"}'],
    ["a message without a number", '{"kind":"message","session":"SESSION","ack":0}\n{}'],
    ["a message with a negative number", '{"kind":"message","session":"SESSION","seq":-1,"ack":0}\n{}'],
    ["a message without a text", '{"kind":"message","session":"SESSION","seq":1,"ack":0}'],
    ["a log without lines", '{"kind":"log"}'],
  ])("is none when it is %s", (_, data) => {
    expect(parseFrame(data.replace("SESSION", SESSION))).toBeUndefined();
  });

  it("is none when it is larger than a message may be", () => {
    const text = "x".repeat(MAX_EVENT_BYTES + 2048);
    expect(
      parseFrame(formatFrame({ kind: "message", session: SESSION, seq: 1, ack: 0, text })),
    ).toBeUndefined();
  });

  it("is limited in its description of a process", () => {
    const log = parseFrame(JSON.stringify({ kind: "log", lines: Array(200).fill("y".repeat(9000)) }));
    expect(log?.kind === "log" && log.lines.length).toBe(MAX_LOG_LINES);
    expect(log?.kind === "log" && log.lines[0]?.length).toBe(2000);
    const end = parseFrame(
      JSON.stringify({ kind: "end", session: SESSION, reason: "reboot", detail: "z".repeat(9000) }),
    );
    expect(end).toMatchObject({ reason: undefined, detail: "z".repeat(500) });
  });

  it("of any text is a frame or none, and never an exception", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseFrame(text)).not.toThrow();
      }),
    );
  });
});

const SESSION = "01a21d3c-6e06-72e1-93da-cc6595f14011";
