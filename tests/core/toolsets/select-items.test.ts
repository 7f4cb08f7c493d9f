import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileSelection,
  listSelectedServers,
  type ToolsetCandidate,
} from "../../../src/core/toolsets/select-items.ts";
import type { ToolsetMember } from "../../../src/core/toolsets/toolset.ts";

const FILES = { id: "files", tags: ["internal", "storage"] };

const tool = (name: string, annotations: object = {}): ToolsetCandidate => ({
  kind: "tool",
  server: FILES,
  name,
  definition: { name, annotations },
});

describe("compileSelection", () => {
  it.each<[string, readonly ToolsetMember[], ToolsetCandidate, boolean]>([
    ["nothing without members", [], tool("read"), false],
    ["everything of a kind", [{ kind: "tool" }], tool("read"), true],
    ["nothing of another kind", [{ kind: "prompt" }], tool("read"), false],
    ["by name", [{ kind: "tool", pattern: "read" }], tool("read"), true],
    ["not another name", [{ kind: "tool", pattern: "read" }], tool("read_all"), false],
    ["by pattern", [{ kind: "tool", pattern: "{read,write}_*" }], tool("write_file"), true],
    ["by server", [{ kind: "tool", serverId: "files" }], tool("read"), true],
    ["not of another server", [{ kind: "tool", serverId: "mail" }], tool("read"), false],
    ["by a tag of the server", [{ kind: "tool", serverTags: ["external", "storage"] }], tool("read"), true],
    ["not without one of the tags", [{ kind: "tool", serverTags: ["external"] }], tool("read"), false],
    ["by hint", [{ kind: "tool", hints: { readOnlyHint: true } }], tool("a", { readOnlyHint: true }), true],
    [
      "not where the tool does not state the hint",
      [{ kind: "tool", hints: { readOnlyHint: true } }],
      tool("a"),
      false,
    ],
    [
      "not what another member excludes",
      [{ kind: "tool" }, { kind: "tool", pattern: "delete_*", isExcluded: true }],
      tool("delete_file"),
      false,
    ],
    [
      "nothing by an exclusion alone",
      [{ kind: "tool", pattern: "x", isExcluded: true }],
      tool("read"),
      false,
    ],
    ["nothing by a text that is no pattern", [{ kind: "tool", pattern: "{" }], tool("{"), false],
  ])("selects %s", (_case, members, candidate, expected) => {
    expect(compileSelection(members)(candidate)).toBe(expected);
  });

  it("never selects less for one more inclusion, nor more for one more exclusion", () => {
    const name = fc.constantFrom("read", "read_all", "write", "delete_file");
    const member = fc.record(
      {
        kind: fc.constantFrom("tool" as const, "prompt" as const),
        serverId: fc.constantFrom("files", "mail"),
        pattern: fc.constantFrom("*", "read*", "write", "delete_*"),
        isExcluded: fc.boolean(),
      },
      { requiredKeys: ["kind"] },
    );
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), member, name, (members, added, wanted) => {
        const before = compileSelection(members)(tool(wanted));
        const after = compileSelection([...members, added])(tool(wanted));
        expect(added.isExcluded === true ? before || !after : !before || after).toBe(true);
      }),
    );
  });
});

describe("listSelectedServers", () => {
  it("lists the servers of the inclusions", () => {
    const members: ToolsetMember[] = [
      { kind: "tool", serverId: "files" },
      { kind: "tool", isExcluded: true },
    ];
    expect(listSelectedServers(members)).toEqual(new Set(["files"]));
  });

  it("is open where a member can include items of any server", () => {
    expect(listSelectedServers([{ kind: "tool", serverId: "files" }, { kind: "tool" }])).toBeUndefined();
  });
});
