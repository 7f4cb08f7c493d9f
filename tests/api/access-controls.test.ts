/** Access controls over REST, and the explanation of what comes of them. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;
let ann: TestKey;
let files: string;

beforeAll(async () => {
  tenant = await addTenant("controls");
  admin = await tenant.addKey();
  ann = await tenant.addKey({ role: "user" });
  files = await tenant.addServer("files");
});

const create = (json: object) => call("POST", "/access-controls", { key: admin.text, json });
const explain = async (json: object) =>
  (await call("POST", "/access/explain", { key: admin.text, json })).body;
const write = { kind: "tool", name: "write_file" };

describe("a rule", () => {
  it("is made, seen, changed and taken away, and each of it is recorded", async () => {
    const rules = await addTenant("controls");
    const key = (await rules.addKey()).text;
    const subject = { type: "role", id: "user" };
    const made = await call("POST", "/access-controls", {
      key,
      json: {
        subject,
        objectType: "tool",
        objectPattern: "write_*",
        effect: "deny",
        startTime: "08:00",
        endTime: "18:30",
        daysOfWeek: [1, 5],
      },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      subjectType: "role",
      subjectId: "user",
      serverId: null,
      startTime: "08:00:00",
      daysOfWeek: [1, 5],
      isActive: true,
    });
    const path = `/access-controls/${made.body.id}`;
    expect((await call("GET", path, { key })).body).toEqual(made.body);
    expect(
      (await call("PATCH", path, { key, json: { effect: "allow", startTime: null, endTime: null } })).body,
    ).toMatchObject({ effect: "allow", startTime: null, objectPattern: "write_*" });
    expect(
      (await call("GET", "/access-controls?subjectType=role&subjectId=user", { key })).body.items,
    ).toHaveLength(1);
    expect(
      (await call("GET", "/access-controls?subjectType=role&subjectId=admin", { key })).body.items,
    ).toHaveLength(0);
    expect((await call("DELETE", path, { key })).status).toBe(204);
    expect((await call("GET", path, { key })).status).toBe(404);
    expect((await rules.audit()).map(({ action }) => action)).toEqual([
      "access.create",
      "access.update",
      "access.delete",
    ]);
  });

  it.each<[string, object, string]>([
    ["a pattern that is none", { objectPattern: "write_{" }, "/objectPattern"],
    ["an hour that is none", { startTime: "25:00", endTime: "26:00" }, "/startTime"],
    ["an hour without its end", { startTime: "08:00" }, "/endTime"],
    [
      "an end before its beginning",
      { validFrom: "2026-02-01T00:00:00Z", validUntil: "2026-01-01T00:00:00Z" },
      "/validUntil",
    ],
    ["an eighth day", { daysOfWeek: [8] }, "/daysOfWeek/0"],
    ["a role that is none", { subject: { type: "role", id: "root" } }, "/subject/id"],
  ])("with %s is refused", async (_, over, path) => {
    const answer = await create({
      subject: { type: "role", id: "user" },
      objectType: "tool",
      effect: "deny",
      ...over,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });
});

describe("an explanation", () => {
  it("names the rule that decides, for a person, a key and a role", async () => {
    const ask = (principal: object) => explain({ principal, use: { ...write, serverId: files } });
    expect(await ask({ userId: ann.userId })).toMatchObject({ allowed: true, decidedBy: "default" });
    const deny = (
      await create({
        subject: { type: "user", id: ann.userId },
        objectType: "tool",
        objectPattern: "write_*",
        serverId: files,
        effect: "deny",
      })
    ).body;
    expect(await ask({ userId: ann.userId })).toMatchObject({
      allowed: false,
      decidedBy: "rule",
      rule: { id: deny.id },
    });
    expect(await ask({ keyId: ann.id })).toMatchObject({ allowed: false, rule: { id: deny.id } });
    expect(await ask({ role: "user" })).toMatchObject({ allowed: true });
    expect(await ask({ role: "readonly" })).toMatchObject({ allowed: false, decidedBy: "readonly" });
    expect(await ask({ role: "user", scopes: ["read"] })).toMatchObject({
      allowed: false,
      decidedBy: "scope",
    });
    await call("DELETE", `/access-controls/${deny.id}`, { key: admin.text });
  });

  it("applies the given moment, in the tenant's time zone", async () => {
    await owner.query("update tenants set time_zone = 'Asia/Tokyo' where id = $1", [tenant.id]);
    const night = (
      await create({
        subject: { type: "role", id: "user" },
        objectType: "server",
        objectPattern: "fi*",
        effect: "deny",
        startTime: "22:00",
        endTime: "06:00",
      })
    ).body;
    const at = async (moment: string) =>
      (await explain({ principal: { role: "user" }, use: { ...write, serverId: files }, at: moment }))
        .allowed;
    expect(await at("2026-03-13T12:59:59Z")).toBe(true);
    expect(await at("2026-03-13T13:00:00Z")).toBe(false);
    expect(await at("2026-03-13T20:59:59Z")).toBe(false);
    expect(await at("2026-03-13T21:00:00Z")).toBe(true);
    await call("DELETE", `/access-controls/${night.id}`, { key: admin.text });
  });

  it("applies the tenant's default, read-only tools, and configuration", async () => {
    const strict = await addTenant("controls");
    const key = (await strict.addKey()).text;
    const serverId = await strict.addServer("files");
    await owner.query(
      `insert into server_tools (tenant_id, server_id, name, annotations) values ($1, $2, 'read_file', '{"readOnlyHint": true}')`,
      [strict.id, serverId],
    );
    const ask = async (role: string, use: object) =>
      (
        await call("POST", "/access/explain", {
          key,
          json: { principal: { role }, use: { serverId, ...use } },
        })
      ).body;
    expect(await ask("readonly", { kind: "tool", name: "read_file" })).toMatchObject({ allowed: true });
    expect(await ask("user", { kind: "resource", name: "config://app" })).toMatchObject({
      allowed: false,
      decidedBy: "configuration",
    });
    expect(await ask("admin", { kind: "resource", name: "config://app" })).toMatchObject({ allowed: true });
    await owner.query(`update tenants set settings = '{"accessDefault": "deny"}' where id = $1`, [strict.id]);
    expect(await ask("user", write)).toMatchObject({ allowed: false, decidedBy: "default" });
  });

  it("reports ended keys and accounts, and permissions of the gateway", async () => {
    const gone = await tenant.addKey({ role: "user", with: { is_active: false } });
    const old = await tenant.addKey({ role: "user", with: { expires_at: "2020-01-01" } });
    expect(await explain({ principal: { keyId: gone.id }, action: "me.read" })).toMatchObject({
      allowed: false,
      decidedBy: "credential",
    });
    expect(await explain({ principal: { keyId: old.id }, action: "me.read" })).toMatchObject({
      allowed: false,
      decidedBy: "credential",
    });
    expect(await explain({ principal: { keyId: ann.id }, action: "access.create" })).toMatchObject({
      allowed: false,
      decidedBy: "role",
      reason: "Requires role admin.",
    });
    expect(await explain({ principal: { role: "admin" }, action: "access.create" })).toMatchObject({
      allowed: true,
    });
    const both = await call("POST", "/access/explain", {
      key: admin.text,
      json: { principal: { role: "user" } },
    });
    expect(both.status).toBe(400);
  });
});
