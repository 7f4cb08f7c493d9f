/** Alert rules: which combinations are valid, and how their states are reported. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeAll(async () => {
  tenant = await addTenant("alerting");
  admin = await tenant.addKey();
});

const rule = (more: object = {}) => ({ name: "Watch", metric: "error_rate", threshold: 0.1, ...more });
const post = (path: string, json?: object) => call("POST", path, { key: admin.text, ...(json && { json }) });

describe("an alert", () => {
  it.each<[object, string, string]>([
    [{ metric: "nonsense" }, "/metric", "Invalid option"],
    [{ metric: "queue_backlog" }, "/metric", "requires operator privileges"],
    [{ resolveThreshold: 0.2 }, "/resolveThreshold", "must be on the recovery side of the threshold"],
    [
      { comparison: "lt", resolveThreshold: 0.05 },
      "/resolveThreshold",
      "must be on the recovery side of the threshold",
    ],
  ])("%o does not hold together", async (more, path, message) => {
    const { status, body } = await post("/alerts", rule(more));
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path, message: expect.stringContaining(message) }]);
  });

  it("takes a server only where its metric is measured of one", async () => {
    const serverId = await tenant.addServer("files");
    expect((await post("/alerts", rule({ serverId }))).status).toBe(201);
    expect((await post("/alerts", rule({ metric: "key_quota", serverId }))).body.errors).toMatchObject([
      { path: "/serverId" },
    ]);
  });

  it("of the whole system covers servers without a tenant", async () => {
    const headers = await tenant.addOperator();
    const made = await call("POST", "/system/alerts", { headers, json: rule({ metric: "queue_backlog" }) });
    expect(made.status).toBe(201);
    const refused = await call("POST", "/system/alerts", {
      headers,
      json: rule({ metric: "server_health" }),
    });
    expect(refused.body.errors).toMatchObject([
      { path: "/metric", message: "can be set only by the organization" },
    ]);
    await call("DELETE", `/system/alerts/${made.body.id}`, { headers });
  });

  it("shows its state and its notifications to its tenant alone", async () => {
    const { body } = await post("/alerts", rule());
    await owner.query(
      `insert into alert_states (tenant_id, alert_id, status, value, memory) values ($1, $2, 'pending', 0.2, '{}')`,
      [tenant.id, body.id],
    );
    await owner.query(
      `insert into alert_deliveries (tenant_id, alert_id, channel, message) values ($1, $2, '{"type": "email", "to": "a@example.com"}', '{}')`,
      [tenant.id, body.id],
    );
    const list = async (key: string, what: string) =>
      (await call("GET", `/${what}?alertId=${body.id}`, { key })).body.items;
    expect(await list(admin.text, "alert-states")).toMatchObject([{ status: "pending", value: 0.2 }]);
    expect(await list(admin.text, "alert-deliveries")).toMatchObject([{ status: "pending", attempts: 0 }]);
    const other = await (await addTenant("other")).addKey();
    for (const what of ["alert-states", "alert-deliveries"]) expect(await list(other.text, what)).toEqual([]);
  });

  it("returns its signing secret once, and never writes it to the audit log", async () => {
    const { body } = await post("/alerts/signing-secret");
    expect(body.secret).toMatch(/^whsec_/);
    expect(JSON.stringify(await tenant.audit())).not.toContain(body.secret);
    expect((await tenant.audit()).map(({ action }) => action)).toContain("alerts.sign");
  });
});
