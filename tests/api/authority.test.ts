/** Who may do what, and what ends with it: keys, memberships, rules and credentials, one by one and in races. */
import { describe, expect, it } from "vitest";
import { isStaleWrite } from "../../src/db/errors.ts";
import { assertActor } from "../../src/db/queries/identity/authority.ts";
import { database, owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

const me = (key: string) => call("GET", "/me", { key });

const denyOn = (tenant: TestTenant, keyId: string, effect = "deny") =>
  owner.query(
    `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, object_pattern, effect)
     values ($1, 'key', $2, 'tool', 'secret_*', $3)`,
    [tenant.id, keyId, effect],
  );

const rulesOf = (keyId: string) =>
  owner.query(
    "select effect, object_pattern from server_access_controls where subject_id = $1 order by effect",
    [keyId],
  );

async function adminsOf(tenant: TestTenant): Promise<number> {
  const rows = await owner.query("select 1 from tenant_members where tenant_id = $1 and role = 'admin'", [
    tenant.id,
  ]);
  return rows.length;
}

describe("a key in another person's name", () => {
  it("is not made by turning the person into a service account", async () => {
    const tenant = await addTenant("authority");
    const admin = await tenant.addKey();
    const victim = await tenant.addKey({ role: "user" });
    const flipped = await call("PATCH", `/members/${victim.userId}`, {
      key: admin.text,
      json: { role: "service" },
    });
    expect(flipped.status).toBe(409);
    // Even where the role has it already, as in rows of earlier releases.
    await owner.query("update tenant_members set role = 'service' where user_id = $1", [victim.userId]);
    const minted = await call("POST", "/keys", {
      key: admin.text,
      json: { name: "x", serviceAccountId: victim.userId },
    });
    expect(minted.status).toBe(404);
    const rotated = await call("POST", `/keys/${victim.id}/rotate`, { key: admin.text, json: {} });
    expect(rotated.status).toBe(403);
  });

  it("nor by turning a service account into a person", async () => {
    const tenant = await addTenant("authority");
    const admin = await tenant.addKey();
    const made = await call("POST", "/service-accounts", { key: admin.text, json: { name: "ci" } });
    const flipped = await call("PATCH", `/members/${made.body.id}`, {
      key: admin.text,
      json: { role: "admin" },
    });
    expect(flipped.status).toBe(409);
  });
});

describe("rules on a key", () => {
  it("hold for its successor, and its rate limit too", async () => {
    const tenant = await addTenant("authority");
    const admin = await tenant.addKey();
    const key = await tenant.addKey({ role: "user", userId: admin.userId });
    await denyOn(tenant, key.id);
    await denyOn(tenant, key.id, "allow");
    await owner.query(
      "insert into rate_limit_configs (tenant_id, subject_type, subject_id, limit_count) values ($1, 'key', $2, 7)",
      [tenant.id, key.id],
    );
    const rotated = await call("POST", `/keys/${key.id}/rotate`, { key: admin.text, json: {} });
    expect(rotated.status).toBe(201);
    expect(await rulesOf(rotated.body.key.id)).toEqual([
      { effect: "allow", object_pattern: "secret_*" },
      { effect: "deny", object_pattern: "secret_*" },
    ]);
    const limits = await owner.query("select limit_count from rate_limit_configs where subject_id = $1", [
      rotated.body.key.id,
    ]);
    expect(limits).toEqual([{ limit_count: 7 }]);
  });

  it("deny the same to keys that it mints, and allow them nothing", async () => {
    const tenant = await addTenant("authority");
    const key = await tenant.addKey();
    await denyOn(tenant, key.id);
    await denyOn(tenant, key.id, "allow");
    const minted = await call("POST", "/keys", { key: key.text, json: { name: "child" } });
    expect(await rulesOf(minted.body.key.id)).toEqual([{ effect: "deny", object_pattern: "secret_*" }]);
  });

  it("hold for what a legacy key becomes", async () => {
    const tenant = await addTenant("authority");
    const admin = await tenant.addKey();
    const legacy = await tenant.addLegacyKey(`legacy-${crypto.randomUUID()}`, { userId: admin.userId });
    await denyOn(tenant, legacy.id);
    const upgraded = await call("POST", `/legacy-keys/${legacy.id}/upgrade`, { key: admin.text, json: {} });
    expect(await rulesOf(upgraded.body.key.id)).toEqual([{ effect: "deny", object_pattern: "secret_*" }]);
  });
});

describe("a member who is removed and added again", () => {
  it("has no key, no connected application, no allow rule and no invitation of before", async () => {
    const tenant = await addTenant("authority");
    const admin = await tenant.addKey();
    const member = await tenant.addKey({ role: "admin" });
    const legacy = await tenant.addLegacyKey(`legacy-${crypto.randomUUID()}`, { userId: member.userId });
    const grant = await tenant.addGrant(member.userId ?? "");
    await owner.query(
      `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, effect)
       values ($1, 'user', $2, 'tool', 'allow'), ($1, 'user', $2, 'tool', 'deny')`,
      [tenant.id, member.userId],
    );
    const invited = await call("POST", "/invitations", {
      key: member.text,
      json: { email: `${crypto.randomUUID()}@example.com`, role: "admin" },
    });
    expect(invited.status).toBe(201);
    expect((await me(member.text)).status).toBe(200);

    expect((await call("DELETE", `/members/${member.userId}`, { key: admin.text })).status).toBe(204);
    await owner.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'admin')", [
      tenant.id,
      member.userId,
    ]);
    expect((await me(member.text)).status).toBe(401);
    expect((await me(legacy.text)).status).toBe(401);
    const reactivated = await call("PATCH", `/keys/${member.id}`, {
      key: admin.text,
      json: { isActive: true },
    });
    expect(reactivated.status).toBe(409);
    expect(await owner.query("select 1 from oauth_consent where id = $1", [grant.id])).toEqual([]);
    expect(await rulesOf(member.userId ?? "")).toMatchObject([{ effect: "deny" }]);
    const [invitation] = await owner.query("select status from tenant_invitations where id = $1", [
      invited.body.id,
    ]);
    expect(invitation).toEqual({ status: "canceled" });
  });
});

