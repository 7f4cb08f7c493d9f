/** The caller's own account over REST, and the last activity of members. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let key: TestKey;
const unique = () => `Ada_${crypto.randomUUID().slice(0, 8)}`;
const change = (json: object, by = key.text) => call("PATCH", "/me/profile", { key: by, json });

beforeAll(async () => {
  tenant = await addTenant("profile");
  key = await tenant.addKey({ role: "readonly" });
});

describe("the caller's profile", () => {
  it("is read and changed by its user, and the change is audited", async () => {
    const username = unique();
    const changed = await change({ name: "  Ada Example ", username });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: "Ada Example", username: username.toLowerCase(), displayUsername: username },
    });
    expect((await call("GET", "/me/profile", { key: key.text })).body).toEqual(changed.body);
    expect(await tenant.audit()).toContainEqual(expect.objectContaining({ action: "me.update" }));
    expect((await change({ username: null })).body).toMatchObject({ username: null, displayUsername: null });
  });

  it("keeps usernames apart, whatever their case", async () => {
    const username = unique();
    const other = await tenant.addKey({ role: "user" });
    expect((await change({ username })).status).toBe(200);
    const taken = await change({ username: username.toUpperCase() }, other.text);
    expect(taken).toMatchObject({ status: 409, body: { detail: "This username is taken." } });
  });

  it.each([
    {},
    { name: " " },
    { username: "a" },
    { username: "ada@example.com" },
    { email: "x@example.com" },
  ])("rejects %j", async (json) => {
    expect((await change(json)).status).toBe(400);
  });

  it("belongs to a user", async () => {
    const machine = await tenant.addKey({ role: "user" });
    await owner.query("update api_keys set user_id = null where id = $1", [machine.id]);
    const orphan = await tenant.addKey({ role: "user", scopes: ["read"] });
    expect((await change({ name: "Eve" }, orphan.text)).status).toBe(403);
  });
});

describe("the last activity of a member", () => {
  it("is the latest use of a session or key in this organization", async () => {
    const admin = await tenant.addKey();
    const member = await tenant.addKey({ role: "user" });
    const read = async () =>
      (await call("GET", `/users/${member.userId}`, { key: admin.text })).body.lastActivity;
    await owner.query("update api_keys set last_used = null where id = $1", [member.id]);
    expect(await read()).toBeNull();
    const elsewhere = await addTenant("profile-elsewhere");
    const begin = (tenantId: string, at: string) =>
      owner.query(
        `insert into session (id, token, user_id, expires_at, tenant_id, last_activity)
         values ($1, $1, $2, now() + interval '1 day', $3, $4)`,
        [crypto.randomUUID(), member.userId, tenantId, at],
      );
    await begin(elsewhere.id, "2026-05-05T00:00:00Z");
    expect(await read()).toBeNull();
    await begin(tenant.id, "2026-05-03T00:00:00Z");
    expect(await read()).toBe("2026-05-03T00:00:00.000Z");
    await owner.query("update api_keys set last_used = '2026-05-04T00:00:00Z' where id = $1", [member.id]);
    expect(await read()).toBe("2026-05-04T00:00:00.000Z");
  });
});
