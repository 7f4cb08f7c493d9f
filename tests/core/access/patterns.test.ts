import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, MAX_PATTERN_LENGTH } from "../../../src/core/access/patterns.ts";
import { runs } from "../../support/runs.ts";

const matches = (pattern: string, text: string) => compilePattern(pattern)?.(text);

describe("a pattern", () => {
  it.each<[string, string, boolean]>([
    ["*", "", true],
    ["*", "anything/at:all", true],
    ["read_file", "read_file", true],
    ["read_file", "read_files", false],
    ["read_*", "read_", true],
    ["read_*", "write_file", false],
    ["*_file", "read_file", true],
    ["*_file", "read_file2", false],
    ["re*_*le", "read_file", true],
    ["r?ad", "read", true],
    ["r?ad", "rad", false],
    ["{read,write}_file", "write_file", true],
    ["{read,write}_file", "list_file", false],
    ["{read,list{,_all}}_*", "list_all_files", true],
    ["{read,list{,_all}}_*", "list_none", true],
    ["{read,list{,_all}}_*", "listing", false],
    ["{}", "", true],
    ["{a,}b", "b", true],
    ["a,b", "a,b", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["file:///\\{path\\}", "file:///{path}", true],
    ["file:///docs/*", "file:///docs/a/b/c.md", true],
    ["*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false],
    [".+", "xx", false],
    ["a\nb*", "a\nbc", true],
  ])("%j on %j: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it.each(["{", "}", "a{b", "a}b", "{a,{b}", "\\", "x".repeat(MAX_PATTERN_LENGTH + 1)])(
    "%j is none",
    (pattern) => {
      expect(compilePattern(pattern)).toBeUndefined();
    },
  );
});

const escaped = (text: string) => text.replace(/[*?{}\\]/g, "\\$&");

/** The same language as a regular expression, which is correct but may take exponential time. */
function asRegExp(pattern: string): RegExp {
  let depth = 0;
  let source = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === "\\") {
      at += 1;
      source += pattern.charAt(at).replace(/[^\w\s]/g, "\\$&");
    } else if (character === "*") source += "[^]*";
    else if (character === "?") source += "[^]";
    else if (character === "{") {
      depth += 1;
      source += "(?:";
    } else if (character === "}") {
      depth -= 1;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else source += character.replace(/[^\w\s]/g, "\\$&");
  }
  return new RegExp(`^${source}$`);
}

describe("patterns as such", () => {
  const alphabet = fc.constantFrom("a", "b", ",", "*", "?", "{", "}", "\\");
  const pattern = fc.string({ unit: alphabet, maxLength: 12 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", ",", "*"), maxLength: 8 });

  it("mean what the same regular expression means", () => {
    fc.assert(
      fc.property(pattern, text, (one, name) => {
        const compiled = compilePattern(one);
        if (compiled !== undefined) expect(compiled(name)).toBe(asRegExp(one).test(name));
      }),
      { numRuns: runs(2000) },
    );
  });

  it("match any text once it is escaped, and none but that", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (one, other) => {
        const compiled = compilePattern(escaped(one));
        expect(compiled?.(one)).toBe(true);
        expect(compiled?.(other)).toBe(one === other);
      }),
    );
  });

  it("take no longer for being written to take long", () => {
    const worst = compilePattern("{*a,*aa}".repeat(60));
    const started = performance.now();
    expect(worst?.("a".repeat(2000).concat("b"))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
