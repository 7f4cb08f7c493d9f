import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccessPrincipal } from "../../../src/core/access/access-principal.ts";
import { type AccessTarget, authorize, authorizeTarget } from "../../../src/core/access/authorize.ts";
import { explainDecision } from "../../../src/core/access/explain.ts";
import {
  type AccessDefault,
  type AccessRule,
  activeRules,
  compileRules,
} from "../../../src/core/access/rules.ts";

const NOW = new Date("2026-03-13T12:00:00Z");

const user: AccessPrincipal = { role: "user", scopes: ["proxy"], userId: "ann", keyId: "k1" };
const admin: AccessPrincipal = { ...user, role: "admin" };
const reader: AccessPrincipal = { ...user, role: "readonly" };

const tool: AccessTarget = { kind: "tool", serverId: "s1", serverName: "files", name: "write_file" };
const uri = (name: string): AccessTarget => ({ ...tool, kind: "resource", name });
const guard: AccessTarget = { ...tool, kind: "server", name: "files" };

let made = 0;
const rule = (effect: AccessRule["effect"], over: Partial<AccessRule> = {}): AccessRule => {
  made += 1;
  return {
    id: `r${made}`,
    subjectType: "user",
    subjectId: "ann",
    objectType: "tool",
    serverId: null,
    objectPattern: "*",
    effect,
    validFrom: null,
    validUntil: null,
    daysOfWeek: null,
    startTime: null,
    endTime: null,
    ...over,
  };
};
const allow = (over?: Partial<AccessRule>) => rule("allow", over);
const deny = (over?: Partial<AccessRule>) => rule("deny", over);

function may(
  caller: AccessPrincipal,
  target: AccessTarget,
  rules: AccessRule[],
  accessDefault: AccessDefault = "allow",
) {
  const compiled = compileRules(rules, { accessDefault, timeZone: "UTC" });
  return explainDecision(authorize(caller, "mcp.call", target, activeRules(compiled, caller, NOW)));
}

