/** Particular kinds of managed records: versioned values, sealed values, records of the whole system. */
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { rollUpTrafficIfDue } from "../../src/operations/traffic-rollups.ts";
import { database, owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeAll(async () => {
  tenant = await addTenant("managed");
  admin = await tenant.addKey();
});

const as = (key: string) => ({
  get: (path: string) => call("GET", path, { key }),
  post: (path: string, json?: object) => call("POST", path, { key, ...(json && { json }) }),
  patch: (path: string, json: object) => call("PATCH", path, { key, json }),
  del: (path: string) => call("DELETE", path, { key }),
});

describe("a configuration value", () => {
  it("keeps its versions, and brings one back as its newest", async () => {
    const { get, post, patch } = as(admin.text);
    const { body: config } = await post("/configs", { key: "cache.seconds", value: 10, category: "cache" });
    expect(config).toMatchObject({ version: 1, value: 10, isSensitive: false });
    expect((await patch(`/configs/${config.id}`, { value: { low: 1 } })).body.version).toBe(2);
    expect((await patch(`/configs/${config.id}`, { description: "In seconds." })).body.version).toBe(2);
    const restored = await post(`/configs/${config.id}/restore`, { version: 1 });
    expect(restored.body).toMatchObject({ version: 3, value: 10, description: "In seconds." });
    const versions = (await get(`/configs/${config.id}/versions`)).body.items;
    expect(
      versions.map(({ version, value }: { version: number; value: unknown }) => [version, value]),
    ).toEqual([
      [3, 10],
      [2, { low: 1 }],
      [1, 10],
    ]);
    expect((await post(`/configs/${config.id}/restore`, { version: 9 })).status).toBe(404);
  });

  it("that is not for run time keeps its value until it is made so", async () => {
    const { post, patch } = as(admin.text);
    const { body: config } = await post("/configs", { key: "boot.size", value: 1, isRuntime: false });
    const refused = await patch(`/configs/${config.id}`, { value: 2 });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: "/value" }] } });
    expect((await post(`/configs/${config.id}/restore`, { version: 1 })).status).toBe(400);
    expect((await patch(`/configs/${config.id}`, { description: "Fixed." })).status).toBe(200);
    const changed = await patch(`/configs/${config.id}`, { value: 2, isRuntime: true });
    expect(changed.body).toMatchObject({ value: 2, isRuntime: true });
  });

  it("that is sensitive is sealed in every version, and shown in none", async () => {
    const { get, post, patch } = as(admin.text);
    const secret = `hush-${crypto.randomUUID()}`;
    const { body: config } = await post("/configs", {
      key: "smtp.password",
      value: secret,
      isSensitive: true,
    });
    const changed = await patch(`/configs/${config.id}`, { value: `${secret}-2` });
    const restored = await post(`/configs/${config.id}/restore`, { version: 1 });
    const versions = await get(`/configs/${config.id}/versions`);
    expect(restored.body).toMatchObject({ value: null, version: 3 });
    const rows = await owner.query(
      "select c.value, h.value as old from system_configs c join system_config_history h on h.config_id = c.id where c.id = $1",
      [config.id],
    );
    const everything = JSON.stringify([
      config,
      changed.body,
      restored.body,
      versions.body,
      rows,
      await tenant.audit(),
    ]);
    expect(everything).not.toContain(secret);
    expect(rows).toHaveLength(3);
    expect((await patch(`/configs/${config.id}`, { isSensitive: false })).status).toBe(400);
  });

  it("of the whole system holds until the tenant has its own", async () => {
    const key = `x.${crypto.randomUUID()}`;
    const [shared] = await owner.query(
      "insert into system_configs (key, value) values ($1, '1') returning id",
      [key],
    );
    const { get, post, patch, del } = as(admin.text);
    const effective = async () =>
      (await get("/effective-configs")).body.items.find((item: { key: string }) => item.key === key);
    expect(await effective()).toMatchObject({ value: 1, isOwn: false });
    expect((await get(`/configs/${shared?.id}`)).body).toMatchObject({ tenantId: null, value: 1 });
    expect((await patch(`/configs/${shared?.id}`, { value: 2 })).status).toBe(403);
    expect((await del(`/configs/${shared?.id}`)).status).toBe(403);
    const { body: own } = await post("/configs", { key, value: 3 });
    expect(await effective()).toMatchObject({ value: 3, isOwn: true });
    expect((await post("/configs", { key, value: 4 })).status).toBe(409);
    expect((await del(`/configs/${own.id}`)).status).toBe(204);
    expect(await effective()).toMatchObject({ value: 1, isOwn: false });
  });
});

