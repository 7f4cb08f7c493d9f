/** The audit log as evidence: the API cannot change it, and changes in the database are detected. */
import { beforeEach, describe, expect, it } from "vitest";
import { database, owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeEach(async () => {
  tenant = await addTenant("verified");
  admin = await tenant.addKey();
  for (const key of ["a", "b", "c", "d", "e"]) {
    await call("POST", "/feature-flags", { key: admin.text, json: { key, name: key } });
  }
});

const verify = async (asked = "") =>
  (await call("GET", `/audit-logs/verification${asked}`, { key: admin.text })).body;

/** As only a superuser can: past the triggers, which keep even the owner out. */
const tamper = (statement: string, parameters: unknown[] = [tenant.id]) =>
  owner.transaction([
    owner.query("set local session_replication_role = replica"),
    owner.query(statement, parameters),
  ]);

const entryAt = async (sequence: number) => {
  const [row] = await owner.query("select id from audit_logs where tenant_id = $1 and sequence = $2", [
    tenant.id,
    sequence,
  ]);
  return String(row?.id);
};

describe("the audit log", () => {
  it("that is unaltered verifies, on one page and on many", async () => {
    expect(await verify()).toEqual({
      checked: 5,
      next: null,
      anchor: expect.stringMatching(/^5:[0-9a-f]{64}$/),
      faults: [],
    });
    const first = await verify("?limit=2");
    expect(first).toMatchObject({ next: expect.any(Number), faults: [] });
    let page = first;
    let checked = first.checked;
    while (page.next !== null) {
      page = await verify(`?limit=2&after=${page.next}`);
      expect(page.faults).toEqual([]);
      checked += page.checked;
    }
    expect(checked).toBe(5);
  });

  it("names an entry that was changed", async () => {
    await tamper(
      `update audit_logs set after = after || '{"name": "harmless"}' where tenant_id = $1 and sequence = 3`,
    );
    const { faults } = await verify();
    expect(faults).toEqual([
      {
        kind: "changed",
        entryId: await entryAt(3),
        from: 3,
        to: 3,
        message: expect.stringContaining("Entry 3 (feature-flags.create"),
      },
    ]);
    expect((await verify("?limit=2&after=2")).faults).toEqual(faults);
  });

  it("names one that was changed with its own hash put right, by the next", async () => {
    await tamper("update audit_logs set user_id = null where tenant_id = $1 and sequence = 3");
    await tamper(
      "update audit_logs l set hash = gateway_audit_hash(l) where tenant_id = $1 and sequence = 3",
    );
    expect((await verify()).faults).toMatchObject([{ kind: "unlinked", from: 4 }]);
  });

  it("names what is missing, in the middle and at the end", async () => {
    await tamper("delete from audit_logs where tenant_id = $1 and sequence in (2, 3, 5)");
    expect((await verify()).faults).toMatchObject([
      { kind: "missing", from: 2, to: 3, message: "Entries 2 to 3 are missing." },
      { kind: "missing", from: 5, to: 5, message: "Entry 5 is missing." },
    ]);
  });

  it("that was made anew from an entry on does not fit an anchor taken before", async () => {
    const { anchor } = await verify();
    await tamper("delete from audit_logs where tenant_id = $1 and sequence = 5");
    await tamper(
      `update audit_chains c set length = 4, hash = l.hash from audit_logs l
        where c.tenant_id = $1 and l.tenant_id = $1 and l.sequence = 4`,
    );
    await call("POST", "/feature-flags", { key: admin.text, json: { key: "f", name: "Instead" } });
    expect((await verify()).faults).toEqual([]);
    expect((await verify(`?anchor=${anchor}`)).faults).toMatchObject([{ kind: "anchor", from: 5 }]);
  });

  it("takes many writers at once into one chain", async () => {
    const many = Array.from({ length: 20 }, (_, index) =>
      call("POST", "/feature-flags", { key: admin.text, json: { key: `many.${index}`, name: "m" } }),
    );
    expect((await Promise.all(many)).map(({ status }) => status)).toEqual(many.map(() => 201));
    expect(await verify()).toMatchObject({ checked: 25, faults: [] });
  });

  it("is added to and never changed, by no role and not by its owner either", async () => {
    const statements = [
      "update audit_logs set action = 'x' where tenant_id = $1",
      "delete from audit_logs where tenant_id = $1",
    ];
    for (const statement of statements) {
      await expect(owner.query(statement, [tenant.id])).rejects.toMatchObject({ code: "42501" });
      for (const db of [database.withTenant(tenant.id), database.asSystem()]) {
        const refused = db.execute(statement.replace("$1", `'${tenant.id}'`));
        await expect(refused).rejects.toMatchObject({ cause: { code: "42501" } });
      }
    }
    await expect(owner.query("truncate audit_logs")).rejects.toMatchObject({ code: "42501" });
  });

  it("sets the place of an entry itself, whatever the insert contains", async () => {
    await owner.query(
      `insert into audit_logs (tenant_id, action, resource_type, success, sequence, previous_hash, hash)
       values ($1, 'x', 'y', true, 99, 'a', 'b')`,
      [tenant.id],
    );
    expect(await verify()).toMatchObject({ checked: 6, faults: [] });
  });

  it("moves into a partition that is made late as it is", async () => {
    const at = `202${Math.floor(Math.random() * 4)}-05-05T05:05:05Z`;
    await owner.query(
      `insert into audit_logs (tenant_id, timestamp, action, resource_type, success) values ($1, $2, 'x', 'y', true)`,
      [tenant.id, at],
    );
    await owner.query(
      "select gateway_ensure_partitions($1::timestamptz, $1::timestamptz + interval '1 day')",
      [at],
    );
    expect(await verify()).toMatchObject({ checked: 6, faults: [] });
    await expect(owner.query("delete from audit_logs where timestamp = $1", [at])).rejects.toThrow(
      "never changed",
    );
  });
});

describe("entries without a tenant", () => {
  it("has a chain of its own, which operators look at", async () => {
    await owner.query("insert into audit_logs (action, resource_type, success) values ('x', 'y', true)");
    const headers = await tenant.addOperator();
    const { body } = await call("GET", "/system/audit-logs/verification", { headers });
    expect(body).toMatchObject({ faults: [] });
    expect(body.checked).toBeGreaterThan(0);
    expect((await call("GET", "/system/audit-logs/verification", { key: admin.text })).status).toBe(403);
  });
});
