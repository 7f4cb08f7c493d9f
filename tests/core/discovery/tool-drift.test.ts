import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashDefinition } from "../../../src/core/discovery/definition-hash.ts";
import { diffJson } from "../../../src/core/discovery/json-diff.ts";
import {
  compareWithPins,
  type DiscoveredTool,
  type Pin,
  TOOL_CHANGES,
} from "../../../src/core/discovery/tool-drift.ts";
import { canonicalJson } from "../../../src/core/mcp/canonical-json.ts";
import { isMembers, parseLossless } from "../../../src/core/mcp/lossless-json.ts";

const hashOf = (text: string) => {
  const value = parseLossless(text);
  if (!isMembers(value)) throw new Error("no object");
  return hashDefinition(value);
};

describe("the hash of a definition", () => {
  it.each([
    ['{"name":"a","description":"b"}', '{"description":"b","name":"a"}', true],
    ['{"name":"a","x":{"b":1,"a":2}}', '{"name":"a","x":{"a":2,"b":1}}', true],
    ['{"name":"a","max":1.0}', '{"name":"a","max":1}', true],
    ['{"name":"a","max":1e2}', '{"name":"a","max":100}', true],
    ['{"name":"a","icons":[{"src":"x"}]}', '{"name":"a"}', true],
    ['{"name":"a","max":12345678901234567890}', '{"name":"a","max":12345678901234567891}', false],
    ['{"name":"a","description":"b"}', '{"name":"a","description":"b "}', false],
    ['{"name":"a","description":"b"}', '{"name":"a","description":"b\u200b"}', false],
    ['{"name":"a","enum":[1,2]}', '{"name":"a","enum":[2,1]}', false],
    ['{"name":"a","x":null}', '{"name":"a"}', false],
    ['{"name":"a","annotations":{"readOnlyHint":true}}', '{"name":"a"}', false],
    ['{"name":"a","__proto__":{"b":1}}', '{"name":"a"}', false],
  ])("%s and %s", async (left, right, isSame) => {
    expect((await hashOf(left)) === (await hashOf(right))).toBe(isSame);
  });

  it("depends on nothing but the JSON itself", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});

describe("a difference", () => {
  it.each<[unknown, unknown, unknown]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, [{ path: "/a", before: "1", after: "2" }]],
    [{ a: 1 }, {}, [{ path: "/a", before: "1" }]],
    [{}, { "a/b": [1] }, [{ path: "/a~1b", after: "[1]" }]],
    [{ a: ["x"] }, { a: ["x", "y"] }, [{ path: "/a/1", after: "y" }]],
    [{ a: "Adds." }, { a: "Adds.\u{e0072}" }, [{ path: "/a", before: "Adds.", after: "Adds.⟨r⟩" }]],
    [{ a: { b: 1 } }, { a: "b" }, [{ path: "/a", before: '{"b":1}', after: "b" }]],
  ])("between %j and %j", (before, after, expected) => expect(diffJson(before, after)).toEqual(expected));

  it("shows of a long text what changed, and a little around it", () => {
    const long = "x".repeat(3000);
    const [found] = diffJson({ a: `${long} sums. ${long}` }, { a: `${long} steals. ${long}` });
    expect(found?.before).toMatch(/^…x+ sums\. x+…$/);
    expect(found?.after).toMatch(/^…x+ steals\. x+…$/);
    expect(found?.after?.length).toBeLessThan(120);
  });

  it("is empty for the same and for nothing else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        expect(diffJson(left, left)).toEqual([]);
        const isSame = canonicalJson(left) === canonicalJson(right);
        if (!isSame && !(canonicalJson(left).includes("-0") || canonicalJson(right).includes("-0"))) {
          expect(diffJson(left, right).length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

const tool = (name: string, hash: string): DiscoveredTool => ({ name, hash, definition: { name, hash } });

/** Applies one hash after the other, and returns the state of the tool. */
function live(hashes: readonly string[], policy: (typeof TOOL_CHANGES)[number]) {
  let pins: readonly Pin[] = [];
  const reported: string[] = [];
  let withheld = false;
  for (const hash of hashes) {
    const verdict = compareWithPins(pins, hash === "" ? [] : [tool("t", hash)], policy);
    pins = [...verdict.pins, ...pins.filter(({ name }) => !verdict.pins.some((pin) => pin.name === name))];
    reported.push(
      ...verdict.changed.map(({ decision }) => decision),
      ...verdict.restored.map(() => "restored"),
    );
    withheld = verdict.withheld.has("t");
  }
  return { reported, withheld, pin: pins[0] };
}

describe("a tool that changes", () => {
  it.each([
    ["allow", "A", [], false],
    ["allow", "AB", ["allowed"], false],
    ["allow", "ABA", ["allowed", "allowed"], false],
    ["hold", "A", [], false],
    ["hold", "AA", [], false],
    ["hold", "AB", ["held"], true],
    ["hold", "ABB", ["held"], true],
    ["hold", "ABC", ["held", "held"], true],
    ["hold", "ABA", ["held", "restored"], false],
    ["hold", "ABAB", ["held", "restored", "held"], true],
    ["block", "AB", ["blocked"], true],
    ["block", "ABA", ["blocked"], true],
    ["block", "ABAB", ["blocked", "blocked"], true],
    ["hold", "A-B", ["held"], true],
    ["hold", "A-A", [], false],
  ] as const)("under %s, offering %s", (policy, hashes, reported, withheld) => {
    const result = live(
      [...hashes].map((hash) => (hash === "-" ? "" : hash)),
      policy,
    );
    expect(result).toMatchObject({ reported, withheld });
  });

  it("is reported with what changed", () => {
    const [pin] = compareWithPins([], [tool("t", "A")], "hold").pins;
    const { changed } = compareWithPins(pin === undefined ? [] : [pin], [tool("t", "B")], "hold");
    expect(changed).toEqual([
      { name: "t", decision: "held", revision: 1, differences: [{ path: "/hash", before: "A", after: "B" }] },
    ]);
  });

  it("is never shown with a definition that is not the approved one, unless changes are allowed", () => {
    const history = fc.array(fc.constantFrom("A", "B", "C", ""), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(history, fc.constantFrom("hold", "block"), (hashes, policy) => {
        const { withheld, pin } = live(hashes, policy);
        const offered = hashes.findLast((hash) => hash !== "");
        if (hashes.at(-1) !== "" && !withheld) expect(pin?.hash).toBe(offered);
        expect(pin?.hash).toBe(hashes.find((hash) => hash !== ""));
      }),
    );
  });

  it("is reported once, however often it is seen", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TOOL_CHANGES), fc.integer({ min: 1, max: 5 }), (policy, times) => {
        expect(live(["A", ...Array(times).fill("B")], policy).reported).toHaveLength(1);
      }),
    );
  });
});
