/** What the database gives of a key and its tenant in one statement, and whose. */
import { describe, expect, it } from "vitest";
import { loadKeyRows, loadTenantRows } from "../../src/db/queries/tenants/load-tenant.ts";
import { addTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";

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

  it("do not come for another tenant than the one whose role reads", async () => {
    const [tenant, other] = [await addTenant("load"), await addTenant("load")];
    expect(await loadTenantRows(database.withTenant(tenant.id), other.id)).toBeUndefined();
  });
});