describe("sessions of a member", () => {
  it("are shown as far as they look at this tenant, and another tenant's are not", async () => {
    const [tenant, other] = [await addTenant("authority"), await addTenant("authority")];
    const admin = await tenant.addKey();
    const person = await tenant.addUser("user");
    await owner.query("insert into tenant_members (tenant_id, user_id) values ($1, $2)", [other.id, person]);
    for (const [at, ip] of [
      [tenant.id, "192.0.2.1"],
      [other.id, "198.51.100.9"],
    ]) {
      await owner.query(
        `insert into session (id, token, user_id, tenant_id, ip_address, expires_at)
         values ($1, $1, $2, $3, $4, now() + interval '1 day')`,
        [crypto.randomUUID(), person, at, ip],
      );
    }
    const shown = await call("GET", `/users/${person}/sessions`, { key: admin.text });
    expect(shown.body.items.map(({ ipAddress }: { ipAddress: string }) => ipAddress)).toEqual(["192.0.2.1"]);
    const elsewhere = await call("GET", `/users/${person}/sessions`, { key: (await other.addKey()).text });
    expect(elsewhere.body.items.map(({ ipAddress }: { ipAddress: string }) => ipAddress)).toEqual([
      "198.51.100.9",
    ]);
  });
});

describe("a server that moves to another origin", () => {
  const withCredential = async (key: string) => {
    const json = {
      name: `s-${crypto.randomUUID().slice(0, 8)}`,
      endpointUrl: `https://${crypto.randomUUID()}.example.com/mcp`,
      auth: { type: "bearer", token: "sealed-secret" },
      discover: false,
    };
    const made = await call("POST", "/servers", { key, json });
    expect(made.status).toBe(201);
    return { id: String(made.body.id), url: json.endpointUrl };
  };
  const move = (key: string, id: string, json: object) => call("PATCH", `/servers/${id}`, { key, json });

  it("does not take its stored credential along", async () => {
    const tenant = await addTenant("authority");
    const { text } = await tenant.addKey();
    const { id, url } = await withCredential(text);
    const evil = "https://evil.example.net/mcp";
    const refused = await move(text, id, { endpointUrl: evil });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toMatchObject([{ path: "/auth" }]);
    expect((await move(text, id, { endpointUrl: `${url}/v2` })).status, "the same origin").toBe(200);
    const dropped = await move(text, id, { endpointUrl: evil, auth: { type: "none" } });
    expect([dropped.status, dropped.body.auth.type]).toEqual([200, "none"]);
    const other = await withCredential(text);
    const renewed = await move(text, other.id, {
      endpointUrl: "https://renewed.example.net/mcp",
      auth: { type: "bearer", token: "another" },
    });
    expect(renewed.status).toBe(200);
  });
});

