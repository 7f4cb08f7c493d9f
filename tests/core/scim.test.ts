import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFilter } from "../../src/core/scim/filter.ts";
import { patchGroup, readGroup } from "../../src/core/scim/group-state.ts";
import { readPatch } from "../../src/core/scim/patch.ts";
import { ScimError } from "../../src/core/scim/scim-error.ts";
import { patchUser, readUser } from "../../src/core/scim/user-state.ts";

const ATTRIBUTES = { username: "userName", externalid: "externalId" } as const;
const parse = (text: string) => parseFilter(text, ATTRIBUTES);
const eq = (attribute: string, value: string) => ({ kind: "eq", attribute, value });

/** An error of SCIM is an answer; any other is a defect. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ScimError);
  }
}

describe("parseFilter", () => {
  it("reads and before or, parentheses, escapes and any case", () => {
    expect(parse('USERNAME EQ "a\\"b" or externalId eq "c" And userName eq "d"')).toEqual({
      kind: "or",
      left: eq("userName", 'a"b'),
      right: { kind: "and", left: eq("externalId", "c"), right: eq("userName", "d") },
    });
    expect(parse('(userName eq "a" or userName eq "b") and externalId eq "c"')).toMatchObject({
      kind: "and",
    });
  });

  it.each([
    "",
    "userName",
    'userName eq "a',
    'userName eq "a" and',
    '(userName eq "a"',
    'title eq "a"',
    ") eq 1",
  ])("refuses %j", (text) => {
    expect(() => parse(text)).toThrow(ScimError);
  });

  it("answers any text with a filter or an error of SCIM, also a very deep one", () => {
    fc.assert(fc.property(fc.string(), (text) => attempt(() => parse(text))));
    attempt(() => parse("(".repeat(1999)));
  });
});

const user = readUser({ userName: "A@Example.com", name: { givenName: "A" }, active: "True" });
const patch = (...Operations: unknown[]) => patchUser(user, readPatch({ operations: Operations }));

describe("patchUser", () => {
  it.each<[unknown, object]>([
    [{ op: "replace", value: { active: false } }, { isActive: false }],
    [{ op: "Replace", path: "active", value: "False" }, { isActive: false }],
    [{ op: "Replace", path: "active", value: [{ value: "False" }] }, { isActive: false }],
    [
      { op: "replace", value: { "name.familyName": "B" } },
      { givenName: "A", familyName: "B" },
    ],
    [{ op: "replace", path: "name", value: { givenName: "C" } }, { givenName: "C" }],
    [{ op: "remove", path: "name.givenName" }, { givenName: undefined }],
    [
      { op: "add", path: "urn:ietf:params:scim:schemas:core:2.0:User:userName", value: "X@y.z" },
      { userName: "x@y.z" },
    ],
    [
      { op: "add", path: "emails", value: [{ value: "b@c.d" }, { value: "P@c.d", primary: true }] },
      { email: "p@c.d" },
    ],
    [{ op: "add", path: "title", value: "Engineer" }, user],
  ])("applies %j", (operation, changed) => {
    expect(patch(operation)).toMatchObject(changed);
  });

  it.each([
    { op: "move", path: "active" },
    { op: "replace", value: "x" },
    { op: "replace", path: "active", value: "maybe" },
    { op: "remove", path: "userName" },
    { op: "remove" },
    { op: "replace", path: "emails", value: [{ value: "no address" }] },
  ])("refuses %j", (operation) => {
    expect(() => patch(operation)).toThrow(ScimError);
  });

  it("answers any operations with a user or an error of SCIM", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => attempt(() => patch(value))));
    const operation = fc.record({
      op: fc.constantFrom("add", "Remove", "replace"),
      path: fc.constantFrom("members", "name", "emails", 'emails[type eq "work"].value', "active", undefined),
      value: fc.jsonValue(),
    });
    fc.assert(fc.property(operation, (one) => attempt(() => patch(one))));
  });
});

describe("patchGroup", () => {
  const group = readGroup({ displayName: "G", members: [{ value: "a" }, { value: "b" }] });
  const change = (...operations: object[]) => [
    ...patchGroup(group, readPatch({ Operations: operations })).members,
  ];

  it.each<[object, string[]]>([
    [{ op: "remove", path: 'members[value eq "a"]' }, ["b"]],
    [{ op: "Remove", path: "members", value: [{ value: "b" }] }, ["a"]],
    [{ op: "remove", path: "members" }, []],
    [{ op: "add", path: "members", value: { value: "c" } }, ["a", "b", "c"]],
    [{ op: "add", value: { members: [{ value: "a" }] } }, ["a", "b"]],
    [{ op: "replace", path: "members", value: [{ value: "z" }] }, ["z"]],
    [{ op: "replace", value: { members: [] } }, []],
  ])("applies %j", (operation, members) => {
    expect(change(operation)).toEqual(members);
  });
});
