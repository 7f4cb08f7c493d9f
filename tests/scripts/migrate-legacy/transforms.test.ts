// What becomes of single old rows, as tables.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAddressRange } from "../../../scripts/migrate-legacy/addresses.ts";
import { References } from "../../../scripts/migrate-legacy/references.ts";
import { listColumns } from "../../../scripts/migrate-legacy/target-tables.ts";
import { transformLine } from "../../../scripts/migrate-legacy/transform-row.ts";
import {
  readHours,
  transformAccessControl,
  transformEnhancedKey,
} from "../../../scripts/migrate-legacy/transforms/access.ts";
import {
  slugify,
  transformTenant,
  transformUser,
} from "../../../scripts/migrate-legacy/transforms/identity.ts";
import { transformAudit, transformRequest } from "../../../scripts/migrate-legacy/transforms/logs.ts";
import {
  readConditions,
  toServerName,
  transformServer,
  transformTool,
} from "../../../scripts/migrate-legacy/transforms/registry.ts";
import type { Transform } from "../../../scripts/migrate-legacy/transforms/transformed.ts";

const TENANT = "00000000-0000-4000-8000-000000000001";
const SERVER = "00000000-0000-4000-8000-000000000002";

function references(): References {
  const known = new References(new Map([["*", TENANT]]));
  known.learn({ kind: "tenant", oldId: "t", id: TENANT, slug: "acme" });
  known.learn({ kind: "server", id: SERVER, tenantId: TENANT, name: "search" });
  known.learn({ kind: "user", oldId: "u", id: "u", email: "u@example.com", username: null });
  known.learn({ kind: "member", tenantId: TENANT, userId: "u" });
  return known;
}

function read(transform: Transform, row: Record<string, unknown>, known = references()) {
  const line = transformLine(JSON.stringify(row), transform, { references: known, exportedAt: new Date() });
  if (line.kind === "rejected") return { reason: line.reason };
  const rows = line.result.rows.map(({ table, values }) => ({
    table,
    ...Object.fromEntries(listColumns(table).map((column, at) => [column, values[at]])),
  }));
  return { rows, repairs: line.repairs, conflicts: line.result.conflicts ?? [] };
}

describe("an access rule of the old backend", () => {
  it.each<[unknown[], unknown]>([
    [[], undefined],
    [Array.from({ length: 24 }, (_, hour) => hour), undefined],
    [[9, 10, 11], { from: "09:00", until: "12:00" }],
    [[23, 0, 22], { from: "22:00", until: "01:00" }],
    [[23], { from: "23:00", until: "00:00" }],
  ])("with the hours %j holds in %j", (hours, range) => {
    expect(readHours(hours)).toEqual(range);
  });

  it("covers exactly the hours of its list, or is rejected", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 23 }),
        (hours) => {
          let range: ReturnType<typeof readHours>;
          try {
            range = readHours(hours);
          } catch {
            return;
          }
          const from = Number(range?.from.slice(0, 2));
          const covered = Array.from({ length: hours.length }, (_, more) => (from + more) % 24);
          expect(new Set(covered)).toEqual(new Set(hours));
          expect(Number(range?.until.slice(0, 2))).toBe((from + hours.length) % 24);
        },
      ),
    );
  });

  it("denies where it denied, and is rejected where it restricts methods", () => {
    const row = { id: "c", server_id: SERVER, user_id: "u", can_proxy: false, allowed_days: [0, 6] };
    expect(read(transformAccessControl, row).rows).toMatchObject([
      { effect: "deny", subject_type: "user", subject_id: "u", days_of_week: [1, 7], start_time: null },
    ]);
    expect(read(transformAccessControl, { ...row, denied_methods: ["tools/call"] }).reason).toMatch(
      "restricts methods",
    );
    expect(read(transformAccessControl, { ...row, server_id: "gone" }).reason).toBe(
      "server gone does not exist",
    );
    expect(read(transformAccessControl, { ...row, user_id: null }).reason).toMatch(
      "neither user nor API key",
    );
  });
});

describe("a salted key", () => {
  const row = {
    ...{
      id: "k",
      name: "key",
      key_hash: "a".repeat(64),
      key_prefix: "mcp_abcd",
      salt: "s",
      tenant_id: "t",
      user_id: "u",
    },
    ...{
      scopes: ["READ", "fly"],
      ip_whitelist: ["192.0.2.0/24"],
      rate_limit_per_hour: 7,
      rate_limit_per_day: 8,
    },
  };

  it("keeps salt, addresses, scopes and limits", () => {
    const { rows } = read(transformEnhancedKey, row);
    expect(rows).toMatchObject([
      {
        table: "legacy_api_keys",
        salt: "s",
        scopes: ["read"],
        ip_allowlist: ["192.0.2.0/24"],
        is_active: true,
      },
      { table: "rate_limit_configs", subject_type: "key", limit_count: 7, window_seconds: 3600 },
      { table: "rate_limit_configs", subject_type: "key", limit_count: 8, window_seconds: 86_400 },
    ]);
  });

  it.each([
    { allowed_servers: ["x"] },
    { allowed_methods: ["tools/call"] },
    { ip_whitelist: ["not an address"] },
    { ip_whitelist: ["192.0.2.1/24"] },
    { is_locked: true },
    { is_active: false },
  ])("with %j is disabled", (change) => {
    expect(read(transformEnhancedKey, { ...row, ...change }).rows).toMatchObject([
      { is_active: false },
      {},
      {},
    ]);
  });

  it.each([
    { key_prefix: "short" },
    { key_prefix: "x".repeat(21) },
    { key_hash: "$2b$10$" },
    { tenant_id: "gone" },
    { user_id: "gone" },
  ])("with %j is rejected", (change) => {
    expect(read(transformEnhancedKey, { ...row, ...change }).reason).toBeDefined();
  });
});

