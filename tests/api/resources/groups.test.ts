/** Groups and their members: names, roles, expiry, what a provider manages, and what goes with whom. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeAll(async () => {
  tenant = await addTenant("groups");
  admin = await tenant.addKey();
});

const as = (key: string) => ({
  get: (path: string) => call("GET", path, { key }),
  post: (path: string, json?: object) => call("POST", path, { key, ...(json && { json }) }),
  patch: (path: string, json: object, ifMatch = "*") =>
    call("PATCH", path, { key, json, headers: { "if-match": ifMatch } }),
  del: (path: string) => call("DELETE", path, { key }),
});

let count = 0;
async function newGroup(fields: object = {}) {
  count += 1;
  const made = await as(admin.text).post("/groups", { name: `Group ${count}`, ...fields });
  expect(made.status).toBe(201);
  return made.body;
}

async function join(groupId: string, fields: object = {}) {
  const userId = await tenant.addUser("user");
  const made = await as(admin.text).post("/group-members", { groupId, userId, ...fields });
  expect(made.status).toBe(201);
  return made.body;
}

describe("a group", () => {
  it("is created by an admin, found by name, and changed only as it was read", async () => {
    const { get, patch, post } = as(admin.text);
    const group = await newGroup({ name: "Engineering", description: "Members who deploy." });
    expect(group).toMatchObject({ name: "Engineering", source: "manual", externalId: null });
    const read = await get(`/groups/${group.id}`);
    const tag = read.headers.get("etag") ?? "";
    expect((await get("/groups?q=who%20deploy")).body.items).toEqual([read.body]);
    expect((await patch(`/groups/${group.id}`, { description: null }, tag)).status).toBe(200);
    expect((await patch(`/groups/${group.id}`, { name: "Late" }, tag)).status).toBe(412);
    expect((await post("/groups", { name: "Engineering" })).body).toMatchObject({
      code: "conflict",
      detail: "Group already exists.",
    });
    expect((await post("/groups", { name: "x", source: "scim" })).status).toBe(400);
  });

  it("that a provider manages keeps its name and external ID, and not its description", async () => {
    const { patch } = as(admin.text);
    const group = await newGroup({ externalId: "okta-1" });
    await owner.query("update groups set source = 'scim' where id = $1", [group.id]);
    for (const change of [{ name: "Other" }, { externalId: null }]) {
      const refused = await patch(`/groups/${group.id}`, change);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain("is provisioned (scim)");
    }
    const changed = await patch(`/groups/${group.id}`, { name: group.name, description: "From Okta." });
    expect(changed.body).toMatchObject({ source: "scim", description: "From Okta.", externalId: "okta-1" });
  });

  it("takes its memberships with it, and not the members", async () => {
    const { del, get } = as(admin.text);
    const group = await newGroup();
    const member = await join(group.id);
    expect((await del(`/groups/${group.id}`)).status).toBe(204);
    expect((await get(`/group-members/${member.id}`)).status).toBe(404);
    expect((await get(`/members/${member.userId}`)).status).toBe(200);
  });

  it("is changed by admins only", async () => {
    const { text } = await tenant.addKey({ role: "user" });
    const group = await newGroup();
    for (const answer of [
      await as(text).get("/groups"),
      await as(text).post("/groups", { name: "Mine" }),
      await as(text).post("/group-members", { groupId: group.id, userId: admin.userId }),
    ]) {
      expect(answer.status).toBe(403);
    }
  });
});

describe("a membership in a group", () => {
  it("has a role and an expiry, once for each member", async () => {
    const { get, patch, post } = as(admin.text);
    const group = await newGroup();
    const member = await join(group.id);
    expect(member).toMatchObject({ role: "user", source: "manual", expiresAt: null });
    const again = await post("/group-members", { groupId: group.id, userId: member.userId, role: "owner" });
    expect(again.body).toMatchObject({ code: "conflict", detail: "Group member already exists." });
    const expiresAt = "2030-01-01T00:00:00.000Z";
    const changed = await patch(`/group-members/${member.id}`, { role: "owner", expiresAt });
    expect(changed.body).toMatchObject({ role: "owner", expiresAt });
    await join(group.id);
    const owners = await get(`/group-members?groupId=${group.id}&role=owner`);
    expect(owners.body.items).toEqual([changed.body]);
    expect((await get(`/group-members?userId=${member.userId}`)).body.items).toEqual([changed.body]);
    expect((await patch(`/group-members/${member.id}`, { userId: admin.userId })).status).toBe(400);
  });

  it("is of a group and a member of this organization", async () => {
    const other = await addTenant("other-groups");
    const stranger = await other.addUser("user");
    const { text } = await other.addKey();
    const { body: foreign } = await as(text).post("/groups", { name: "Theirs" });
    const group = await newGroup();
    const { post } = as(admin.text);
    const refused = await post("/group-members", { groupId: foreign.id, userId: admin.userId });
    expect(refused).toMatchObject({
      status: 400,
      body: { errors: [{ path: "/groupId", message: "unknown group" }] },
    });
    expect((await post("/group-members", { groupId: group.id, userId: stranger })).body.errors).toEqual([
      { path: "/userId", message: "unknown member" },
    ]);
  });

  it("ends when the member leaves the organization, and does not come back with them", async () => {
    const { del, get } = as(admin.text);
    const group = await newGroup();
    const member = await join(group.id);
    expect((await del(`/members/${member.userId}`)).status).toBe(204);
    await owner.query("insert into tenant_members (tenant_id, user_id) values ($1, $2)", [
      tenant.id,
      member.userId,
    ]);
    expect((await get(`/group-members?groupId=${group.id}`)).body.items).toEqual([]);
  });

  it("that a provider manages is ended by its expiry, not by its deletion", async () => {
    const { del, patch } = as(admin.text);
    const group = await newGroup();
    const member = await join(group.id);
    await owner.query("update group_members set source = 'claims' where id = $1", [member.id]);
    const refused = await del(`/group-members/${member.id}`);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain("is provisioned (claims)");
    expect((await patch(`/group-members/${member.id}`, { expiresAt: "2020-01-01T00:00:00Z" })).status).toBe(
      200,
    );
  });

  it("is in the audit log with its role before and after", async () => {
    const { del, patch } = as(admin.text);
    const member = await join((await newGroup()).id);
    await patch(`/group-members/${member.id}`, { role: "publisher" });
    await del(`/group-members/${member.id}`);
    const entries = (await tenant.audit()).filter(({ resource_id: id }) => id === member.id);
    expect(entries.map(({ action }) => action)).toEqual([
      "group-members.create",
      "group-members.update",
      "group-members.delete",
    ]);
    expect(entries[1]).toMatchObject({
      before: { role: "user", userId: member.userId },
      after: { role: "publisher" },
    });
  });
});

describe("a group in rules and limits", () => {
  const rule = (groupId: string) => ({
    subject: { type: "group", id: groupId },
    objectType: "tool",
    objectPattern: "write_*",
    effect: "deny",
  });

  it("cannot be deleted while they name it", async () => {
    const { del, post } = as(admin.text);
    const group = await newGroup();
    const made = await post("/access-controls", rule(group.id));
    expect(made).toMatchObject({ status: 201, body: { subjectType: "group", subjectId: group.id } });
    const limit = await post("/rate-limits", { subjectType: "group", subjectId: group.id, limitCount: 5 });
    expect(limit.status).toBe(201);
    const refused = await del(`/groups/${group.id}`);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toBe(
      "The group is in use. Delete the access rules, rate limits, budgets and toolset bindings that name it first.",
    );
    await del(`/access-controls/${made.body.id}`);
    expect((await del(`/groups/${group.id}`)).status).toBe(409);
    await del(`/rate-limits/${limit.body.id}`);
    expect((await del(`/groups/${group.id}`)).status).toBe(204);
  });

  it("is one of the organization's, and is there", async () => {
    const { post } = as(admin.text);
    const other = await addTenant("groups-elsewhere");
    const { text } = await other.addKey();
    const { body: foreign } = await as(text).post("/groups", { name: "Theirs" });
    for (const id of [foreign.id, crypto.randomUUID()]) {
      expect((await post("/access-controls", rule(id))).status).toBe(404);
      const limit = await post("/rate-limits", { subjectType: "group", subjectId: id, limitCount: 5 });
      expect(limit.body.errors).toEqual([{ path: "/subjectId", message: "unknown group" }]);
    }
    expect((await post("/access-controls", rule("engineers"))).status).toBe(400);
  });

  it("is never named by a rule that is made while it is deleted", async () => {
    const { del, get, post } = as(admin.text);
    for (let time = 0; time < 5; time += 1) {
      const group = await newGroup();
      const [made, deleted] = await Promise.all([
        post("/access-controls", rule(group.id)),
        del(`/groups/${group.id}`),
      ]);
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([made.status, deleted.status]);
      expect((await get(`/groups/${group.id}`)).status).toBe(made.status === 201 ? 200 : 404);
    }
  });

  it("decides in the access check, for a member, their key and the group itself", async () => {
    const { post } = as(admin.text);
    const group = await newGroup();
    const serverId = await tenant.addServer(`files-${count}`);
    const member = await join(group.id, { expiresAt: "2030-01-01T00:00:00Z" });
    const key = await tenant.addKey({ userId: member.userId });
    await post("/access-controls", rule(group.id));
    const ask = async (principal: object, at?: string) =>
      (
        await post("/access/explain", {
          principal,
          use: { kind: "tool", serverId, name: "write_file" },
          ...(at !== undefined && { at }),
        })
      ).body;
    for (const principal of [{ userId: member.userId }, { keyId: key.id }, { groupId: group.id }]) {
      expect(await ask(principal)).toMatchObject({
        allowed: false,
        decidedBy: "rule",
        rule: { subjectType: "group", subjectId: group.id },
      });
    }
    expect(await ask({ userId: member.userId }, "2030-01-01T00:00:00Z")).toMatchObject({ allowed: true });
    expect(await ask({ role: "user" })).toMatchObject({ allowed: true });
    const strange = { principal: { groupId: crypto.randomUUID() }, action: "me.read" };
    expect((await post("/access/explain", strange)).status).toBe(404);
  });
});