describe("a setting of the gateway", () => {
  const settingOf = async (key: string) =>
    (await as(admin.text).get("/settings")).body.items.find((item: { key: string }) => item.key === key);

  it("is what it is by default until the tenant sets it, and again when it no longer does", async () => {
    const key = "logging.payloads.results";
    const { post, patch, del } = as(admin.text);
    expect(await settingOf(key)).toMatchObject({
      value: false,
      source: "default",
      isSet: false,
      configId: null,
    });
    const { body: config } = await post("/configs", { key, value: true, category: "anything" });
    expect(config).toMatchObject({ category: "logging", isSensitive: false, isRuntime: true });
    expect(await settingOf(key)).toMatchObject({ value: true, source: "tenant", configId: config.id });
    const refused = await patch(`/configs/${config.id}`, { value: "yes" });
    expect(refused.body.errors).toEqual([{ path: "/value", message: "must be true or false" }]);
    expect((await del(`/configs/${config.id}`)).status).toBe(204);
    expect(await settingOf(key)).toMatchObject({ value: false, source: "default" });
  });

  it("that is secret is sealed, whatever its other members", async () => {
    const secret = `Bearer ${crypto.randomUUID()}`;
    const { post, patch, get } = as(admin.text);
    const key = "telemetry.otlp.authorization";
    const { body: config } = await post("/configs", { key, value: secret, isSensitive: false });
    expect(config).toMatchObject({ isSensitive: true, value: null });
    expect((await patch(`/configs/${config.id}`, { description: "Ours." })).status).toBe(200);
    expect((await patch(`/configs/${config.id}`, { value: 7 })).status).toBe(400);
    const rows = await owner.query("select * from system_configs where id = $1", [config.id]);
    const seen = JSON.stringify([
      rows,
      await settingOf(key),
      (await get("/configs")).body,
      await tenant.audit(),
    ]);
    expect(seen).not.toContain(secret);
    expect(await settingOf(key)).toMatchObject({ value: null, isSet: true, source: "tenant" });
  });

  it("is set by those only who may, and under its right name", async () => {
    const { post } = as(admin.text);
    const slip = await post("/configs", { key: "logging.payload.sample", value: 1 });
    expect(slip.body.errors[0]).toMatchObject({ path: "/key" });
    const headers = await tenant.addOperator();
    const json = { key: "logging.payloads.sample", value: 1 };
    const shared = await call("POST", "/system/configs", { headers, json });
    expect(shared.body.errors).toEqual([{ path: "/key", message: "can be set only by the organization" }]);
  });

  it("of the whole system goes back to an earlier version too", async () => {
    const headers = await tenant.addOperator();
    const key = `x.${crypto.randomUUID()}`;
    const { body: made } = await call("POST", "/system/configs", { headers, json: { key, value: 1 } });
    await call("PATCH", `/system/configs/${made.id}`, { headers, json: { value: 2 } });
    const path = `/system/configs/${made.id}`;
    const restored = await call("POST", `${path}/restore`, { headers, json: { version: 1 } });
    expect(restored.body).toMatchObject({ value: 1, version: 3, tenantId: null });
    expect((await call("GET", `${path}/versions`, { headers })).body.items).toHaveLength(3);
    expect((await call("GET", `${path}/versions`, { key: admin.text })).status).toBe(403);
  });
});

