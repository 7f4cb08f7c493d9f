/** Budgets over REST: what can be budgeted, what stays, what successors of keys have, and who may see usage. */
import { beforeAll, describe, expect, it } from "vitest";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let admin: TestKey;

const as = (key: string) => ({
  get: (path: string) => call("GET", path, { key }),
  post: (path: string, json: object) => call("POST", path, { key, json }),
  patch: (path: string, json: object) => call("PATCH", path, { key, json }),
  del: (path: string) => call("DELETE", path, { key }),
});

const month = (over: object) => ({
  name: "Month",
  subjectType: "tenant",
  period: "month",
  amount: 100,
  ...over,
});

beforeAll(async () => {
  tenant = await addTenant("budgets");
  admin = await tenant.addKey();
});

describe("a budget", () => {
  it("is of the organization, a user, a key or a group, once for each period", async () => {
    const { post } = as(admin.text);
    const { body: group } = await post("/groups", { name: "Guests" });
    const key = await tenant.addKey();
    for (const subject of [
      { subjectType: "tenant" },
      { subjectType: "user" },
      { subjectType: "key", subjectId: key.id },
      { subjectType: "group", subjectId: group.id },
    ]) {
      const made = await post("/budgets", month(subject));
      expect(made).toMatchObject({ status: 201, body: { ...subject, alertThresholds: [50, 80, 100] } });
      expect((await post("/budgets", month(subject))).status).toBe(409);
      expect((await post("/budgets", month({ ...subject, period: "day" }))).status).toBe(201);
    }
    // A group that a budget names stays.
    expect(await as(admin.text).del(`/groups/${group.id}`)).toMatchObject({ status: 409 });
  });

  it("has an amount, thresholds and a subject that fit", async () => {
    const { post } = as(admin.text);
    const faults = async (over: object) => (await post("/budgets", month(over))).body.errors;
    expect(await faults({ amount: 1.5 })).toMatchObject([{ path: "/amount" }]);
    expect(await faults({ amount: -1 })).toMatchObject([{ path: "/amount" }]);
    expect(await faults({ alertThresholds: [0] })).toMatchObject([{ path: "/alertThresholds/0" }]);
    expect(await faults({ alertThresholds: [50, 50] })).toMatchObject([{ path: "/alertThresholds" }]);
    expect(await faults({ period: "week" })).toMatchObject([{ path: "/period" }]);
    expect(await faults({ subjectId: "x" })).toMatchObject([{ path: "/subjectId" }]);
    for (const [subjectType, noun] of [
      ["user", "member"],
      ["key", "API key"],
      ["group", "group"],
    ]) {
      const unknown = { subjectType, subjectId: crypto.randomUUID() };
      expect(await faults(unknown)).toEqual([{ path: "/subjectId", message: `unknown ${noun}` }]);
    }
  });

  it("of a key is copied to the key that replaces it", async () => {
    const { get, post } = as(admin.text);
    const key = await tenant.addKey({ role: "user", userId: admin.userId });
    await post("/budgets", month({ subjectType: "key", subjectId: key.id, amount: 7 }));
    const rotated = await post(`/keys/${key.id}/rotate`, {});
    expect(rotated.status).toBe(201);
    const { body } = await get(`/budgets?subjectType=key&subjectId=${rotated.body.key.id}`);
    expect(body.items).toMatchObject([{ amount: 7, period: "month" }]);
  });

  it("is changed with an audit entry, and listed with its usage before a call", async () => {
    const other = await addTenant("budgets-usage");
    const key = await other.addKey();
    const { get, post, patch } = as(key.text);
    const { body } = await post("/budgets", month({}));
    expect((await patch(`/budgets/${body.id}`, { amount: 500 })).body.amount).toBe(500);
    const { body: log } = await get("/audit-logs?action=budgets.update");
    expect(log.items).toMatchObject([
      { resourceId: body.id, before: { amount: 100 }, after: { amount: 500 } },
    ]);
    const { body: usage } = await get("/budgets/usage");
    expect(usage.items).toMatchObject([
      { budgetId: body.id, subjectId: null, amount: 500, spent: 0, reached: [], isActive: true },
    ]);
    const reader = await other.addKey({ role: "user" });
    expect((await as(reader.text).get("/budgets/usage")).status).toBe(403);
  });
});
