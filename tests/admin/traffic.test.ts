/** What the pages on traffic work out by themselves. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listSpans } from "../../src/admin/traffic/breaker-spans.ts";
import { formatHeaderLines, parseHeaderLines } from "../../src/admin/traffic/routing-conditions.ts";
import { moved } from "../../src/admin/traffic/routing-order.tsx";

describe("moving a rule", () => {
  it.each<[string, readonly string[]]>([
    ["b up", ["b", "a", "c"]],
    ["b down", ["a", "c", "b"]],
    ["a up", ["a", "b", "c"]],
    ["c down", ["a", "b", "c"]],
    ["d up", ["a", "b", "c"]],
    ["nonsense", ["a", "b", "c"]],
  ])("%s", (move, order) => expect(moved(["a", "b", "c"], move)).toEqual(order));
});

describe("headers in lines", () => {
  it("come back as they went", () =>
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/),
          fc.stringMatching(/^[a-z*:,.]{1,20}$/),
        ),
        (headers) => {
          expect(parseHeaderLines(formatHeaderLines(headers))).toEqual({ ...headers });
        },
      ),
    ));

  it("without a colon are names of nothing", () =>
    expect(parseHeaderLines(["nonsense"])).toEqual({ nonsense: "" }));
});

describe("a breaker's spans", () => {
  const at = (ms: number) => new Date(ms).toISOString();
  const move = (ms: number, fromState: "open" | "closed", toState: "open" | "closed") => ({
    ...{ fromState, toState, transitionedAt: at(ms) },
  });

  it("are one where it never moved", () =>
    expect(listSpans([], "closed", 0, 100)).toEqual([{ from: 0, to: 100, tone: "good", label: "closed" }]));

  it("lie end to end, and leave out what was before", () => {
    const spans = listSpans(
      [move(80, "open", "closed"), move(50, "closed", "open"), move(-5, "open", "closed")],
      "closed",
      0,
      100,
    );
    expect(spans.map(({ from, to, label }) => [from, to, label])).toEqual([
      [0, 50, "closed"],
      [50, 80, "open"],
      [80, 100, "closed"],
    ]);
  });
});
