import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EventCollector,
  EventSplitter,
  formatEvent,
  parseEvent,
  type SseEvent,
} from "../../../src/core/mcp/sse.ts";

const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n\0]/.test(text));
const event: fc.Arbitrary<SseEvent> = fc.record(
  {
    event: line.filter((text) => text !== ""),
    data: fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n")),
    id: line,
    retry: fc.nat(),
    comments: fc.array(line, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);

/** Cuts a text at the given places. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((place, position) => text.slice(places[position], place));
}

describe("server-sent events", () => {
  it("come back as they were written, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (events, cuts) => {
          const wanted = events.filter((one) => Object.keys(one).length > 0);
          const splitter = new EventSplitter(1_000_000);
          const blocks = pieces(wanted.map(formatEvent).join(""), cuts).flatMap((piece) =>
            splitter.push(piece),
          );
          expect(blocks.map(parseEvent)).toEqual(wanted);
          expect(splitter.rest).toBe("");
        },
      ),
    );
  });

  it.each([
    ["data: one\ndata:two", { data: "one\ntwo" }],
    ["data", { data: "" }],
    ["data:  two spaces", { data: " two spaces" }],
    ["event: message\r\nid: 7\r\ndata: {}", { event: "message", id: "7", data: "{}" }],
    ["id", { id: "" }],
    ["id: a\0b\ndata: x", { data: "x" }],
    ["retry: soon\ndata: x", { data: "x" }],
    [": keep-alive", { comments: [" keep-alive"] }],
    ["unknown: field\ndata: x", { data: "x" }],
  ])("%j reads as %j", (block, expected) => {
    expect(parseEvent(block)).toEqual(expected);
  });

  it("may end lines with CR, LF or both, also when a piece ends between the two", () => {
    const splitter = new EventSplitter(1000);
    expect(
      ["data: a\r", "\n\r", "\ndata: b\r\rdata: c\n", "\n"].flatMap((piece) => splitter.push(piece)),
    ).toEqual(["data: a", "data: b", "data: c"]);
  });

  it.each(["\r\n", "\n", "\r"])("keep the lines of one event together that end with %j", (end) => {
    const stream = ["event: message", "id: 7", "data: a", "", "", "data: b", "", ""].join(end);
    const splitter = new EventSplitter(1000);
    const blocks = [...stream, "data: c"].flatMap((piece) => splitter.push(piece));
    expect(blocks.map(parseEvent)).toEqual([{ event: "message", id: "7", data: "a" }, { data: "b" }]);
    expect(splitter.rest).toBe("data: c");
  });

  it("cost no more in many pieces than in few", () => {
    const splitter = new EventSplitter(20_000_000);
    const started = performance.now();
    for (let piece = 0; piece < 4096; piece += 1) splitter.push("x".repeat(4096));
    expect(splitter.push("\n\n")[0]).toHaveLength(4096 * 4096);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("refuse to grow without end", () => {
    const splitter = new EventSplitter(10);
    expect(() => splitter.push("data: 123456789")).toThrow(RangeError);
  });
});

describe("text that is collected up to the end of an event", () => {
  const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
  const text = fc
    .array(fc.oneof(fc.constantFrom("a", "data: b", ":"), lineEnd), { maxLength: 40 })
    .map((parts) => parts.join(""));

  it("is all of it, in whole events, however the stream is cut", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 8 }), { minLength: 1 }), (whole, cuts) => {
        const collector = new EventCollector(10_000);
        let [at, turn, collected] = [0, 0, ""];
        while (at < whole.length) {
          const length = Math.max(1, cuts[turn % cuts.length] ?? 1);
          const complete = collector.push(whole.slice(at, at + length));
          if (complete !== "") expect(complete).toMatch(/(?:\r\n|\n|\r)(?:\r\n|\n|\r)$/);
          collected += complete;
          at += length;
          turn += 1;
        }
        expect(collected + collector.rest).toBe(whole);
        // A line end that is cut in two may be taken for two; nothing but line ends is ever left behind it.
        expect(collector.rest).not.toMatch(/\n\n[^\r\n]/);
      }),
    );
  });

  it("may not grow without end", () => {
    const collector = new EventCollector(10);
    expect(collector.push("0123456789")).toBe("");
    expect(() => collector.push("x")).toThrow(RangeError);
  });
});
