/** API keys over REST: made and shown once, never more than their maker, rotated, revoked, recorded. */
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/digest.ts";
import { owner } from "../support/database.ts";
import { addTenant, call } from "./support.ts";

const me = (key: string, ip?: string) => call("GET", "/me", { key, ...(ip !== undefined && { ip }) });
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

describe("a new key", () => {
  it("is shown once, works at once, and is its maker's", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const made = await call("POST", "/keys", { key: admin.text, json: { name: "ci" } });
    expect(made.status).toBe(201);
    expect(made.body.secret).toMatch(/^mcp_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(made.body.key).toMatchObject({
      name: "ci",
      userId: admin.userId,
      scopes: ["read", "proxy"],
      rateLimitPerHour: 1000,
      rateLimitPerDay: 10_000,
      createdBy: admin.userId,
    });
    expect(made.body.secret.startsWith(made.body.key.keyPrefix)).toBe(true);
    expect((await me(made.body.secret)).body).toMatchObject({ apiKeyId: made.body.key.id, via: "api_key" });
    const shown = await call("GET", `/keys/${made.body.key.id}`, { key: admin.text });
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).not.toMatch(/hash|salt|secret/i);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["no name", {}, "/name"],
    ["an unknown member", { name: "x", admin: true }, ""],
    ["a scope that is none", { name: "x", scopes: ["all"] }, "/scopes/0"],
    ["no scope at all", { name: "x", scopes: [] }, "/scopes"],
    ["an end in the past", { name: "x", expiresAt: "2020-01-01T00:00:00Z" }, "/expiresAt"],
    ["a network with bits behind its mask", { name: "x", ipAllowlist: ["10.0.0.1/8"] }, "/ipAllowlist/0"],
    ["something that is no network", { name: "x", ipAllowlist: ["192.0.2.0/24", "here"] }, "/ipAllowlist/1"],
    ["a limit of nothing", { name: "x", rateLimitPerHour: 0 }, "/rateLimitPerHour"],
  ])("with %s is refused, and the place is named", async (_, json, path) => {
    const admin = await (await addTenant("keys")).addKey();
    const answer = await call("POST", "/keys", { key: admin.text, json });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      code: "bad_request",
      errors: [{ path, message: expect.any(String) }],
    });
  });

  it("works from its networks and from nowhere else", async () => {
    const admin = await (await addTenant("keys")).addKey();
    const json = { name: "home", ipAllowlist: ["192.0.2.0/24", "2001:db8::/32"] };
    const { body } = await call("POST", "/keys", { key: admin.text, json });
    expect((await me(body.secret, "192.0.2.7")).status).toBe(200);
    expect((await me(body.secret, "2001:db8::1")).status).toBe(200);
    expect((await me(body.secret, "198.51.100.1")).status).toBe(403);
    expect((await me(body.secret)).status).toBe(403);
  });
});

