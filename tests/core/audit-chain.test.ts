/** Detects manipulations of a chain of audit entries. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AuditFault,
  type ChainEnd,
  type ChainPositions,
  describeAuditFault,
  excludePruned,
  findAuditFaults,
  type MismatchedEntry,
} from "../../src/core/audit-chain.ts";

interface Entry extends ChainEnd {
  readonly previousHash: string;
  readonly isSound?: false;
}

const entry = (sequence: number, changes: Partial<Entry> = {}): Entry => ({
  sequence,
  hash: `h${sequence}`,
  previousHash: sequence === 1 ? "" : `h${sequence - 1}`,
  ...changes,
});

const chain = (length: number) => Array.from({ length }, (_, index) => entry(index + 1));

/** As the database returns it: only those that do not follow. */
function faults(
  entries: readonly Entry[],
  length: number,
  pruned: readonly ChainPositions[] = [],
): AuditFault[] {
  const odd = entries.flatMap((one, index): MismatchedEntry[] => {
    const before = entries[index - 1] ?? { sequence: 0, hash: "" };
    const isSound = one.isSound !== false;
    if (isSound && one.sequence === before.sequence + 1 && one.previousHash === before.hash) return [];
    const { sequence, previousHash } = one;
    const id = `id${sequence}`;
    const [at, action] = ["then", "keys.create"];
    return [
      {
        id,
        at,
        action,
        sequence,
        previousHash,
        hashBefore: before.hash,
        sequenceBefore: before.sequence,
        isSound,
      },
    ];
  });
  return findAuditFaults({
    odd,
    last: entries.at(-1),
    end: { sequence: length, hash: `h${length}` },
    pruned,
  });
}

const of = (kind: "changed" | "unlinked" | "added", sequence: number) => ({
  kind,
  sequence,
  id: `id${sequence}`,
  at: "then",
  action: "keys.create",
});

const removed = (...places: number[]) => chain(6).filter(({ sequence }) => !places.includes(sequence));
const replaced = (one: Entry) => chain(6).map((each) => (each.sequence === one.sequence ? one : each));

describe("a chain", () => {
  it.each<[string, readonly Entry[], AuditFault[]]>([
    ["as it was written", chain(6), []],
    ["with a changed entry", replaced(entry(3, { isSound: false })), [of("changed", 3)]],
    ["with one rewritten, its hash too", replaced(entry(3, { hash: "x" })), [of("unlinked", 4)]],
    ["without an entry", removed(3), [{ kind: "missing", from: 3, to: 3 }]],
    ["without its first", removed(1, 2), [{ kind: "missing", from: 1, to: 2 }]],
    ["without its last", removed(5, 6), [{ kind: "missing", from: 5, to: 6 }]],
    ["without any", [], [{ kind: "missing", from: 1, to: 6 }]],
    ["with a rewritten last one", replaced(entry(6, { hash: "x" })), [{ kind: "end" }]],
    ["longer than it states", [...chain(6), entry(7)], [{ kind: "end" }]],
    [
      "with one slipped in beside another",
      [...chain(3), entry(3, { hash: "x", previousHash: "h2" }), ...chain(6).slice(3)],
      [of("added", 3), of("unlinked", 4)],
    ],
  ])("%s", (_, entries, expected) => {
    expect(faults(entries, 6)).toEqual(expected);
    for (const fault of expected) expect(describeAuditFault(fault)).toMatch(/^[A-Z].+\.$/);
  });

  it("may lack what retention has taken away, and no more", () => {
    expect(faults(removed(1, 2), 6, [[1, 2]])).toEqual([]);
    expect(faults(removed(1, 2, 3), 6, [[1, 2]])).toEqual([{ kind: "missing", from: 3, to: 3 }]);
  });

  it("lacks just what was removed, whatever it was", () => {
    const subset = fc.uniqueArray(fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(subset, (places) => {
        const reported = faults(removed(...places), 6).flatMap((fault) =>
          fault.kind === "missing"
            ? chain(6).filter(({ sequence }) => sequence >= fault.from && sequence <= fault.to)
            : [],
        );
        expect(reported.map(({ sequence }) => sequence)).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("places without others", () => {
  it("are those that are in the whole and in none of them", () => {
    const places = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }));
    const all = Array.from({ length: 21 }, (_, place) => place);
    const isIn = (place: number, [from, to]: ChainPositions) => place >= from && place <= to;
    fc.assert(
      fc.property(places, fc.array(places), (whole, taken) => {
        const left = excludePruned(whole, taken);
        for (const place of all) {
          const expected = isIn(place, whole) && !taken.some((one) => isIn(place, one));
          expect(left.some((one) => isIn(place, one))).toBe(expected);
        }
      }),
    );
  });
});
