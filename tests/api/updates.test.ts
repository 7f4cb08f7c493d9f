/** Concurrent updates never overwrite each other unnoticed, and repeated creations create one resource. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { runs } from "../support/runs.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;
let flags = 0;

beforeAll(async () => {
  tenant = await addTenant("updates");
  admin = await tenant.addKey();
});

const headersOf = (ifMatch: string) => ({ key: admin.text, headers: { "if-match": ifMatch } });
const newFlag = async () => {
  flags += 1;
  const json = { key: `flag-${flags}`, name: "Flag", isEnabled: false };
  return call("POST", "/feature-flags", { key: admin.text, json });
};

describe("a change", () => {
  it("requires the version that it is based on", async () => {
    const { body } = await newFlag();
    const answer = await call("PATCH", `/feature-flags/${body.id}`, {
      ...headersOf(""),
      json: { isEnabled: true },
    });
    expect(answer.status).toBe(428);
    expect(answer.body.code).toBe("precondition_required");
  });

  it("goes through for what was read, and is refused for what was", async () => {
    const made = await newFlag();
    const path = `/feature-flags/${made.body.id}`;
    const read = await call("GET", path, { key: admin.text });
    const tag = read.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(made.headers.get("etag")).toBe(tag);
    expect(made.headers.get("location")).toBe(`/api/v1${path}`);
    const first = await call("PATCH", path, { ...headersOf(tag), json: { isEnabled: true } });
    expect(first.status).toBe(200);
    expect(first.headers.get("etag")).not.toBe(tag);
    const second = await call("PATCH", path, { ...headersOf(tag), json: { name: "Mine" } });
    expect(second.status).toBe(412);
    expect((await call("GET", path, { key: admin.text })).body).toMatchObject({
      name: "Flag",
      isEnabled: true,
    });
    const list = `"x", ${first.headers.get("etag")} , W/"y"`;
    expect((await call("PATCH", path, { ...headersOf(list), json: { name: "Mine" } })).status).toBe(200);
  });

  it("is not invalidated by what the gateway observes in between", async () => {
    const server = await tenant.addServer(`observed-${crypto.randomUUID().slice(0, 8)}`);
    const read = await call("GET", `/servers/${server}`, { key: admin.text });
    await owner.query("update mcp_servers set avg_response_time = 12, updated_at = now() where id = $1", [
      server,
    ]);
    const json = { weight: 3 };
    const answer = await call("PATCH", `/servers/${server}`, {
      ...headersOf(read.headers.get("etag") ?? ""),
      json,
    });
    expect(answer.status).toBe(200);
  });

  it("of two at the same moment is made once, and recorded once", async () => {
    const { body, headers } = await newFlag();
    const change = (percentage: number) =>
      call("PATCH", `/feature-flags/${body.id}`, {
        ...headersOf(headers.get("etag") ?? ""),
        json: { percentage },
      });
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(change));
    const counted = Map.groupBy(answers, ({ status }) => status);
    expect(counted.get(200)).toHaveLength(1);
    expect(counted.get(412)).toHaveLength(5);
    const records = await owner.query(
      "select 1 from audit_logs where resource_id = $1 and action = 'feature-flags.update' and success",
      [body.id],
    );
    expect(records).toHaveLength(1);
  });
});

describe("a creation with an Idempotency-Key", () => {
  const make = (idempotencyKey: string, json: object, key = admin.text) =>
    call("POST", "/ip-rules", { key, json, headers: { "idempotency-key": idempotencyKey } });
  const rule = { kind: "block", cidr: "192.0.2.0/24" };
  const rules = async () => owner.query("select id from ip_rules where tenant_id = $1", [tenant.id]);

  it("creates one record, however often it is repeated", async () => {
    const before = (await rules()).length;
    const first = await make("once-1", rule);
    const again = await make("once-1", rule);
    expect(first.status).toBe(201);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await rules()).toHaveLength(before + 1);
  });

  it("makes one thing for many at the same moment", async () => {
    const before = (await rules()).length;
    const answers = await Promise.all(Array.from({ length: 8 }, () => make("once-2", rule)));
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await rules()).toHaveLength(before + 1);
  });

  it("refuses another request under the same key, and an unfit key", async () => {
    await make("once-3", rule);
    const other = await make("once-3", { ...rule, cidr: "198.51.100.0/24" });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe("key_reused");
    expect((await make("has space", rule)).status).toBe(400);
  });

  it("is each caller's own, and a failure is not stored", async () => {
    const another = await tenant.addKey();
    const [mine, theirs] = [await make("once-4", rule), await make("once-4", rule, another.text)];
    expect(mine.body.id).not.toBe(theirs.body.id);
    expect((await make("once-5", { kind: "block", cidr: "nonsense" })).status).toBe(400);
    expect((await make("once-5", rule)).status).toBe(201);
  });

  it("shows a new key's secret again, and keeps none of it in the clear", async () => {
    const headers = { "idempotency-key": "once-6" };
    const first = await call("POST", "/keys", { key: admin.text, json: { name: "ci" }, headers });
    const again = await call("POST", "/keys", { key: admin.text, json: { name: "ci" }, headers });
    expect(again.body.secret).toBe(first.body.secret);
    const [kept] = await owner.query(
      "select sealed_response from idempotency_keys where key = 'once-6' and tenant_id = $1",
      [tenant.id],
    );
    expect(kept?.sealed_response).toBeTypeOf("string");
    expect(JSON.stringify(kept)).not.toContain(first.body.secret.slice(-20));
  });

  it("expires after a day, and is taken over after a minute of silence", async () => {
    const first = await make("once-7", rule);
    const expire = (set: string) =>
      owner.query(`update idempotency_keys set ${set} where key = 'once-7' and tenant_id = $1`, [tenant.id]);
    await expire("expires_at = now()");
    const second = await make("once-7", rule);
    expect(second.body.id).not.toBe(first.body.id);
    await expire("status = null, sealed_response = null");
    expect((await make("once-7", rule)).status).toBe(409);
    await expire("created_at = now() - interval '2 minutes'");
    expect((await make("once-7", rule)).status).toBe(201);
  });
});

describe("a list", () => {
  it("returns every record once, in the requested order, for any page size", async () => {
    const many = await addTenant("paging");
    const key = (await many.addKey()).text;
    await owner.query(
      `insert into performance_alerts (tenant_id, name, metric, threshold, severity, created_at)
       select $1, 'alert ' || n % 7, 'metric_' || n % 3, n, (array['low', 'high'])[1 + n % 2]::severity, now() + n % 5 * interval '1 microsecond'
       from generate_series(1, 40) n`,
      [many.id],
    );
    const sorts = ["name", "metric", "severity", "createdAt"].flatMap((name) => [name, `-${name}`]);
    const walk = async (sort: string, limit: number) => {
      const ids: string[] = [];
      const rows: Record<string, unknown>[] = [];
      for (let cursor = ""; ; ) {
        const query = new URLSearchParams({
          q: "alert ",
          sort,
          limit: String(limit),
          ...(cursor !== "" && { cursor }),
        });
        const { status, body } = await call("GET", `/alerts?${query}`, { key });
        expect(status).toBe(200);
        rows.push(...body.items);
        ids.push(...body.items.map(({ id }: { id: string }) => id));
        if (body.nextCursor === null) return { ids, rows };
        cursor = body.nextCursor;
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...sorts), {
          minLength: 1,
          maxLength: 3,
          selector: (name) => name.replace("-", ""),
        }),
        fc.integer({ min: 1, max: 50 }),
        async (sort, limit) => {
          const { ids, rows } = await walk(sort.join(), limit);
          expect(new Set(ids).size).toBe(40);
          expect(ids).toHaveLength(40);
          expect(ids).toEqual((await walk(sort.join(), 200)).ids);
          const [first = "name"] = sort;
          const member = first.replace("-", "");
          const values = rows.map((row) =>
            String(row[member] === "low" ? "1" : row[member] === "high" ? "2" : row[member]),
          );
          expect(values).toEqual(first.startsWith("-") ? values.toSorted().toReversed() : values.toSorted());
        },
      ),
      { numRuns: runs(12) },
    );
  });

  it("is not cached on the way", async () => {
    const answer = await call("GET", "/feature-flags", { key: admin.text });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect((await call("GET", "/openapi.json")).headers.get("cache-control")).toContain("public");
  });

  it("returns only the requested members, and accepts only its own cursors", async () => {
    const key = admin.text;
    const sparse = await call("GET", "/feature-flags?fields=key,isEnabled&limit=1", { key });
    expect(Object.keys(sparse.body.items[0])).toEqual(["key", "isEnabled"]);
    const cursor = encodeURIComponent(sparse.body.nextCursor);
    expect((await call("GET", `/feature-flags?limit=1&cursor=${cursor}`, { key })).status).toBe(200);
    for (const path of [
      `/feature-flags?sort=-key&cursor=${cursor}`,
      `/alerts?cursor=${cursor}`,
      "/alerts?cursor=e30",
    ]) {
      const answer = await call("GET", path, { key });
      expect(answer.status, path).toBe(400);
      expect(answer.body.errors[0].path).toBe("cursor");
    }
    const stranger = await (await addTenant("updates")).addKey();
    expect((await call("GET", `/feature-flags?cursor=${cursor}`, { key: stranger.text })).status).toBe(400);
    expect((await call("GET", "/feature-flags?fields=key,password", { key })).status).toBe(400);
    expect((await call("GET", "/feature-flags?sort=password", { key })).status).toBe(400);
  });
});
