/** What the routes of flags, announcements and maintenance windows return beyond their rows. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import { owner } from "../support/database.ts";
import { recordingQueue } from "../support/recording-queue.ts";
import { addTenant, call, read, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeAll(async () => {
  tenant = await addTenant("operations");
  admin = await tenant.addKey();
});

const as = (key: string) => ({
  get: (path: string) => call("GET", path, { key }),
  post: (path: string, json?: object) => call("POST", path, { key, ...(json && { json }) }),
});

describe("a flag", () => {
  it("returns its value for a user, a key or a role, and for the caller", async () => {
    const { get, post } = as(admin.text);
    const reader = await tenant.addKey({ role: "readonly" });
    const service = await tenant.addKey({ userId: null });
    const rules = [
      { roles: ["readonly"], isEnabled: true },
      { userIds: [service.id], isEnabled: true },
    ];
    const made = await post("/feature-flags", {
      key: "beta",
      name: "Beta",
      isEnabled: true,
      percentage: 0,
      rules,
    });
    const attempt = async (principal: object) =>
      (await post(`/feature-flags/${made.body.id}/try`, { principal })).body;
    expect(await attempt({ role: "admin" })).toEqual({ isOn: false, reason: "percentage", rule: null });
    expect(await attempt({ role: "readonly" })).toEqual({ isOn: true, reason: "rule", rule: 0 });
    expect(await attempt({ userId: reader.userId })).toEqual({ isOn: true, reason: "rule", rule: 0 });
    expect(await attempt({ keyId: service.id })).toEqual({ isOn: true, reason: "rule", rule: 1 });
    const other = await (await addTenant("operations")).addKey();
    const stranger = await post(`/feature-flags/${made.body.id}/try`, { principal: { keyId: other.id } });
    expect(stranger.status).toBe(404);
    // Other tests make flags of the whole system at the same time.
    const own = (await get("/me/flags")).body.items.filter(({ key }: { key: string }) =>
      ["beta", "mcp.early-answer"].includes(key),
    );
    expect(own).toEqual([
      { key: "beta", isOn: false },
      { key: "mcp.early-answer", isOn: true },
    ]);
    expect((await as(reader.text).get("/me/flags")).body.items).toContainEqual({ key: "beta", isOn: true });
  });

  it("shows how its two sides fare", async () => {
    const { body: flag } = await as(admin.text).post("/feature-flags", { key: "ab", name: "A or B" });
    const evaluation = (subject: string, isOn: boolean, minutesAgo: number) =>
      owner.query(
        `insert into feature_flag_evaluations (tenant_id, flag_key, subject_id, is_on, reason, timestamp)
         values ($1, 'ab', $2, $3, 'percentage', now() - $4 * interval '1 minute')`,
        [tenant.id, subject, isOn, minutesAgo],
      );
    const called = (userId: string, success: boolean, ms: number, minutesAgo = 0) =>
      owner.query(
        `insert into mcp_audit_logs (tenant_id, user_id, method, success, duration_ms, timestamp)
         values ($1, $2, 'tools/call', $3, $4, now() - $5 * interval '1 minute')`,
        [tenant.id, userId, success, ms, minutesAgo],
      );
    const [ann, bob, eve] = [uuidv7(), uuidv7(), uuidv7()];
    await evaluation(ann, true, 5);
    await evaluation(bob, false, 5);
    await evaluation(eve, true, 10);
    await evaluation(eve, false, 1);
    for (const [who, success, ms] of [
      [ann, true, 10],
      [ann, false, 30],
      [bob, true, 100],
      [eve, true, 300],
    ] as const)
      await called(who, success, ms);
    // From before the flag, and from when she was on the other side.
    await called(ann, false, 5000, 6);
    await called(eve, false, 5000, 7);
    expect((await as(admin.text).get(`/feature-flags/${flag.id}/results`)).body.items).toEqual([
      {
        ...{ isOn: false, subjects: 2, calls: 2, errors: 0, avgMs: 200, p95Ms: 290, errorRate: 0 },
        errorRateInterval: { low: 0, high: expect.closeTo(0.6576, 4) },
        difference: { value: -0.5, low: expect.closeTo(-0.9055, 4), high: expect.closeTo(0.2726, 4) },
      },
      {
        ...{ isOn: true, subjects: 1, calls: 2, errors: 1, avgMs: 20, p95Ms: 29, errorRate: 0.5 },
        errorRateInterval: { low: expect.closeTo(0.0945, 4), high: expect.closeTo(0.9055, 4) },
        difference: { value: 0.5, low: expect.closeTo(-0.2726, 4), high: expect.closeTo(0.9055, 4) },
      },
    ]);
  });

  it("counts who has seen it from its evaluation on", async () => {
    const own = await addTenant("exposed");
    const [boss, other] = [await own.addKey(), await own.addKey({ role: "user" })];
    const flags = ["mine", "unseen"].map((key) => ({
      key,
      name: key,
      isEnabled: true,
      userIds: [boss.userId],
    }));
    for (const flag of flags) await as(boss.text).post("/feature-flags", { ...flag, percentage: 0 });
    const { queue, events } = recordingQueue(env.EVENTS);
    const recording = { ...env, EVENTS: queue };
    const evaluate = async ({ text }: TestKey) => {
      const context = createExecutionContext();
      const headers = { authorization: `Bearer ${text}` };
      const request = new Request(`${env.PUBLIC_URL}/api/v1/me/flags?key=mine`, { headers });
      const { body } = await read(await createApp().fetch(request, recording, context));
      await waitOnExecutionContext(context);
      return body.items;
    };
    expect(await evaluate(boss)).toEqual([{ key: "mine", isOn: true }]);
    for (let round = 0; round < 2; round += 1) {
      expect(await evaluate(other)).toEqual([{ key: "mine", isOn: false }]);
    }
    expect(events.filter(({ kind }) => kind === "flag")).toEqual([
      expect.objectContaining({ flagKey: "mine", subjectId: boss.userId, isOn: true, reason: "named" }),
      expect.objectContaining({
        flagKey: "mine",
        subjectId: other.userId,
        isOn: false,
        reason: "percentage",
      }),
    ]);
  });
});

describe("an announcement", () => {
  it("returns which of its recipients have read it", async () => {
    const own = await addTenant("announcing");
    const boss = await own.addKey();
    const reader = await own.addKey({ role: "readonly" });
    const late = await own.addKey({ role: "readonly" });
    const json = { title: "News", body: "Read this.", audience: ["readonly"], requiresAcknowledgement: true };
    const { body: made } = await as(boss.text).post("/announcements", json);
    await as(reader.text).post(`/me/announcements/${made.id}/acknowledge`);
    const { items } = (await as(boss.text).get(`/announcements/${made.id}/acknowledgements`)).body;
    expect(items).toEqual([
      expect.objectContaining({ userId: late.userId, acknowledgedAt: null }),
      expect.objectContaining({ userId: reader.userId, acknowledgedAt: expect.any(String) }),
    ]);
    expect((await as(reader.text).get(`/announcements/${made.id}/acknowledgements`)).status).toBe(403);
  });
});

describe("the calendar", () => {
  it("shows each time that a window comes to", async () => {
    const { get, post } = as(admin.text);
    const serverId = await tenant.addServer("files");
    const window = { title: "Sundays", serverId, recurrence: "0 3 * * 0", timeZone: "UTC" };
    const times = { startsAt: "2026-03-01T03:00:00Z", endsAt: "2026-03-01T04:00:00Z" };
    expect((await post("/maintenance-windows", { ...window, ...times })).status).toBe(201);
    const march = "/maintenance-calendar?from=2026-03-01T00:00:00Z&to=2026-03-20T00:00:00Z";
    const { items } = (await get(march)).body;
    expect(items.map(({ startsAt }: { startsAt: string }) => startsAt.slice(0, 10))).toEqual([
      "2026-03-01",
      "2026-03-08",
      "2026-03-15",
    ]);
    expect(items[0]).toMatchObject({ title: "Sundays", serverName: "files", isShared: false });
    expect(
      (await get("/maintenance-calendar?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z")).status,
    ).toBe(400);
  });
});