describe("what operators set", () => {
  it("is seen by every tenant, and created by operators only", async () => {
    const headers = await tenant.addOperator();
    const json = { title: "The gateway moves", body: "On Friday.", audience: ["readonly"] };
    const made = await call("POST", "/system/announcements", { headers, json });
    expect(made.status).toBe(201);
    expect(made.body.tenantId).toBeNull();
    const other = await addTenant("managed");
    const reader = as((await other.addKey({ role: "readonly" })).text);
    const seen = (await reader.get("/me/announcements")).body.items;
    expect(seen).toContainEqual(expect.objectContaining({ id: made.body.id, acknowledgedAt: null }));
    expect((await reader.post(`/me/announcements/${made.body.id}/acknowledge`)).status).toBe(204);
    expect((await reader.post(`/me/announcements/${made.body.id}/acknowledge`)).status).toBe(204);
    const [mine] = (await reader.get("/me/announcements")).body.items.filter(
      ({ id }: { id: string }) => id === made.body.id,
    );
    expect(mine.acknowledgedAt).toBeTypeOf("string");
    const user = as((await other.addKey({ role: "user" })).text);
    expect(JSON.stringify((await user.get("/me/announcements")).body)).not.toContain(made.body.id);
    expect((await as(admin.text).post("/system/announcements", json)).status).toBe(403);
    await call("DELETE", `/system/announcements/${made.body.id}`, { headers });
  });
});

describe("an alert that went off", () => {
  it("is acknowledged, then resolved, and stays resolved", async () => {
    const { post } = as(admin.text);
    const { body: alert } = await post("/alerts", { name: "Slow", metric: "latency_p95", threshold: 1 });
    const [event] = await owner.query(
      "insert into alert_events (tenant_id, alert_id, severity, dedup_key, message) values ($1, $2, 'high', 'x', 'Too slow.') returning id",
      [tenant.id, alert.id],
    );
    const path = `/alert-events/${event?.id}`;
    expect((await post(`${path}/acknowledge`)).body).toMatchObject({
      status: "acknowledged",
      acknowledgedBy: admin.userId,
    });
    expect((await post(`${path}/resolve`)).body).toMatchObject({ status: "resolved" });
    expect((await post(`${path}/resolve`)).status).toBe(409);
  });
});

describe("what does not hold together is refused, and the place is named", () => {
  const window = { title: "x", startsAt: "2026-01-01T00:00:00Z", endsAt: "2026-01-02T00:00:00Z" };
  it.each<[string, object, string]>([
    ["/maintenance-windows", { ...window, endsAt: window.startsAt }, "/endsAt"],
    ["/maintenance-windows", { ...window, recurrence: "every day" }, "/recurrence"],
    ["/maintenance-windows", { ...window, timeZone: "Vienna" }, "/timeZone"],
    ["/announcements", { title: "x", body: "x", endsAt: "2020-01-01T00:00:00Z" }, "/endsAt"],
    ["/rate-limits", { subjectType: "global", limitCount: 1 }, "/subjectType"],
    ["/rate-limits", { subjectType: "role", subjectId: "boss", limitCount: 1 }, "/subjectId"],
    ["/rate-limits", { subjectType: "user", subjectId: "nobody", limitCount: 1 }, "/subjectId"],
    ["/rate-limits", { subjectType: "tenant", subjectId: "x", limitCount: 1 }, "/subjectId"],
    ["/ip-rules", { kind: "block", cidr: "10.0.0.1/8" }, "/cidr"],
    ["/routing-rules", { name: "x", targetServers: [crypto.randomUUID()] }, "/targetServers/0"],
    ["/routing-rules", { name: "x", targetServers: [], conditions: { tools: ["{"] } }, "/conditions/tools/0"],
    [
      "/toolsets",
      { slug: "a", title: "x", members: [{ kind: "tool", serverId: crypto.randomUUID() }] },
      "/members/0/serverId",
    ],
    ["/toolsets", { slug: "a", title: "x", members: [{ kind: "prompt", hints: {} }] }, "/members/0/hints"],
    ["/toolsets", { slug: "A b", title: "x" }, "/slug"],
    [
      "/alerts",
      { name: "x", metric: "m", threshold: 1, channels: [{ type: "webhook", url: "https://10.0.0.1/" }] },
      "/channels/0/url",
    ],
    ["/feature-flags", { key: "Not Small", name: "x" }, "/key"],
    ["/configs", { key: "a", value: null }, "/value"],
    ["/configs", { key: "a", value: "\0" }, "/value"],
  ])("%s %j", async (path, json, place) => {
    const answer = await as(admin.text).post(path, json);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(place);
  });
});

