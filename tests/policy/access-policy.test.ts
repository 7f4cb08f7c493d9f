/** The access policy of a principal, built from a tenant in the database. */
import { beforeAll, describe, expect, it } from "vitest";
import { createAnonymous, type Principal } from "../../src/identity/principal.ts";
import { createAccessPolicy } from "../../src/policy/access-policy.ts";
import { createSnapshotSource } from "../../src/policy/load-snapshot.ts";
import { createSnapshots, type TenantSnapshot } from "../../src/policy/snapshot.ts";
import { addTenant, type TestTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";

let tenant: TestTenant;
let files: string;
let mail: string;
const NOON = new Date("2026-03-13T12:00:00Z");

const snapshot = async (): Promise<TenantSnapshot> => {
  const epochs = { current: () => undefined, peek: () => undefined, knownBefore: () => undefined };
  const found = await createSnapshots(createSnapshotSource(database), epochs, Date.now).get(
    tenant.id,
    () => undefined,
  );
  if (found === undefined) throw new Error("the tenant is gone");
  return found;
};
const principal = (over: Partial<Principal> = {}): Principal => ({
  ...createAnonymous(tenant.id),
  id: "someone",
  userId: "ann",
  role: "user",
  ...over,
});

beforeAll(async () => {
  tenant = await addTenant("access");
  files = await tenant.addServer("files");
  mail = await tenant.addServer("mail");
  await owner.query(
    `insert into server_tools (tenant_id, server_id, name, annotations) values
      ($1, $2, 'read_file', '{"readOnlyHint": true}'), ($1, $2, 'write_file', '{"readOnlyHint": "true"}')`,
    [tenant.id, files],
  );
  await owner.query(
    `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, server_id, object_pattern, effect, valid_until, is_active) values
      ($1, 'user', 'ann', 'tool', $2, 'write_*', 'deny', '2026-03-13T12:00:30Z', true),
      ($1, 'user', 'ann', 'server', null, 'mail', 'deny', null, true),
      ($1, 'user', 'ann', 'tool', null, '*', 'deny', null, false)`,
    [tenant.id, files],
  );
});

describe("access", () => {
  it("goes by the rules that are on, on the servers that they name", async () => {
    const access = createAccessPolicy(principal(), await snapshot(), NOON);
    expect(access.allows("tool", files, "write_file")).toBe(false);
    expect(access.allows("tool", files, "read_file")).toBe(true);
    expect(access.allows("server", files, "files")).toBe(true);
    expect(access.allows("server", mail, "mail")).toBe(false);
    expect(access.allows("prompt", mail, "anything")).toBe(false);
    expect(access.isPersonal).toBe(true);
  });

  it("is the same object until a rule begins or ends, and then another", async () => {
    const [who, what] = [principal(), await snapshot()];
    const access = createAccessPolicy(who, what, NOON);
    expect(createAccessPolicy(who, what, new Date("2026-03-13T12:00:29.999Z"))).toBe(access);
    const later = createAccessPolicy(who, what, new Date("2026-03-13T12:00:30Z"));
    expect(later).not.toBe(access);
    expect(later.allows("tool", files, "write_file")).toBe(true);
  });

  it("of read-only principals is to tools that are declared read-only, by discovery or in the request", async () => {
    const access = createAccessPolicy(createAnonymous(tenant.id), await snapshot(), NOON);
    expect(access.allows("tool", files, "read_file")).toBe(true);
    expect(access.allows("tool", files, "write_file")).toBe(false);
    expect(access.allows("tool", files, "brand_new")).toBe(false);
    expect(access.allows("tool", files, "brand_new", { readOnlyHint: true })).toBe(true);
    expect(access.allows("tool", files, "read_file", { readOnlyHint: false })).toBe(false);
    expect(access.allows("resource", files, "file:///x")).toBe(true);
    expect(access.allows("resource", files, "config://x")).toBe(false);
  });

  it("is to nothing without the scope for MCP, and to no server that is not the tenant's", async () => {
    const what = await snapshot();
    expect(
      createAccessPolicy(principal({ scopes: ["read", "admin"] }), what, NOON).allows(
        "tool",
        files,
        "read_file",
      ),
    ).toBe(false);
    expect(createAccessPolicy(principal(), what, NOON).allows("tool", crypto.randomUUID(), "read_file")).toBe(
      false,
    );
  });

  it("is to nothing that no rule allows, where the tenant's default is deny or invalid", async () => {
    for (const accessDefault of ["deny", "maybe"]) {
      await owner.query(
        "update tenants set settings = jsonb_build_object('accessDefault', $2::text) where id = $1",
        [tenant.id, accessDefault],
      );
      expect(
        createAccessPolicy(principal({ role: "admin" }), await snapshot(), NOON).allows(
          "tool",
          files,
          "read_file",
        ),
      ).toBe(false);
    }
    await owner.query("update tenants set settings = '{}' where id = $1", [tenant.id]);
  });
});
