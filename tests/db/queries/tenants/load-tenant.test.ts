/** What the database gives of a key and its tenant in one statement, and whose. */
import { describe, expect, it } from "vitest";
import { loadKeyRows, loadTenantRows } from "../../../../src/db/queries/tenants/load-tenant.ts";
import { addTenant } from "../../../api/support.ts";
import { database, owner } from "../../../support/database.ts";

const load = (keyId: string, known: readonly string[] = []) => loadKeyRows(database.asSystem(), keyId, known);

describe("a key and its tenant", () => {
  it("come together, and of other tenants nothing", async () => {
    const [tenant, other] = [await addTenant("load"), await addTenant("load")];
    const key = await tenant.addKey();
    const serverId = await tenant.addServer("files");
    await other.addServer("foreign");
    await owner.query(
      `insert into server_access_controls
         (tenant_id, subject_type, subject_id, object_type, object_pattern, effect, valid_until)
       values ($1, 'role', 'user', 'tool', 'a*', 'deny', '2030-01-02T03:04:05.678Z'),
              ($2, 'role', 'user', 'tool', 'b*', 'deny', null)`,
      [tenant.id, other.id],
    );
    const { found, loaded } = await load(key.id);
    expect(found).toMatchObject({ key: { id: key.id, tenantId: tenant.id }, tenantStatus: "active" });
    expect(loaded?.tenant.id).toBe(tenant.id);
    expect(loaded?.servers.map(({ id }) => id)).toEqual([serverId]);
    const [rule, ...more] = loaded?.rules ?? [];
    expect(more).toEqual([]);
    expect(rule?.objectPattern).toBe("a*");
    expect(new Date(rule?.validUntil ?? 0).toISOString()).toBe("2030-01-02T03:04:05.678Z");
    // The same as a tenant's own role reads.
    expect(await loadTenantRows(database.withTenant(tenant.id), tenant.id)).toEqual(loaded);
  });

  it("come as the key alone where the caller has the tenant, or the key cannot be used", async () => {
    const tenant = await addTenant("load");
    const [key, revoked] = [await tenant.addKey(), await tenant.addKey()];
    await owner.query("update api_keys set revoked_at = now() where id = $1", [revoked.id]);
    const known = await load(key.id, [crypto.randomUUID(), tenant.id]);
    expect([known.found?.key.id, known.loaded]).toEqual([key.id, undefined]);
    const unusable = await load(revoked.id);
    expect([unusable.found?.key.id, unusable.loaded]).toEqual([revoked.id, undefined]);
    expect((await load(crypto.randomUUID())).found).toBeNull();
  });

  it("come with the groups of the key's owner in its tenant that have not expired", async () => {
    const [tenant, other] = [await addTenant("load"), await addTenant("load")];
    const [key, none, ownerless] = [
      await tenant.addKey(),
      await tenant.addKey(),
      await tenant.addKey({ userId: null }),
    ];
    await owner.query("insert into tenant_members (tenant_id, user_id) values ($1, $2)", [
      other.id,
      key.userId,
    ]);
    const join = async (tenantId: string, name: string, expiresAt: string | null) => {
      const [row] = await owner.query(
        `with made as (insert into groups (tenant_id, name) values ($1, $2) returning id)
         insert into group_members (tenant_id, group_id, user_id, expires_at)
         select $1, id, $3, $4 from made returning group_id`,
        [tenantId, name, key.userId, expiresAt],
      );
      return String(row?.group_id);
    };
    const [lasting, limited] = [
      await join(tenant.id, "a", null),
      await join(tenant.id, "b", "2030-01-01T00:00:00Z"),
    ];
    await join(tenant.id, "c", "2020-01-01T00:00:00Z");
    await join(other.id, "a", null);
    const groups = (await load(key.id)).found?.groups ?? [];
    expect(new Map(groups.map(({ id, expiresAt }) => [id, expiresAt && Date.parse(expiresAt)]))).toEqual(
      new Map([
        [lasting, null],
        [limited, Date.parse("2030-01-01T00:00:00Z")],
      ]),
    );
    expect((await load(none.id)).found?.groups).toBeNull();
    expect((await load(ownerless.id)).found?.groups).toBeNull();
  });

  it("do not come for another tenant than the one whose role reads", async () => {
    const [tenant, other] = [await addTenant("load"), await addTenant("load")];
    expect(await loadTenantRows(database.withTenant(tenant.id), other.id)).toBeUndefined();
  });
});