describe("the limit of the whole system", () => {
  const capacity = () => env.GLOBAL.getByName("global").getCapacity();

  it("applies at once, and the variable applies again when it is deleted", async () => {
    const headers = await tenant.addOperator();
    const before = await capacity();
    const json = { subjectType: "global", limitCount: 90_000_000 };
    const made = await call("POST", "/system/rate-limits", { headers, json });
    expect(made.status).toBe(201);
    await expect.poll(capacity).toBe(90_000_000);
    expect((await call("DELETE", `/system/rate-limits/${made.body.id}`, { headers })).status).toBe(204);
    await expect.poll(capacity).toBe(before);
  });

  it("is per minute and without a burst", async () => {
    const headers = await tenant.addOperator();
    const json = { subjectType: "global", limitCount: 90_000_000, windowSeconds: 3600, burstFactor: 2 };
    const refused = await call("POST", "/system/rate-limits", { headers, json });
    expect(refused.body.errors).toMatchObject([{ path: "/windowSeconds" }, { path: "/burstFactor" }]);
  });
});

describe("a materialized view", () => {
  const NAMES = ["request_rollups_day", "request_rollups_hour", "request_rollups_minute"];

  it("is refreshed by its settings, or by request", async () => {
    const headers = await tenant.addOperator();
    const list = async () => (await call("GET", "/system/materialized-views", { headers })).body.items;
    const views: { id: string; name: string }[] = await list();
    expect(views.map(({ name }) => name)).toEqual(NAMES);
    // One of them: the sums are filled together, and have one schedule.
    const change = (json: object) =>
      call("PATCH", `/system/materialized-views/${views[0]?.id}`, { headers, json });
    const refreshedAt = async () => (await list())[0].lastRefreshedAt;
    const tick = () => rollUpTrafficIfDue(database, () => new Date());
    try {
      const [view] = views;
      const refreshed = await call("POST", `/system/materialized-views/${view?.id}/refresh`, { headers });
      expect(refreshed.status).toBe(200);
      for (const settings of [
        { isEnabled: false },
        { isEnabled: true, refreshStrategy: "manual" },
        { refreshStrategy: "incremental", refreshIntervalSeconds: 86_400 },
      ]) {
        expect((await change(settings)).status).toBe(200);
        for (const each of await list()) expect(each).toMatchObject(settings);
        const before = await refreshedAt();
        await tick();
        expect(await refreshedAt()).toBe(before);
      }
      await owner.query("update materialized_views set last_refreshed_at = now() - interval '2 days'");
      const before = await refreshedAt();
      await tick();
      expect(await refreshedAt()).not.toBe(before);
      expect((await change({ refreshIntervalSeconds: 1 })).status).toBe(400);
      expect((await change({ refreshStrategy: "concurrent" })).status).toBe(400);
    } finally {
      await change({ isEnabled: true, refreshStrategy: "incremental", refreshIntervalSeconds: 60 });
    }
  });
});