describe("a key can do no more than its maker", () => {
  it("who lacks a scope cannot give it", async () => {
    const tenant = await addTenant("keys");
    const narrow = await tenant.addKey({ scopes: ["write"] });
    const answer = await call("POST", "/keys", {
      key: narrow.text,
      json: { name: "x", scopes: ["read", "proxy"] },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ path: "/scopes/1", message: "exceeds your own scopes: proxy" }]);
  });

  it("nor what the role cannot have", async () => {
    const tenant = await addTenant("keys");
    const user = await tenant.addKey({ role: "user" });
    const answer = await call("POST", "/keys", { key: user.text, json: { name: "x", scopes: ["admin"] } });
    expect(answer.body.errors).toEqual([
      { path: "/scopes/0", message: "exceeds the scopes of role user: admin" },
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      "last longer",
      { expiresAt: new Date(Date.now() + 2 * 86_400_000).toISOString(), ipAllowlist: ["10.1.0.0/16"] },
    ],
    ["last for ever", { expiresAt: null, ipAllowlist: ["10.1.0.0/16"] }],
    ["be used more often", { expiresAt: tomorrow, ipAllowlist: ["10.1.0.0/16"], rateLimitPerHour: 11 }],
    [
      "be used from elsewhere",
      { expiresAt: tomorrow, ipAllowlist: ["10.1.0.0/16", "11.0.0.0/8"], rateLimitPerHour: 10 },
    ],
    ["be used from anywhere", { expiresAt: tomorrow, ipAllowlist: [], rateLimitPerHour: 10 }],
  ])("it cannot %s", async (_, json) => {
    const tenant = await addTenant("keys");
    const bound = await tenant.addKey({
      with: { expires_at: tomorrow, ip_allowlist: "{10.0.0.0/8}", rate_limit_per_hour: 10 },
    });
    const answer = await call("POST", "/keys", {
      key: bound.text,
      ip: "10.0.0.1",
      json: { name: "x", rateLimitPerHour: 10, ...json },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toBe("A key cannot exceed the permissions of its creator.");
  });

  it("nor be widened or rotated by a narrower one", async () => {
    const tenant = await addTenant("keys");
    const wide = await tenant.addKey();
    const narrow = await tenant.addKey({ userId: wide.userId, scopes: ["write"] });
    const json = { scopes: ["read", "admin"] };
    expect((await call("PATCH", `/keys/${narrow.id}`, { key: narrow.text, json })).status).toBe(400);
    expect((await call("POST", `/keys/${wide.id}/rotate`, { key: narrow.text, json: {} })).status).toBe(400);
    expect(
      (await call("PATCH", `/keys/${wide.id}`, { key: narrow.text, json: { name: "mine" } })).status,
    ).toBe(200);
  });
});

describe("a tenant's plan", () => {
  it("has room for so many keys and no more; renewing one needs none", async () => {
    const tenant = await addTenant("plan");
    const key = await tenant.addKey();
    await owner.query(`update tenants set plan_limits = '{"apiKeys": 2}' where id = $1`, [tenant.id]);
    const json = { name: "one more" };
    const second = await call("POST", "/keys", { key: key.text, json });
    expect(second.status).toBe(201);
    expect(await call("POST", "/keys", { key: key.text, json })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    const rotated = await call("POST", `/keys/${second.body.key.id}/rotate`, { key: key.text, json: {} });
    expect(rotated.status).toBe(201);
  });
});

describe("whose keys", () => {
  it("users see and change their own, admins all of the tenant, and none of another tenant", async () => {
    const tenant = await addTenant("keys");
    const [admin, ann, bob] = [
      await tenant.addKey(),
      await tenant.addKey({ role: "user" }),
      await tenant.addKey({ role: "user" }),
    ];
    const stranger = await (await addTenant("keys")).addKey();
    const list = async (key: string) =>
      (await call("GET", "/keys", { key })).body.items.map(({ id }: { id: string }) => id);
    expect(await list(ann.text)).toEqual([ann.id]);
    expect((await list(admin.text)).sort()).toEqual([admin.id, ann.id, bob.id].sort());
    for (const key of [ann.text, stranger.text]) {
      expect((await call("GET", `/keys/${bob.id}`, { key })).status).toBe(404);
      expect((await call("DELETE", `/keys/${bob.id}`, { key })).status).toBe(404);
    }
    expect((await call("DELETE", `/keys/${bob.id}`, { key: admin.text })).status).toBe(204);
    expect((await me(bob.text)).status).toBe(401);
  });

  it("an admin gets no key that acts as another user", async () => {
    const tenant = await addTenant("keys");
    const [admin, ann] = [await tenant.addKey(), await tenant.addKey({ role: "user", scopes: ["read"] })];
    expect((await call("POST", `/keys/${ann.id}/rotate`, { key: admin.text, json: {} })).status).toBe(403);
    const json = { name: "x", serviceAccountId: ann.userId };
    expect((await call("POST", "/keys", { key: admin.text, json })).status).toBe(404);
  });

  it("a service account's keys are admins' to make, and stop with it", async () => {
    const tenant = await addTenant("keys");
    const [admin, user] = [await tenant.addKey(), await tenant.addKey({ role: "user" })];
    const account = await call("POST", "/service-accounts", { key: admin.text, json: { name: "robot" } });
    expect(account.status).toBe(201);
    const json = { name: "robot's", serviceAccountId: account.body.id };
    expect((await call("POST", "/keys", { key: user.text, json })).status).toBe(403);
    const made = await call("POST", "/keys", { key: admin.text, json });
    expect((await me(made.body.secret)).body).toMatchObject({ role: "service", userId: account.body.id });
    const off = { key: admin.text, json: { isActive: false } };
    expect((await call("PATCH", `/service-accounts/${account.body.id}`, off)).status).toBe(200);
    expect((await me(made.body.secret)).status).toBe(401);
    expect((await call("DELETE", `/service-accounts/${account.body.id}`, { key: admin.text })).status).toBe(
      204,
    );
    expect((await call("GET", `/keys/${made.body.key.id}`, { key: admin.text })).status).toBe(404);
  });

  it("a key without an owner sees itself and can renew itself", async () => {
    const tenant = await addTenant("keys");
    const lone = await tenant.addKey({ userId: null, scopes: ["write", "proxy"] });
    await tenant.addKey();
    const list = await call("GET", "/keys", { key: lone.text });
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([lone.id]);
    const rotated = await call("POST", `/keys/${lone.id}/rotate`, {
      key: lone.text,
      json: { overlapSeconds: 0 },
    });
    expect(rotated.status).toBe(201);
    expect((await me(rotated.body.secret)).body).toMatchObject({ role: "service", userId: null });
    expect((await me(lone.text)).status).toBe(401);
  });
});

describe("rotation", () => {
  it("gives a new secret on the same terms while the old one works on", async () => {
    const tenant = await addTenant("keys");
    const old = await tenant.addKey({ with: { ip_allowlist: "{10.0.0.0/8}", rate_limit_per_day: 77 } });
    const rotated = await call("POST", `/keys/${old.id}/rotate`, {
      key: old.text,
      ip: "10.0.0.1",
      json: { overlapSeconds: 3600 },
    });
    expect(rotated.body.key).toMatchObject({ rotatedFrom: old.id, rateLimitPerDay: 77, expiresAt: null });
    expect((await me(rotated.body.secret, "10.0.0.1")).status).toBe(200);
    expect((await me(old.text, "10.0.0.1")).status).toBe(200);
    const [row] = await owner.query("select expires_at from api_keys where id = $1", [old.id]);
    expect(Date.parse(row?.expires_at)).toBeGreaterThan(Date.now() + 3_500_000);
    // A stolen old key does not outlive its overlap by rotating once more.
    const again = await call("POST", `/keys/${old.id}/rotate`, { key: old.text, ip: "10.0.0.1", json: {} });
    expect(again.body.key.expiresAt).toBe(rotated.body.oldKeyExpiresAt);
  });

  it("does not wake what is over", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const gone = await tenant.addKey({ userId: admin.userId });
    await call("DELETE", `/keys/${gone.id}`, { key: admin.text });
    expect((await call("POST", `/keys/${gone.id}/rotate`, { key: admin.text, json: {} })).status).toBe(409);
    expect(
      (await call("PATCH", `/keys/${gone.id}`, { key: admin.text, json: { isActive: true } })).status,
    ).toBe(409);
    expect((await call("DELETE", `/keys/${gone.id}`, { key: admin.text })).status).toBe(204);
  });
});

describe("the old backend's keys", () => {
  const OLD = "sk-legacy-0123456789abcdef";

  it("still work, report that they are legacy keys, and are upgraded by their owners", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const text = `${OLD}-${tenant.id}`;
    const legacy = await tenant.addLegacyKey(text, { userId: admin.userId, scopes: ["read"] });
    expect((await me(text)).body).toMatchObject({
      via: "legacy_api_key",
      apiKeyId: legacy.id,
      role: "admin",
      scopes: ["read"],
    });
    const list = await call("GET", "/legacy-keys", { key: admin.text });
    expect(list.body.items).toMatchObject([{ id: legacy.id, upgradedTo: null }]);
    const upgraded = await call("POST", `/legacy-keys/${legacy.id}/upgrade`, {
      key: admin.text,
      json: { overlapSeconds: 0 },
    });
    expect(upgraded.status).toBe(201);
    expect((await me(upgraded.body.secret)).body).toMatchObject({ via: "api_key", scopes: ["read"] });
    expect((await me(text)).status).toBe(401);
    expect(
      (await call("POST", `/legacy-keys/${legacy.id}/upgrade`, { key: admin.text, json: {} })).status,
    ).toBe(409);
  });

  it("are found by their beginning if they are salted, work from their addresses only, and keep these when upgraded", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const text = `mcp_${crypto.randomUUID()}`;
    const legacy = await tenant.addLegacyKey(text, { userId: admin.userId });
    const other = await tenant.addLegacyKey(`${text}-other`, { userId: admin.userId });
    for (const { id, text: salted } of [other, legacy]) {
      await owner.query(
        "update legacy_api_keys set salt = $2, key_prefix = $3, key_hash = $4, ip_allowlist = '{192.0.2.0/24}' where id = $1",
        [id, "pepper", text.slice(0, 12), await sha256Hex(`${salted}pepper`)],
      );
    }
    const asKey = (key: string, ip: string) => call("GET", "/me", { key, ip });
    expect((await asKey(text, "192.0.2.9")).body).toMatchObject({ apiKeyId: legacy.id });
    expect((await asKey(`${text}-other`, "192.0.2.9")).body).toMatchObject({ apiKeyId: other.id });
    expect((await asKey(text, "198.51.100.9")).status).toBe(403);
    expect((await asKey(`${text}-wrong`, "192.0.2.9")).status).toBe(401);
    const upgraded = await call("POST", `/legacy-keys/${legacy.id}/upgrade`, { key: admin.text, json: {} });
    expect(upgraded.body.key).toMatchObject({ ipAllowlist: ["192.0.2.0/24"] });
  });

  it("cannot be created, and can be disabled one by one or all together", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const [one, two] = [`${OLD}-1-${tenant.id}`, `${OLD}-2-${tenant.id}`];
    const first = await tenant.addLegacyKey(one, { userId: admin.userId });
    await tenant.addLegacyKey(two, { userId: admin.userId });
    expect((await call("POST", "/keys", { key: one, json: { name: "x" } })).status).toBe(403);
    expect((await call("POST", `/legacy-keys/${first.id}/deactivate`, { key: admin.text })).status).toBe(200);
    expect((await me(one)).status).toBe(401);
    await owner.query(`update tenants set settings = '{"legacyKeys": false}' where id = $1`, [tenant.id]);
    await call("POST", `/legacy-keys/${first.id}/deactivate`, { key: admin.text });
    expect((await me(two)).status).toBe(401);
  });
});

