/** SCIM 2.0: recorded sequences of Okta and Entra in our own words, and what a provider must not reach. */
import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { newToken, sha256Hex } from "../../src/core/digest.ts";
import { owner } from "../support/database.ts";
import { type Answer, addTenant, read, type TestTenant } from "./support.ts";

const app = createApp();

interface Provisioning {
  readonly tenant: TestTenant;
  readonly domain: string;
  send(method: string, path: string, json?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

async function addDomain(tenantId: string, domain: string): Promise<void> {
  await owner.query(
    "insert into verified_domains (tenant_id, domain, token, verified_at) values ($1, $2, 't', now())",
    [tenantId, domain],
  );
}

async function addProvisioning(): Promise<Provisioning> {
  const tenant = await addTenant("scim");
  await tenant.liftLimits();
  const domain = `s-${tenant.id.slice(-12)}.example.com`;
  await addDomain(tenant.id, domain);
  const token = `scim_${newToken()}`;
  await owner.query("insert into scim_tokens (tenant_id, name, token_hash) values ($1, 'test', $2)", [
    tenant.id,
    await sha256Hex(token),
  ]);
  return {
    tenant,
    domain,
    async send(method, path, json, headers = {}) {
      const request = new Request(`${env.PUBLIC_URL}/scim/v2${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(json !== undefined && { "content-type": "application/scim+json" }),
          ...headers,
        },
        body: json === undefined ? null : JSON.stringify(json),
      });
      return read(await app.fetch(request, env, createExecutionContext()));
    },
  };
}

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const patch = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

const memberships = ({ id }: TestTenant, userId: string) =>
  owner.query("select role from tenant_members where tenant_id = $1 and user_id = $2", [id, userId]);

describe("Okta", () => {
  it("looks a user up, creates, updates, deactivates and activates it again", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const userName = `Isaac.Brock@${domain}`;
    const filter = encodeURIComponent(`userName eq "${userName}"`);
    const absent = await send("GET", `/Users?filter=${filter}&startIndex=1&count=100`);
    expect(absent.body).toMatchObject({ totalResults: 0, Resources: [], startIndex: 1 });

    const created = await send("POST", "/Users", {
      schemas: [USER],
      userName,
      name: { givenName: "Isaac", familyName: "Brock" },
      emails: [{ primary: true, value: userName, type: "work" }],
      displayName: "Isaac Brock",
      locale: "en-US",
      externalId: "00ujl29u0le5T6Aj10h7",
      groups: [],
      password: "1mz050nq",
      active: true,
    });
    expect(created.status).toBe(201);
    expect(created.headers.get("content-type")).toContain("application/scim+json");
    expect(JSON.stringify(created.body)).not.toContain("1mz050nq");
    const id = String(created.body.id);
    expect(created.body).toMatchObject({ userName: userName.toLowerCase(), active: true });
    expect(created.headers.get("location")).toBe(created.body.meta.location);
    expect(await memberships(tenant, id)).toEqual([{ role: "user" }]);

    const found = await send("GET", `/Users?filter=${filter}&startIndex=1&count=100`);
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id }] });
    const { meta: _, ...resource } = created.body;
    const renamed = {
      ...resource,
      name: { givenName: "Isaac", familyName: "Stone" },
      displayName: "Isaac Stone",
    };
    expect((await send("PUT", `/Users/${id}`, renamed)).body.displayName).toBe("Isaac Stone");

    const off = await send("PATCH", `/Users/${id}`, patch({ op: "replace", value: { active: false } }));
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    expect(await memberships(tenant, id)).toEqual([]);
    const on = await send("PATCH", `/Users/${id}`, patch({ op: "replace", value: { active: true } }));
    expect(on.body.active).toBe(true);
    expect(await memberships(tenant, id)).toEqual([{ role: "user" }]);
  });

  it("gets no more members than the plan of the organization allows", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const create = (name: string, active: boolean) =>
      send("POST", "/Users", { schemas: [USER], userName: `${name}@${domain}`, active });
    const allow = (members: number) =>
      owner.query("update tenants set plan_limits = jsonb_build_object('members', $2::int) where id = $1", [
        tenant.id,
        members,
      ]);
    const [counted] = await owner.query(
      "select count(*)::int as held from tenant_members where tenant_id = $1",
      [tenant.id],
    );
    const held = Number(counted?.held);
    await allow(held + 1);
    const answers = await Promise.all(["one", "two", "three"].map((name) => create(name, true)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const rejected = answers.find(({ status }) => status === 409);
    expect(rejected?.body.detail).toContain("as many members as its plan allows");
    const inactive = await create("later", false);
    expect(inactive.status).toBe(201);
    const activate = () =>
      send("PATCH", `/Users/${inactive.body.id}`, patch({ op: "replace", value: { active: true } }));
    expect((await activate()).status).toBe(409);
    await allow(held + 2);
    expect((await activate()).status).toBe(200);
  });

  it("pushes a group, renames it, adds and removes members, and deletes it", async () => {
    const { domain, send } = await addProvisioning();
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) {
      ids.push((await send("POST", "/Users", { schemas: [USER], userName: `${name}@${domain}` })).body.id);
    }
    const [a, b, c] = ids;
    const created = await send("POST", "/Groups", {
      displayName: "Engineering",
      members: [{ value: a, display: "a" }],
    });
    expect(created.status).toBe(201);
    const path = `/Groups/${created.body.id}`;
    const rename = { op: "replace", value: { id: created.body.id, displayName: "Platform" } };
    expect((await send("PATCH", path, patch(rename))).body.displayName).toBe("Platform");
    const changed = await send(
      "PATCH",
      path,
      patch(
        { op: "remove", path: `members[value eq "${a}"]` },
        { op: "add", path: "members", value: [{ value: b }, { value: c }] },
      ),
    );
    expect(changed.body.members.map(({ value }: { value: string }) => value)).toEqual([b, c]);
    const replaced = await send(
      "PATCH",
      path,
      patch({ op: "replace", path: "members", value: [{ value: a }] }),
    );
    expect(replaced.body.members).toHaveLength(1);
    const filter = encodeURIComponent('displayName eq "Platform"');
    expect((await send("GET", `/Groups?filter=${filter}`)).body.totalResults).toBe(1);
    expect((await send("DELETE", path)).status).toBe(204);
    expect((await send("GET", path)).status).toBe(404);
  });
});

describe("Entra", () => {
  it("updates by path with capitalized operations, and deactivates with a text", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const created = await send("POST", "/Users", {
      schemas: [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
      externalId: "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
      userName: `Test_User@${domain}`,
      active: true,
      emails: [{ primary: true, type: "work", value: `Test_User@${domain}` }],
      meta: { resourceType: "User" },
      name: { formatted: "givenName familyName", familyName: "familyName", givenName: "givenName" },
      roles: [],
    });
    const id = String(created.body.id);
    const updated = await send(
      "PATCH",
      `/Users/${id}`,
      patch(
        { op: "Replace", path: 'emails[type eq "work"].value', value: `updated@${domain}` },
        { op: "Replace", path: "name.familyName", value: "updatedFamilyName" },
        {
          op: "Add",
          path: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
          value: "x",
        },
      ),
    );
    expect(updated.body).toMatchObject({
      emails: [{ value: `updated@${domain}` }],
      name: { familyName: "updatedFamilyName" },
    });
    const off = await send("PATCH", `/Users/${id}`, patch({ op: "Replace", path: "active", value: "False" }));
    expect(off.body.active).toBe(false);
    expect(await memberships(tenant, id)).toEqual([]);
    const query = encodeURIComponent(`externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`);
    expect((await send("GET", `/Users?filter=${query}`)).body.totalResults).toBe(1);
    const both = encodeURIComponent(
      `(userName eq "unknown" or emails.value eq "UPDATED@${domain}") and id eq "${id}"`,
    );
    expect((await send("GET", `/Users?filter=${both}`)).body.totalResults).toBe(1);
    expect((await send("DELETE", `/Users/${id}`)).status).toBe(204);
    expect((await send("GET", `/Users/${id}`)).status).toBe(404);
  });

  it("reads groups without members, and removes members by a list of values", async () => {
    const { domain, send } = await addProvisioning();
    const user = await send("POST", "/Users", { schemas: [USER], userName: `a@${domain}` });
    const group = await send("POST", "/Groups", { externalId: "8aa1a0c0", displayName: "displayName" });
    const path = `/Groups/${group.body.id}`;
    const add = { op: "Add", path: "members", value: [{ $ref: null, value: user.body.id }] };
    expect((await send("PATCH", path, patch(add))).body.members).toHaveLength(1);
    expect((await send("GET", `${path}?excludedAttributes=members`)).body.members).toBeUndefined();
    const remove = { op: "Remove", path: "members", value: [{ $ref: null, value: user.body.id }] };
    expect((await send("PATCH", path, patch(remove))).body.members).toEqual([]);
    const rename = { op: "Replace", path: "displayName", value: "1879db59" };
    expect((await send("PATCH", path, patch(rename))).body.displayName).toBe("1879db59");
  });
});

describe("provisioning does not reach", () => {
  const post = ({ send }: Provisioning, email: string) =>
    send("POST", "/Users", { schemas: [USER], userName: email });

  it("addresses outside the verified domains of the tenant, known or not", async () => {
    const [mine, other] = [await addProvisioning(), await addProvisioning()];
    expect((await post(mine, "stranger@unverified.example.org")).status).toBe(403);
    const theirs = await post(other, `x@${other.domain}`);
    expect((await post(mine, `x@${other.domain}`)).status).toBe(403);
    expect((await mine.send("GET", `/Users/${theirs.body.id}`)).status).toBe(404);
    const off = patch({ op: "replace", value: { active: false } });
    expect((await mine.send("PATCH", `/Users/${theirs.body.id}`, off)).status).toBe(404);
    const own = await post(mine, `y@${mine.domain}`);
    const moved = patch({ op: "replace", path: "emails", value: [{ value: `x@${other.domain}` }] });
    expect((await mine.send("PATCH", `/Users/${own.body.id}`, moved)).status).toBe(403);
  });

  it("members of the tenant that it did not provision, groups of admins, and operators", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const member = await tenant.addUser("user");
    expect((await send("GET", `/Users/${member}`)).status).toBe(404);
    expect((await send("GET", "/Users")).body.totalResults).toBe(0);
    const [manual] = await owner.query(
      "insert into groups (tenant_id, name) values ($1, 'Local') returning id",
      [tenant.id],
    );
    expect((await send("GET", `/Groups/${manual?.id}`)).status).toBe(404);
    expect((await send("POST", "/Groups", { displayName: "Local" })).body.scimType).toBe("uniqueness");
    const foreign = await send("POST", "/Groups", { displayName: "Mine", members: [{ value: member }] });
    expect(foreign).toMatchObject({ status: 400, body: { scimType: "invalidValue" } });
    await owner.query(`update "user" set role = 'admin', email = $1 where id = $2`, [
      `root@${domain}`,
      member,
    ]);
    expect((await send("POST", "/Users", { schemas: [USER], userName: `root@${domain}` })).status).toBe(403);
  });

  it("the last admin, and the account settings that another organization manages", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const admin = await tenant.addUser("admin");
    await owner.query(`update "user" set email = $1 where id = $2`, [`boss@${domain}`, admin]);
    const linked = await send("POST", "/Users", {
      schemas: [USER],
      userName: `boss@${domain}`,
      displayName: "B",
    });
    expect(linked.body.id).toBe(admin);
    const off = await send("PATCH", `/Users/${admin}`, patch({ op: "replace", value: { active: false } }));
    expect(off).toMatchObject({ status: 409, body: { detail: expect.stringContaining("last admin") } });
    expect(await memberships(tenant, admin)).toEqual([{ role: "admin" }]);

    const elsewhere = await addTenant("home");
    const guest = await elsewhere.addUser("user");
    await owner.query(`update "user" set email = $1 where id = $2`, [`guest@${domain}`, guest]);
    const user = { schemas: [USER], userName: `guest@${domain}`, displayName: "Renamed" };
    expect((await send("POST", "/Users", user)).body.id).toBe(guest);
    await send(
      "PATCH",
      `/Users/${guest}`,
      patch({ op: "replace", path: "displayName", value: "Renamed again" }),
    );
    expect(await owner.query(`select name from "user" where id = $1`, [guest])).toEqual([{ name: "user" }]);
  });
});

describe("the protocol", () => {
  it("pages, with positions from 1", async () => {
    const { domain, send } = await addProvisioning();
    for (const name of ["a", "b", "c"])
      await send("POST", "/Users", { schemas: [USER], userName: `${name}@${domain}` });
    const second = await send("GET", "/Users?startIndex=2&count=1");
    expect(second.body).toMatchObject({ totalResults: 3, startIndex: 2, itemsPerPage: 1 });
    expect(second.body.Resources[0].userName).toBe(`b@${domain}`);
    expect((await send("GET", "/Users?count=0")).body).toMatchObject({ totalResults: 3, Resources: [] });
    expect((await send("GET", "/Users?startIndex=-5&count=x")).body).toMatchObject({
      startIndex: 1,
      itemsPerPage: 3,
    });
  });

  it("has versions: 304 for a known one, 412 for a stale one", async () => {
    const { domain, send } = await addProvisioning();
    const created = await send("POST", "/Users", { schemas: [USER], userName: `v@${domain}` });
    const path = `/Users/${created.body.id}`;
    const version = String(created.headers.get("etag"));
    expect(version).toBe(created.body.meta.version);
    expect((await send("GET", path, undefined, { "if-none-match": version })).status).toBe(304);
    const rename = patch({ op: "replace", path: "displayName", value: "V" });
    expect((await send("PATCH", path, rename, { "if-match": version })).status).toBe(200);
    expect((await send("PATCH", path, rename, { "if-match": version })).status).toBe(412);
  });

  it.each<[string, string, unknown, number, string | undefined]>([
    ["GET", "/Users?filter=userName%20co%20%22a%22", undefined, 400, "invalidFilter"],
    ["GET", "/Users?filter=title%20eq%20%22a%22", undefined, 400, "invalidFilter"],
    ["GET", "/Users?filter=userName%20eq", undefined, 400, "invalidFilter"],
    ["POST", "/Users", {}, 400, "invalidValue"],
    ["POST", "/Users", { userName: "no address" }, 400, "invalidValue"],
    ["POST", "/Users", [], 400, "invalidSyntax"],
    ["POST", "/Groups", {}, 400, "invalidValue"],
    ["PATCH", "/Users/unknown", patch(), 404, undefined],
    ["GET", "/Bulk", undefined, 404, undefined],
  ])("answers %s %s with an error of SCIM", async (method, path, json, status, scimType) => {
    const { send } = await addProvisioning();
    const answer = await send(method, path, json);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(status),
    });
    expect(answer.body.scimType).toBe(scimType);
  });

  it("describes itself", async () => {
    const { send } = await addProvisioning();
    expect((await send("GET", "/ServiceProviderConfig")).body).toMatchObject({ patch: { supported: true } });
    expect((await send("GET", "/ResourceTypes")).body.totalResults).toBe(2);
    expect((await send("GET", "/Schemas")).body.Resources[0].id).toBe(USER);
  });

  it.each(["", "Bearer wrong", `Bearer scim_${"x".repeat(43)}`, "Basic eDp5"])(
    "refuses the credential %j",
    async (authorization) => {
      const { send } = await addProvisioning();
      const answer = await send("GET", "/Users", undefined, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    },
  );

  it("refuses a second user of the same name", async () => {
    const { domain, send } = await addProvisioning();
    const user = { schemas: [USER], userName: `twice@${domain}` };
    expect((await send("POST", "/Users", user)).status).toBe(201);
    expect(await send("POST", "/Users", user)).toMatchObject({
      status: 409,
      body: { scimType: "uniqueness" },
    });
  });

  it("audits what it changes", async () => {
    const { tenant, domain, send } = await addProvisioning();
    const created = await send("POST", "/Users", { schemas: [USER], userName: `log@${domain}` });
    await send("DELETE", `/Users/${created.body.id}`);
    const actions = (await tenant.audit()).map(({ action, details }) => [action, details]);
    expect(actions).toEqual([
      ["members.provisioned", { by: "scim", via: "scim" }],
      ["members.deprovisioned", { by: "scim", via: "scim" }],
    ]);
  });
});
