/** What a tenant's admins may do to accounts, and to whose. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;
let ann: string;

const session = async (userId: string): Promise<string> => {
  const id = crypto.randomUUID();
  await owner.query(
    `insert into session (id, token, user_id, tenant_id, expires_at)
     values ($1, $1, $2, $3, now() + interval '1 day')`,
    [id, userId, tenant.id],
  );
  return id;
};
const post = (path: string, json: object = {}) => call("POST", path, { key: admin.text, json });
const sessionsOf = async (userId: string) =>
  (await call("GET", `/users/${userId}/sessions`, { key: admin.text })).body.items;

beforeAll(async () => {
  tenant = await addTenant("standing");
  admin = await tenant.addKey();
  ann = await tenant.addUser("user");
});

describe("a ban", () => {
  it("ends all sessions, gives its reason, is lifted, and is recorded", async () => {
    await session(ann);
    const banned = await post(`/users/${ann}/ban`, { reason: "Too curious.", until: "2099-01-01T00:00:00Z" });
    expect(banned.body).toMatchObject({ banned: true, banReason: "Too curious." });
    expect(await sessionsOf(ann)).toEqual([]);
    expect((await call("GET", `/users/${ann}`, { key: admin.text })).body).toEqual(banned.body);
    expect((await call("GET", "/users?banned=true", { key: admin.text })).body.items).toHaveLength(1);
    expect((await post(`/users/${ann}/unban`)).body).toMatchObject({ banned: false, banReason: null });
    expect((await tenant.audit()).map(({ action }) => action)).toEqual(["users.ban", "users.ban"]);
    const events = await owner.query("select event_type from security_events where tenant_id = $1", [
      tenant.id,
    ]);
    expect(events.map(({ event_type: type }) => type).sort()).toEqual(["user.banned", "user.unbanned"]);
  });

  it("that has run out is none", async () => {
    await owner.query(
      `update "user" set banned = true, ban_expires = now() - interval '1 hour' where id = $1`,
      [ann],
    );
    expect((await call("GET", `/users/${ann}`, { key: admin.text })).body.banned).toBe(false);
    expect((await call("GET", "/users?banned=true", { key: admin.text })).body.items).toEqual([]);
  });

  it("must end after it begins", async () => {
    const answer = await post(`/users/${ann}/ban`, { reason: "x", until: "2020-01-01T00:00:00Z" });
    expect(answer.body.errors).toEqual([{ path: "/until", message: "must be in the future" }]);
  });
});

describe("beyond a tenant's admins", () => {
  it.each<[string, () => Promise<string>, number]>([
    ["they themselves", async () => admin.userId ?? "", 409],
    [
      "a user whom another tenant manages",
      async () => {
        const guest = await (await addTenant("elsewhere")).addUser("user");
        await owner.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'user')", [
          tenant.id,
          guest,
        ]);
        return guest;
      },
      403,
    ],
    [
      "operator privileges",
      async () => {
        const operator = await tenant.addUser("admin");
        await owner.query(`update "user" set role = 'admin' where id = $1`, [operator]);
        return operator;
      },
      403,
    ],
  ])("are %s", async (_, whom, status) => {
    const id = await whom();
    await session(id);
    expect((await post(`/users/${id}/ban`, { reason: "No." })).status).toBe(status);
    if (status === 403) {
      expect((await post(`/users/${id}/end-sessions`)).status).toBe(403);
      expect(await sessionsOf(id)).toHaveLength(1);
    }
  });
});

describe("sessions", () => {
  it("are ended one by one, or all", async () => {
    const ben = await tenant.addUser("user");
    const [one] = [await session(ben), await session(ben), await session(ben)];
    expect(await sessionsOf(ben)).toHaveLength(3);
    expect((await post(`/users/${ben}/end-sessions`, { sessionId: one })).status).toBe(204);
    expect((await post(`/users/${ben}/end-sessions`, { sessionId: one })).status).toBe(404);
    expect(await sessionsOf(ben)).toHaveLength(2);
    expect((await post(`/users/${ben}/end-sessions`)).status).toBe(204);
    expect(await sessionsOf(ben)).toEqual([]);
  });
});
