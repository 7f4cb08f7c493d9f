/** The preview of an access rule against past calls. */
import { describe, expect, it } from "vitest";
import { type PastCalls, previewAccessRule } from "../../../src/core/access/preview-rule.ts";
import type { AccessRule } from "../../../src/core/access/rules.ts";

const rule = (more: Partial<AccessRule> = {}): AccessRule => ({
  ...{ id: "preview", subjectType: "role", subjectId: "user", objectType: "tool", serverId: null },
  ...{ objectPattern: "*", effect: "deny", validFrom: null, validUntil: null },
  ...{ daysOfWeek: null, startTime: null, endTime: null },
  ...more,
});

const past = (more: Partial<PastCalls> = {}): PastCalls => ({
  ...{ at: new Date("2026-11-27T12:00:00Z"), userId: "ada", apiKeyId: null, roles: ["user"], kind: "tool" },
  ...{ serverId: "s1", serverName: "files", name: "read", count: 2 },
  ...more,
});

const PAST = [
  past(),
  past({ name: "delete_all", at: new Date("2026-11-27T21:30:00Z"), count: 3 }),
  past({
    userId: null,
    apiKeyId: "k1",
    roles: ["service"],
    serverId: "s2",
    serverName: "mail",
    name: "send",
  }),
  past({ userId: "bob", kind: "resource", name: "file:///a", count: 1 }),
];

const preview = (more: Partial<AccessRule>, groupMembers: readonly string[] = []) =>
  previewAccessRule(rule(more), PAST, { timeZone: "Europe/Zurich", groupMembers: new Set(groupMembers) });

describe("the preview of an access rule", () => {
  it.each<[string, Partial<AccessRule>, number, number]>([
    ["a role", {}, 5, 1],
    ["a user", { subjectType: "user", subjectId: "bob", objectType: "resource" }, 1, 1],
    ["a key", { subjectType: "key", subjectId: "k1" }, 2, 1],
    ["a pattern", { objectPattern: "delete_*" }, 3, 1],
    ["a server, with all of its items", { objectType: "server", objectPattern: "files" }, 6, 2],
    ["one server only", { serverId: "s2", subjectId: "service" }, 2, 1],
    ["hours of the organization's time zone", { startTime: "22:00", endTime: "06:00" }, 3, 1],
    ["days of the week", { daysOfWeek: [1] }, 0, 0],
    ["the time since which it is valid", { validFrom: new Date("2026-11-27T20:00:00Z") }, 3, 1],
    ["no toolset, which no call names", { objectType: "toolset" }, 0, 0],
  ])("matches %s", (_, more, matchedCalls, matchedCallers) => {
    expect(preview(more)).toMatchObject({ calls: 8, matchedCalls, matchedCallers });
  });

  it("matches the members of a group", () => {
    const group = { subjectType: "group", subjectId: "g1", objectType: "server" } as const;
    expect(preview(group, ["bob"])).toMatchObject({ matchedCalls: 1 });
    expect(preview(group)).toMatchObject({ matchedCalls: 0 });
  });

  it("lists the matched items, the most called first", () => {
    expect(preview({}).items).toEqual([
      { kind: "tool", serverName: "files", name: "delete_all", calls: 3 },
      { kind: "tool", serverName: "files", name: "read", calls: 2 },
    ]);
  });
});
