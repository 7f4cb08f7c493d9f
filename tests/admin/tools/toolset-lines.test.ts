import { describe, expect, it } from "vitest";
import {
  formatMemberLine,
  parseMemberLine,
  toServerIds,
  toServerNames,
} from "../../../src/admin/tools/toolset-lines.ts";

const servers = {
  idOf: (name: string) => (name === "files" ? "id-of-files" : undefined),
  nameOf: (id: string) => (id === "id-of-files" ? "files" : undefined),
};

describe("a member's line", () => {
  it.each([
    ["tool files/read_*", { kind: "tool", serverId: "id-of-files", pattern: "read_*" }],
    ["tool */*", { kind: "tool" }],
    ["!tool */delete_*", { kind: "tool", isExcluded: true, pattern: "delete_*" }],
    ["prompt #production,eu/*", { kind: "prompt", serverTags: ["production", "eu"] }],
    [
      "resource files/file:///docs/*",
      { kind: "resource", serverId: "id-of-files", pattern: "file:///docs/*" },
    ],
    [
      "tool */* readOnlyHint !destructiveHint",
      { kind: "tool", hints: { readOnlyHint: true, destructiveHint: false } },
    ],
  ])("%s is read and written", (line, member) => {
    expect(parseMemberLine(line, servers)).toEqual(member);
    expect(formatMemberLine(member, servers)).toBe(line);
  });

  it.each([
    ["nonsense", { kind: "nonsense" }],
    ["tool mail/*", { kind: "tool", serverId: "mail" }],
  ])("%s is left to the API to reject", (line, member) => {
    expect(parseMemberLine(line, servers)).toEqual(member);
  });
});

describe("the servers of overrides", () => {
  it("are written as names and read as ids", () => {
    const stored = [{ kind: "tool", serverId: "id-of-files", name: "read" }];
    const written = [{ kind: "tool", server: "files", name: "read" }];
    expect(toServerNames(stored, servers)).toEqual(written);
    expect(toServerIds(written, servers)).toEqual(stored);
  });

  it("keep what is unknown or no list", () => {
    expect(toServerIds([{ kind: "tool", server: "mail" }], servers)).toEqual([
      { kind: "tool", serverId: "mail" },
    ]);
    expect(toServerIds("text", servers)).toBe("text");
  });
});