describe("addresses", () => {
  it.each<[string, boolean]>([
    ["192.0.2.1", true],
    ["192.0.2.0/24", true],
    ["192.0.2.1/24", false],
    ["2001:db8::/32", true],
    ["2001:db8::1/32", false],
    ["::1", true],
    ["192.0.2.0/33", false],
    ["192.0.2.0/", false],
    ["host", false],
  ])("%s can be stored: %s", (text, expected) => {
    expect(isAddressRange(text)).toBe(expected);
  });
});

describe("names", () => {
  it("are valid for any old name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(slugify(text)).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(toServerName(text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/);
      }),
    );
  });

  it("are free, and the same when the row is read again", () => {
    const row = {
      name: "Search",
      version: "1",
      endpoint_url: "https://example.com/mcp",
      transport_type: "HTTP",
    };
    const known = references();
    const name = (id: string) => {
      const line = transformLine(JSON.stringify({ ...row, id }), transformServer, {
        references: known,
        exportedAt: new Date(),
      });
      if (line.kind === "rejected") return line.reason;
      for (const fact of line.result.facts ?? []) known.learn(fact);
      return line.result.rows[0]?.values[2];
    };
    expect(["a", "b", "c", "b", "a"].map(name)).toEqual([
      "Search",
      "Search-2",
      "Search-3",
      "Search-2",
      "Search",
    ]);
  });

  it("of mapped tenants add no tenant", () => {
    const known = new References(new Map([["Acme", TENANT]]));
    expect(read(transformTenant, { id: "x", name: "Acme" }, known).rows).toEqual([]);
  });
});

describe("a user", () => {
  it("who administered a tenant is its admin, and no operator", () => {
    const row = { id: "n", username: "New User", email: "N@Example.com", role: "ADMIN", tenant_id: "t" };
    expect(read(transformUser, row).rows).toMatchObject([
      { table: "user", role: "user", email: "n@example.com", username: "newuser", tenant_id: TENANT },
      { table: "tenant_members", role: "admin", user_id: "n" },
    ]);
    expect(read(transformUser, { ...row, tenant_id: null }).conflicts).toHaveLength(1);
  });

  it("with the address of another becomes that user", () => {
    const { rows, conflicts } = read(transformUser, {
      id: "n",
      email: "U@example.com",
      role: "USER",
      tenant_id: "t",
    });
    expect(rows).toMatchObject([{ table: "tenant_members", user_id: "u" }]);
    expect(conflicts).toEqual(["u@example.com: merged into the existing user u"]);
  });
});

describe("log entries", () => {
  const audit = { id: "a", action: "x", resource_type: "y", timestamp: "2026-01-01T00:00:00" };

  it("are kept without their tenant, and without secrets", () => {
    const { rows, repairs } = read(transformAudit, {
      ...audit,
      tenant_id: "gone",
      details: '{"password": "hunter22"}',
    });
    expect(rows).toMatchObject([{ tenant_id: null, details: { json: { password: "[redacted]" } } }]);
    expect(repairs).toEqual(["tenant_id: unknown tenant, entry visible to operators only"]);
  });

  it.each<[Record<string, unknown>, number, number]>([
    [{ duration_ms: 5 }, 5, 499],
    [{ response_time: "2026-01-01T00:00:01", status_code: 200 }, 1000, 200],
    [{ response_time: "2025-12-31T23:59:59", status_code: 9999 }, 0, 599],
    [{ duration_ms: -3 }, 0, 499],
  ])("of a request with %j took %d ms and ended with %d", (change, duration, status) => {
    const row = { id: "r", method: "POST", path: "/mcp", request_time: "2026-01-01T00:00:00", ...change };
    expect(read(transformRequest, row).rows).toMatchObject([{ duration_ms: duration, status_code: status }]);
  });

  it("are rejected if they are no JSON object", () => {
    const known = { references: references(), exportedAt: new Date() };
    expect(transformLine('{"a', transformAudit, known).kind).toBe("rejected");
    expect(transformLine("[]", transformAudit, known)).toEqual({
      kind: "rejected",
      reason: "is not a JSON object",
    });
  });
});

describe("conditions and schemas", () => {
  it.each<[Record<string, unknown>, unknown, boolean]>([
    [{ tool_name: "search" }, { tools: ["search"] }, true],
    [{ tools: ["a"], tool: "b", tags: ["x"] }, { tools: ["a", "b"], tags: ["x"] }, true],
    [{ country: "DE", tool: "a" }, { tools: ["a"] }, false],
    [{ tools: [] }, {}, false],
  ])("%j becomes %j, complete: %s", (old, conditions, isComplete) => {
    expect(readConditions(old)).toEqual({ conditions, isComplete });
  });

  it.each([
    { type: "object", properties: {} },
    { inputSchema: { type: "object", properties: {} } },
    { properties: {} },
  ])("the tool schema %j has an input schema of type object", (schema) => {
    const { rows } = read(transformTool, { id: "t", server_id: SERVER, name: "t", tool_schema: schema });
    expect(rows).toMatchObject([{ input_schema: { json: { type: "object", properties: {} } } }]);
  });
});