describe("who may use what", () => {
  it.each<[string, AccessPrincipal, AccessTarget, AccessRule[], AccessDefault, boolean, string]>([
    ["no rule, tenant allows", user, tool, [], "allow", true, "default"],
    ["no rule, tenant denies", user, tool, [], "deny", false, "default"],
    ["admins too need an allow where the tenant denies", admin, tool, [], "deny", false, "default"],
    ["a deny for the user", user, tool, [deny()], "allow", false, "rule"],
    [
      "a deny for the role",
      user,
      tool,
      [deny({ subjectType: "role", subjectId: "user" })],
      "allow",
      false,
      "rule",
    ],
    [
      "a deny for the key",
      user,
      tool,
      [deny({ subjectType: "key", subjectId: "k1" })],
      "allow",
      false,
      "rule",
    ],
    ["a deny for another subject", user, tool, [deny({ subjectId: "bob" })], "allow", true, "default"],
    [
      "a deny for a user of the same name as a role",
      user,
      tool,
      [deny({ subjectId: "user" })],
      "allow",
      true,
      "default",
    ],
    ["a deny binds admins as well", admin, tool, [deny()], "allow", false, "rule"],
    [
      "deny wins over a narrower allow",
      user,
      tool,
      [deny(), allow({ objectPattern: "write_file", serverId: "s1" })],
      "allow",
      false,
      "rule",
    ],
    ["a deny on another server", user, tool, [deny({ serverId: "s2" })], "allow", true, "default"],
    ["a deny on other tools", user, tool, [deny({ objectPattern: "read_*" })], "allow", true, "default"],
    ["a deny on prompts", user, tool, [deny({ objectType: "prompt" })], "allow", true, "default"],
    [
      "a deny on the server reaches its tools",
      user,
      tool,
      [deny({ objectType: "server", objectPattern: "fil*" })],
      "allow",
      false,
      "rule",
    ],
    ["a deny that is over", user, tool, [deny({ validUntil: NOW })], "allow", true, "default"],
    [
      "a deny at other hours",
      user,
      tool,
      [deny({ startTime: "22:00", endTime: "06:00" })],
      "allow",
      true,
      "default",
    ],
    [
      "an allow where the tenant denies",
      user,
      tool,
      [allow({ objectPattern: "write_*" })],
      "deny",
      true,
      "rule",
    ],
    ["an allow that is over", user, tool, [allow({ validUntil: NOW })], "deny", false, "default"],
    [
      "an allow of the server allows its tools",
      user,
      tool,
      [allow({ objectType: "server", serverId: "s1" })],
      "deny",
      true,
      "rule",
    ],
    [
      "an allow of a tool opens the server's endpoint",
      user,
      guard,
      [allow({ serverId: "s1" })],
      "deny",
      true,
      "rule",
    ],
    ["… and of no other server", user, guard, [allow({ serverId: "s2" })], "deny", false, "default"],
    ["a deny of a tool does not close it", user, guard, [deny()], "allow", true, "default"],
    ["a pattern that is none denies all", user, tool, [deny({ objectPattern: "{" })], "allow", false, "rule"],
    [
      "a pattern that is none allows nothing",
      user,
      tool,
      [allow({ objectPattern: "{" })],
      "deny",
      false,
      "default",
    ],
    ["a reader calls no tool", reader, tool, [], "allow", false, "readonly"],
    [
      "a reader calls a tool that only reads",
      reader,
      { ...tool, readOnly: true },
      [],
      "allow",
      true,
      "default",
    ],
    ["… unless it is denied", reader, { ...tool, readOnly: true }, [deny()], "allow", false, "rule"],
    ["… or the tenant denies", reader, { ...tool, readOnly: true }, [], "deny", false, "default"],
    ["a reader calls a tool that a rule allows", reader, tool, [allow()], "allow", true, "rule"],
    ["a reader reads", reader, uri("file:///a"), [], "allow", true, "default"],
    ["configuration is for admins", user, uri("config://app"), [], "allow", false, "configuration"],
    [
      "… whatever the rules are",
      user,
      uri("config://app"),
      [allow({ objectType: "resource" })],
      "allow",
      false,
      "configuration",
    ],
    ["… and admins read it", admin, uri("config://app"), [], "allow", true, "default"],
    [
      "… unless it is denied to them",
      admin,
      uri("config://app"),
      [deny({ objectType: "resource" })],
      "allow",
      false,
      "rule",
    ],
    ["a scope is missing", { ...user, scopes: ["read"] }, tool, [allow()], "allow", false, "scope"],
  ])("%s", (_, caller, target, rules, accessDefault, allowed, decidedBy) => {
    expect(may(caller, target, rules, accessDefault)).toMatchObject({ allowed, decidedBy });
  });

  it("returns the rule that decided", () => {
    const one = deny({ id: "the-rule", objectPattern: "write_*" });
    expect(may(user, tool, [allow(), one])).toEqual({
      allowed: false,
      decidedBy: "rule",
      reason: "Rule: deny user ann on tool write_*, active at this time.",
      rule: one,
    });
  });
});

describe("a URI that is written otherwise", () => {
  const secret = deny({ objectType: "resource", objectPattern: "file:///secret/*" });

  it.each([
    "file:///secret/key",
    "FILE:///secret/key",
    "file:///docs/../secret/key",
    "file:///./secret/key",
    "file:///%73ecret/key",
    "file:///docs/%2e%2e/secret/key",
    "file:///%2573ecret/key",
    "file:///secret%2Fkey",
    "file:////secret/key",
    "file:///docs\\..\\secret\\key",
    " file:///secret/key",
    "file:///sec\nret/key",
  ])("%j is denied as what it means", (name) => {
    expect(may(user, uri(name), [secret]).allowed).toBe(false);
  });

  it.each([
    "CONFIG://app",
    " config://app",
    "config%3A//app",
    "con\tfig://app",
    "config:app",
    "%63onfig://app",
  ])("%j is configuration", (name) => {
    expect(may(user, uri(name), []).decidedBy).toBe("configuration");
  });

  it.each(["file:///docs/../secret/key", "file:///docs/%2e%2e/secret/key"])(
    "%j is not allowed for what it seems",
    (name) => {
      const docs = allow({ objectType: "resource", objectPattern: "file:///docs/*" });
      expect(may(user, uri(name), [docs], "deny").allowed).toBe(false);
    },
  );

  it.each([
    ["file:///docs/a b", "file:///docs/a%20b"],
    ["file:///docs/a%20b", "file:///docs/a b"],
  ])("the deny of %j holds for %j", (objectPattern, name) => {
    expect(may(user, uri(name), [deny({ objectType: "resource", objectPattern })]).allowed).toBe(false);
  });

  it("a template is allowed by its own text", () => {
    const template = allow({ objectType: "resource", objectPattern: "file:///docs/\\{name\\}" });
    expect(may(user, uri("file:///docs/{name}"), [template], "deny").allowed).toBe(true);
  });
});

