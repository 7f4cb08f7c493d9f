import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  exposeNames,
  MAX_NAME_LENGTH,
  type NamedItem,
  PREFIX_MODES,
  type PrefixMode,
  resolveName,
} from "../../../src/core/mcp/exposed-names.ts";
import { runs } from "../../support/runs.ts";

/** Written as `server/name`; names may hold slashes. */
const offer = (text: string): NamedItem => {
  const [server = "", ...name] = text.split("/");
  return { server, name: name.join("/") };
};
const exposed = (offers: readonly string[], mode: PrefixMode, priority: readonly string[] = []) => {
  const { entries } = exposeNames(offers.map(offer), mode, { priority });
  return Object.fromEntries(entries.map((entry) => [`${entry.server}/${entry.name}`, entry.exposed]));
};

const server = fc.constantFrom("a", "b", "a__b", "a_", "B", "zz.9-");
const name = fc.oneof(
  fc.constantFrom("x", "y", "_x", "b__x", "a__x", "a__b__x", "a__a__x", "", "x y", "x/y", "x_y", "ü", "\0"),
  fc.string({ maxLength: 3 }),
  fc.constantFrom("l".repeat(128), "l".repeat(129), "l".repeat(400), "l".repeat(124)),
);
const offers = fc.array(fc.record({ server, name }), { maxLength: 30 });
const mode = fc.constantFrom(...PREFIX_MODES);
const priority = fc.uniqueArray(server);

describe("exposeNames", () => {
  it("gives every item a valid name of its own that resolves to it, or returns which item has it instead", () => {
    fc.assert(
      fc.property(offers, mode, priority, (all, how, first) => {
        const table = exposeNames(all, how, { priority: first });
        const id = (one: NamedItem) => JSON.stringify([one.server, one.name]);
        const found = [...table.entries, ...table.shadowed].map(id).sort();
        expect(found).toEqual([...new Set(all.map(id))].sort());
        expect(table.lookup.size).toBe(table.entries.length);
        for (const entry of table.entries) {
          expect(entry.exposed).toMatch(/^[A-Za-z0-9_.-]{1,128}$/);
          expect(table.lookup.get(entry.exposed)).toEqual({ server: entry.server, name: entry.name });
        }
        if (how !== "never") expect(table.shadowed).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });

  it("does not depend on the order of offers", () => {
    fc.assert(
      fc.property(
        offers.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        mode,
        priority,
        ([all, shuffled], how, first) => {
          expect(exposeNames(shuffled, how, { priority: first })).toEqual(
            exposeNames(all, how, { priority: first }),
          );
        },
      ),
    );
  });

  it("on collision, prefixes nothing but what collides", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ server, name: fc.stringMatching(/^[a-z]{1,2}$/) })), (all) => {
        const { entries } = exposeNames(all, "on_collision");
        for (const entry of entries) {
          const isShared = all.some((other) => other.name === entry.name && other.server !== entry.server);
          expect(entry.exposed).toBe(isShared ? `${entry.server}__${entry.name}` : entry.name);
        }
      }),
    );
  });

  it.each<[PrefixMode, string[], Record<string, string>]>([
    ["always", ["a/x", "b/y"], { "a/x": "a__x", "b/y": "b__y" }],
    ["on_collision", ["a/x", "b/y"], { "a/x": "x", "b/y": "y" }],
    ["on_collision", ["a/x", "b/x", "b/y"], { "a/x": "a__x", "b/x": "b__x", "b/y": "y" }],
    // The tool that is called like another server's prefixed tool gives way, not the other.
    [
      "on_collision",
      ["a/x", "b/x", "evil/a__x"],
      { "a/x": "a__x", "b/x": "b__x", "evil/a__x": "evil__a__x" },
    ],
    ["on_collision", ["a/x", "a/x"], { "a/x": "x" }],
    ["never", ["b/x", "a/x", "b/y"], { "a/x": "x", "b/y": "y" }],
  ])("%s: %j", (how, all, expected) => {
    expect(exposed(all, how)).toEqual(expected);
  });

  it("never prefixes, if so configured: the first by priority wins, and the others are reported", () => {
    const { entries, shadowed } = exposeNames(["a/x", "b/x", "c/x"].map(offer), "never", {
      priority: ["c", "b"],
    });
    expect(entries).toEqual([{ server: "c", name: "x", exposed: "x" }]);
    expect(shadowed).toEqual([
      { server: "b", name: "x", by: "c" },
      { server: "a", name: "x", by: "c" },
    ]);
  });

  it("distinguishes prefixed names that read the same", () => {
    const names = exposed(["a/b__x", "a__b/x"], "always");
    expect(Object.values(names)).toEqual([
      expect.stringMatching(/^a__b__x_[0-9a-f]{8}$/),
      expect.stringMatching(/^a__b__x_[0-9a-f]{8}$/),
    ]);
    expect(new Set(Object.values(names)).size).toBe(2);
  });

  it("shortens the same way for ever", () => {
    expect(exposed(["a/search the web", `b/${"l".repeat(200)}`], "on_collision")).toEqual({
      "a/search the web": "search_the_web_c5d28cdc",
      [`b/${"l".repeat(200)}`]: `${"l".repeat(119)}_48e061e2`,
    });
  });

  it("takes a separator and a length from the tenant", () => {
    const { entries } = exposeNames([{ server: "server", name: "n".repeat(64) }], "always", {
      separator: ".",
      maxLength: 64,
    });
    expect(entries[0]?.exposed).toMatch(/^server\.n{48}_[0-9a-f]{8}$/);
    expect(MAX_NAME_LENGTH).toBe(128);
  });
});

describe("resolve", () => {
  it.each([
    ["a__x", ["a", "b"], { server: "a", name: "x" }],
    ["a__x__y", ["a", "b"], { server: "a", name: "x__y" }],
    ["a__b__x", ["a__b"], { server: "a__b", name: "x" }],
    ["a__b__x", ["a", "a__b"], undefined],
    ["a__", ["a"], undefined],
    ["x", ["a"], undefined],
    ["c__x", ["a"], undefined],
    ["a__x", ["a", "a"], { server: "a", name: "x" }],
  ])("%s with servers %j", (text, servers, expected) => {
    expect(resolveName(text, servers)).toEqual(expected);
  });

  it("never leads elsewhere than the table", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ server, name: fc.stringMatching(/^[a-z_]{1,4}$/) })), (all) => {
        const servers = all.map((one) => one.server);
        for (const entry of exposeNames(all, "always").entries) {
          const found = resolveName(entry.exposed, servers);
          const isPlain = entry.exposed === `${entry.server}__${entry.name}`;
          if (found !== undefined && isPlain)
            expect(found).toEqual({ server: entry.server, name: entry.name });
        }
      }),
    );
  });
});