describe("what was done", () => {
  it("is recorded with before and after, and without a secret", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    const { body } = await call("POST", "/keys", { key: admin.text, json: { name: "ci" }, ip: "192.0.2.9" });
    await call("PATCH", `/keys/${body.key.id}`, { key: admin.text, json: { name: "cd" } });
    await call("DELETE", `/keys/${body.key.id}`, { key: admin.text });
    const records = await tenant.audit();
    expect(records.map(({ action }) => action)).toEqual(["keys.create", "keys.update", "keys.revoke"]);
    expect(records[0]).toMatchObject({
      user_id: admin.userId,
      api_key_id: admin.id,
      resource_type: "api_key",
      resource_id: body.key.id,
      success: true,
      ip_address: "192.0.2.9",
      before: null,
      after: { name: "ci" },
    });
    expect(records[1]).toMatchObject({ before: { name: "ci" }, after: { name: "cd" } });
    expect(JSON.stringify(records)).not.toMatch(/key_?hash"|salt|"secret|mcp_[0-9a-f]{32}_/i);
  });
});

describe("lists", () => {
  it("come in pages that meet", async () => {
    const tenant = await addTenant("keys");
    const admin = await tenant.addKey();
    for (const name of ["a", "b", "b", "c"]) await call("POST", "/keys", { key: admin.text, json: { name } });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await call("GET", `/keys?limit=2${next}`, { key: admin.text });
      seen.push(...page.body.items.map(({ name }: { name: string }) => name));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(["a", "b", "b", "c", "test"]);
    const nonsense = await call("GET", "/keys?cursor=nonsense&limit=2", { key: admin.text });
    expect(nonsense.body.errors).toEqual([{ path: "cursor", message: "is not a valid cursor" }]);
    expect((await call("GET", "/keys?limit=0", { key: admin.text })).status).toBe(400);
  });
});
