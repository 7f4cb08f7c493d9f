/** Bindings of keys, groups, roles and clients to toolsets: what can be bound, what stays, and what keys inherit. */
import { beforeAll, describe, expect, it } from "vitest";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let admin: TestKey;
let toolsetId: string;

const as = (key: string) => ({
  get: (path: string) => call("GET", path, { key }),
  post: (path: string, json: object) => call("POST", path, { key, json }),
  patch: (path: string, json: object) => call("PATCH", path, { key, json }),
  del: (path: string) => call("DELETE", path, { key }),
});

let count = 0;
async function newToolset(key = admin.text): Promise<string> {
  count += 1;
  const made = await as(key).post("/toolsets", { slug: `set-${count}`, title: "Set" });
  expect(made.status).toBe(201);
  return made.body.id;
}

beforeAll(async () => {
  tenant = await addTenant("bindings");
  // Before the first request, so that the snapshot holds it.
  await tenant.addServer("files");
  admin = await tenant.addKey();
  toolsetId = await newToolset();
});

describe("a toolset binding", () => {
  it("is of a key, a group, a role or a client, once for each", async () => {
    const { get, patch, post } = as(admin.text);
    const { body: group } = await post("/groups", { name: "Guests" });
    const key = await tenant.addKey();
    for (const [subjectType, subjectId] of [
      ["key", key.id],
      ["group", group.id],
      ["role", "readonly"],
      ["client", "https://editor.example.com/client.json"],
    ]) {
      const made = await post("/toolset-bindings", { subjectType, subjectId, toolsetId });
      expect(made).toMatchObject({ status: 201, body: { subjectType, subjectId, toolsetId } });
      const again = await post("/toolset-bindings", { subjectType, subjectId, toolsetId });
      expect(again.status).toBe(409);
    }
    const other = await newToolset();
    const [first] = (await get(`/toolset-bindings?subjectType=key&subjectId=${key.id}`)).body.items;
    expect((await patch(`/toolset-bindings/${first.id}`, { toolsetId: other })).body.toolsetId).toBe(other);
    expect((await patch(`/toolset-bindings/${first.id}`, { subjectId: admin.id })).status).toBe(400);
  });

  it("refers to what the organization has", async () => {
    const other = await addTenant("bindings-elsewhere");
    const stranger = await other.addKey();
    const foreign = await newToolset(stranger.text);
    const { body: group } = await as(stranger.text).post("/groups", { name: "Theirs" });
    const faults = async (subjectType: string, subjectId: string, id = toolsetId) =>
      (await as(admin.text).post("/toolset-bindings", { subjectType, subjectId, toolsetId: id })).body.errors;
    expect(await faults("key", stranger.id)).toEqual([{ path: "/subjectId", message: "unknown key" }]);
    expect(await faults("group", group.id)).toEqual([{ path: "/subjectId", message: "unknown group" }]);
    expect(await faults("role", "owner")).toEqual([{ path: "/subjectId", message: "unknown role" }]);
    expect(await faults("role", "service", foreign)).toEqual([
      { path: "/toolsetId", message: "unknown toolset" },
    ]);
  });

  it("keeps its toolset and its group", async () => {
    const { del, post } = as(admin.text);
    const { body: group } = await post("/groups", { name: "Kept" });
    const id = await newToolset();
    const { body: made } = await post("/toolset-bindings", {
      subjectType: "group",
      subjectId: group.id,
      toolsetId: id,
    });
    const refused = await del(`/toolsets/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { detail: "The toolset is in use. Delete its toolset bindings first." },
    });
    expect((await del(`/groups/${group.id}`)).status).toBe(409);
    expect((await del(`/toolset-bindings/${made.id}`)).status).toBe(204);
    expect((await del(`/toolsets/${id}`)).status).toBe(204);
    expect((await del(`/groups/${group.id}`)).status).toBe(204);
  });

  it("passes on to the keys that a bound key makes, and to its successor", async () => {
    const key = await tenant.addKey();
    const { get, post } = as(admin.text);
    await post("/toolset-bindings", { subjectType: "key", subjectId: key.id, toolsetId });
    const minted = await as(key.text).post("/keys", { name: "minted", scopes: ["proxy"] });
    const rotated = await as(key.text).post(`/keys/${key.id}/rotate`, {});
    for (const { body } of [minted, rotated]) {
      const bindings = await get(`/toolset-bindings?subjectType=key&subjectId=${body.key.id}`);
      expect(bindings.body.items).toMatchObject([{ toolsetId }]);
    }
  });

  it("of a user's role leaves no server in their lists", async () => {
    const { text } = await tenant.addKey({ role: "user" });
    expect((await as(text).get("/servers")).body.items).toHaveLength(1);
    const { body: made } = await as(admin.text).post("/toolset-bindings", {
      subjectType: "role",
      subjectId: "user",
      toolsetId,
    });
    await expect.poll(async () => (await as(text).get("/servers")).body.items).toEqual([]);
    await as(admin.text).del(`/toolset-bindings/${made.id}`);
    await expect.poll(async () => (await as(text).get("/servers")).body.items).toHaveLength(1);
  });
});

describe("an access rule on toolsets", () => {
  it("names them by a pattern over their slugs, and no server", async () => {
    const { patch, post } = as(admin.text);
    const serverId = await tenant.addServer("tickets");
    const rule = { subject: { type: "role", id: "user" }, objectType: "toolset", effect: "deny" };
    const made = await post("/access-controls", { ...rule, objectPattern: "internal-*" });
    expect(made).toMatchObject({ status: 201, body: { objectType: "toolset", objectPattern: "internal-*" } });
    const fault = { path: "/serverId", message: "must be null for a toolset, which is of no server" };
    expect((await post("/access-controls", { ...rule, serverId })).body.errors).toEqual([fault]);
    expect((await patch(`/access-controls/${made.body.id}`, { serverId })).body.errors).toEqual([fault]);
  });
});