describe("races", () => {
  const RUNS = 6;

  async function twoAdmins(): Promise<{ tenant: TestTenant; one: TestKey; two: TestKey }> {
    const tenant = await addTenant("authority");
    return { tenant, one: await tenant.addKey(), two: await tenant.addKey() };
  }

  it("of two admins who demote or remove each other leave one admin", async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const { tenant, one, two } = await twoAdmins();
      const demote = (by: TestKey, whom: TestKey) =>
        call("PATCH", `/members/${whom.userId}`, { key: by.text, json: { role: "user" } });
      const remove = (by: TestKey, whom: TestKey) =>
        call("DELETE", `/members/${whom.userId}`, { key: by.text });
      const acts = [demote, remove];
      const answers = await Promise.all([
        acts[run % 2]?.(one, two),
        acts[Math.floor(run / 2) % 2]?.(two, one),
        demote(one, one),
        demote(two, two),
      ]);
      expect(await adminsOf(tenant)).toBe(1);
      const statuses = answers.map((answer) => answer?.status ?? 0);
      expect(statuses.some((status) => status === 200 || status === 204)).toBe(true);
      expect(statuses.every((status) => status < 500)).toBe(true);
    }
  });

  it("of two admins who switch each other's account off leave one that works", async () => {
    const { tenant, one, two } = await twoAdmins();
    const off = (by: TestKey, whom: TestKey) =>
      call("PATCH", `/users/${whom.userId}`, { key: by.text, json: { isActive: false } });
    await Promise.all([off(one, two), off(two, one)]);
    const [row] = await owner.query(
      `select count(*)::int as active from tenant_members m join "user" u on u.id = m.user_id
       where m.tenant_id = $1 and m.role = 'admin' and u.is_active`,
      [tenant.id],
    );
    expect(row).toEqual({ active: 1 });
  });

  it("of a demotion and a key that the demoted admin makes are decided in the batch that commits", async () => {
    const { tenant, two } = await twoAdmins();
    const db = database.withTenant(tenant.id);
    const actor = { tenantId: tenant.id, role: "admin", userId: two.userId ?? "", keyId: two.id } as const;
    await expect(assertActor(db, actor)).resolves.toBeDefined();
    await owner.query("update tenant_members set role = 'user' where user_id = $1", [two.userId]);
    await expect(assertActor(db, actor)).rejects.toSatisfy(isStaleWrite);
  });

  it("of a revocation and a key that the revoked key makes are decided in the batch that commits", async () => {
    const { tenant, two } = await twoAdmins();
    const db = database.withTenant(tenant.id);
    const actor = { tenantId: tenant.id, role: "admin", userId: two.userId ?? "", keyId: two.id } as const;
    await owner.query("update api_keys set is_active = false, revoked_at = now() where id = $1", [two.id]);
    await expect(assertActor(db, actor)).rejects.toSatisfy(isStaleWrite);
  });

  it("of many invitations to one address leave one", async () => {
    const { tenant, one } = await twoAdmins();
    const email = `${crypto.randomUUID()}@example.com`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call("POST", "/invitations", { key: one.text, json: { email } })),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBe(1);
    const rows = await owner.query("select 1 from tenant_invitations where tenant_id = $1 and email = $2", [
      tenant.id,
      email,
    ]);
    expect(rows.length).toBe(1);
  });

  it("of many rotations of one key leave one successor for each that was not overtaken", async () => {
    const { one } = await twoAdmins();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        call("POST", `/keys/${one.id}/rotate`, { key: one.text, json: { overlapSeconds: 60 } }),
      ),
    );
    // A key may be rotated again while it still works; rotations at the same moment may not both win.
    const won = answers.filter(({ status }) => status === 201);
    expect(won.length).toBeGreaterThanOrEqual(1);
    // The others were overtaken, or would have outlived the key, which ends since it was rotated.
    const lost = answers.filter(({ status }) => status !== 201).map(({ status }) => status);
    expect(lost.filter((status) => ![400, 409, 412].includes(status))).toEqual([]);
    const rows = await owner.query("select id from api_keys where rotated_from = $1", [one.id]);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(won.map(({ body }) => body.key.id).toSorted());
  });
});
