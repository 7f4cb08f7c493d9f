import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BINDING_SUBJECTS } from "../../../src/core/enums.ts";
import {
  type BindableCaller,
  compileBindings,
  resolveBoundToolsets,
  type ToolsetBinding,
} from "../../../src/core/toolsets/bindings.ts";

const caller: BindableCaller = { role: "user", keyId: "k1", clientId: "c1", groups: ["g1", "g2"] };

const binding = (subject: string, toolsetId: string): ToolsetBinding => {
  const [type, id = ""] = subject.split(" ");
  const subjectType = BINDING_SUBJECTS.find((each) => each === type) ?? "key";
  return { subjectType, subjectId: id, toolsetId };
};

const bound = (...bindings: [subject: string, toolsetId: string][]) => {
  const compiled = compileBindings(bindings.map(([subject, toolsetId]) => binding(subject, toolsetId)));
  const toolsets = resolveBoundToolsets(compiled, caller);
  return toolsets && [...toolsets].sort().join();
};

describe("the toolsets that a caller is bound to", () => {
  it.each<[string, [string, string][], string | undefined]>([
    ["none, where nothing is bound", [], undefined],
    [
      "none, where others are bound",
      [
        ["key k2", "a"],
        ["role admin", "b"],
        ["group g3", "c"],
      ],
      undefined,
    ],
    ["that of the key", [["key k1", "a"]], "a"],
    ["that of the client", [["client c1", "a"]], "a"],
    ["that of the role", [["role user", "a"]], "a"],
    [
      "those of all groups, instead of that of the role",
      [
        ["role user", "r"],
        ["group g1", "a"],
        ["group g2", "b"],
      ],
      "a,b",
    ],
    [
      "of the groups, what the key is bound to as well",
      [
        ["key k1", "b"],
        ["group g1", "a"],
        ["group g2", "b"],
      ],
      "b",
    ],
    [
      "nothing at all, where key and role contradict each other",
      [
        ["key k1", "a"],
        ["role user", "b"],
      ],
      "",
    ],
  ])("are %s", (_, bindings, expected) => {
    expect(bound(...bindings)).toBe(expected);
  });

  it("never become more by binding the key or the client", () => {
    const ids = fc.constantFrom("a", "b", "c");
    const subjects = fc.constantFrom("role user", "group g1", "group g2", "key k1", "client c1");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(subjects, ids), { maxLength: 5 }),
        fc.constantFrom("key k1", "client c1"),
        ids,
        (bindings, subject, toolsetId) => {
          const without = compileBindings(
            bindings.filter(([each]) => each !== subject).map(([each, id]) => binding(each, id)),
          );
          const before = resolveBoundToolsets(without, caller);
          const compiled = compileBindings([
            ...bindings.filter(([each]) => each !== subject).map(([each, id]) => binding(each, id)),
            binding(subject, toolsetId),
          ]);
          const after = resolveBoundToolsets(compiled, caller);
          expect(after).toBeDefined();
          for (const id of after ?? []) expect(before === undefined || before.has(id)).toBe(true);
        },
      ),
    );
  });
});