describe("whatever the rules", () => {
  const names = fc.constantFrom("read_file", "write_file", "list");
  const someRule = fc.record({
    subject: fc.constantFrom<[AccessRule["subjectType"], string]>(
      ["user", "ann"],
      ["user", "bob"],
      ["role", "user"],
      ["role", "readonly"],
      ["key", "k1"],
    ),
    objectType: fc.constantFrom<AccessRule["objectType"]>("server", "tool", "prompt", "resource"),
    serverId: fc.constantFrom(null, "s1", "s2"),
    objectPattern: fc.constantFrom("*", "read_*", "{write,read}_file", "files", "config:*", "list"),
    effect: fc.constantFrom<AccessRule["effect"]>("allow", "deny"),
    validUntil: fc.constantFrom(null, NOW, new Date("2027-01-01")),
    daysOfWeek: fc.constantFrom(null, [5], [1, 2]),
  });
  const rules = fc.array(
    someRule.map(({ subject: [subjectType, subjectId], ...rest }) =>
      rule(rest.effect, { ...rest, subjectType, subjectId }),
    ),
    { maxLength: 8 },
  );
  const target = fc.record({
    kind: fc.constantFrom<AccessTarget["kind"]>("server", "tool", "prompt", "resource"),
    serverId: fc.constantFrom("s1", "s2"),
    serverName: fc.constant("files"),
    name: fc.oneof(names, fc.constantFrom("config://a", "file:///x")),
    readOnly: fc.boolean(),
  });
  const caller = fc.constantFrom(user, admin, reader, { ...user, role: "service" as const });
  const standing = fc.constantFrom<AccessDefault>("allow", "deny");
  const anything = fc.tuple(rules, target, caller, standing);

  const decide = (list: AccessRule[], what: AccessTarget, who: AccessPrincipal, standard: AccessDefault) =>
    authorizeTarget(
      who.role,
      what,
      activeRules(compileRules(list, { accessDefault: standard, timeZone: "UTC" }), who, NOW),
    );

  it("their order means nothing", () => {
    fc.assert(
      fc.property(anything, fc.infiniteStream(fc.nat()), ([list, ...rest], random) => {
        const shuffled = list
          .map((one) => ({ one, place: random.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ one }) => one);
        expect(decide(shuffled, ...rest).allowed).toBe(decide(list, ...rest).allowed);
      }),
    );
  });

  it("one more deny never allows more, one more allow never denies more", () => {
    fc.assert(
      fc.property(anything, rules, ([list, ...rest], more) => {
        const before = decide(list, ...rest).allowed;
        const denies = more.map((one) => ({ ...one, effect: "deny" as const }));
        const allows = more.map((one) => ({ ...one, effect: "allow" as const }));
        if (!before) expect(decide([...list, ...denies], ...rest).allowed).toBe(false);
        if (before) expect(decide([...list, ...allows], ...rest).allowed).toBe(true);
      }),
    );
  });

  it("a deny that holds and matches wins", () => {
    fc.assert(
      fc.property(anything, ([list, what, who, standard]) => {
        const all = deny({ subjectType: "role", subjectId: who.role, objectType: what.kind });
        expect(decide([...list, all], what, who, standard).allowed).toBe(false);
      }),
    );
  });

  it("allows only admins to read configuration", () => {
    fc.assert(
      fc.property(anything, ([list, , who, standard]) => {
        if (who.role !== "admin") expect(decide(list, uri("config://a"), who, standard).allowed).toBe(false);
      }),
    );
  });

  it("ignores a rule for another subject", () => {
    fc.assert(
      fc.property(anything, rules, ([list, ...rest], more) => {
        const others = more.map((one) => ({ ...one, subjectType: "user" as const, subjectId: "bob" }));
        expect(decide([...list, ...others], ...rest).allowed).toBe(decide(list, ...rest).allowed);
      }),
    );
  });

  it("a caller who may use a tool may use its server's endpoint", () => {
    fc.assert(
      fc.property(anything, ([list, what, who, standard]) => {
        if (what.kind === "server" || !decide(list, what, who, standard).allowed) return;
        const entrance = { ...what, kind: "server" as const, name: what.serverName };
        expect(decide(list, entrance, who, standard).allowed).toBe(true);
      }),
    );
  });
});
