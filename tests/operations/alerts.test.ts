/** Alerts end to end: readings, the list of alerts, and notifications under faults. */
import { beforeEach, describe, expect, it } from "vitest";
import { signatureHeaders } from "../../src/core/alerts/signature.ts";
import { checkServers } from "../../src/discovery/health.ts";
import { enqueueOverdueDeliveries } from "../../src/operations/alerts/deliver.ts";
import { evaluateAlerts, evaluateHealthAlerts } from "../../src/operations/alerts/evaluate.ts";
import { loadSecrets, renewSecret } from "../../src/operations/alerts/signing-secret.ts";
import { addServer, testParts } from "../registry/support.ts";
import { database, newTenant, owner } from "../support/database.ts";
import { AlertWorld, addRule, addTraffic, deliveriesOf, eventsOf } from "./support.ts";

const MINUTE = 60_000;
const HOOK = "https://hooks.example.com/alerts";
const webhook = [{ type: "webhook", url: HOOK }];

let tenantId: string;
let world: AlertWorld;

beforeEach(async () => {
  tenantId = await newTenant("alerts");
  world = new AlertWorld();
});

/** Cron's look, at this tenant's rules only: tests share the database. */
async function look(metric: string): Promise<void> {
  await evaluateAlerts(world, { tenantIds: [tenantId], metrics: [metric] });
  await world.drain();
}

const types = () => world.calls.map(({ body }) => JSON.parse(body).type);

describe("a rule on errors", () => {
  it("fires, holds within its margin, and resolves, each notified once and signed", async () => {
    const alertId = await addRule(tenantId, {
      ...{ name: "Too many errors", metric: "error_rate", threshold: 0.1, resolve_threshold: 0.05 },
      ...{ window_seconds: 60, channels: webhook, severity: "high" },
    });
    const { secret, statement } = await renewSecret(database.asSystem(), world.keyring, tenantId, new Date());
    await statement;
    const minute = async (requests: number, errors: number) => {
      world.pass(5 * MINUTE);
      await addTraffic(tenantId, world.now(), requests, errors);
      await look("error_rate");
    };
    await minute(100, 1);
    expect(world.calls).toEqual([]);
    await minute(100, 20);
    await minute(100, 7);
    expect(types()).toEqual(["alert.firing"]);
    expect(await eventsOf(alertId)).toMatchObject([{ status: "open", isOver: false }]);
    await minute(100, 5);
    expect(types()).toEqual(["alert.firing", "alert.resolved"]);
    expect(await eventsOf(alertId)).toEqual([
      {
        status: "resolved",
        message: "Too many errors: error rate is 20 %; threshold: above 10 %.",
        key: "",
        isOver: true,
      },
    ]);
    for (const { url, headers, body } of world.calls) {
      expect(url).toBe(HOOK);
      const id = headers.get("webhook-id") ?? "";
      const at = new Date(Number(headers.get("webhook-timestamp")) * 1000);
      expect(Math.abs(at.getTime() - world.now())).toBeLessThan(11 * MINUTE);
      expect(headers.get("webhook-signature")).toBe(
        (await signatureHeaders([secret], { id, at, body }))["webhook-signature"],
      );
    }
    expect(JSON.parse(world.calls[0]?.body ?? "")).toMatchObject({
      data: { alert: { id: alertId, severity: "high" }, value: 0.2, threshold: 0.1, server: null },
    });
  });

  it("without traffic sends nothing", async () => {
    const alertId = await addRule(tenantId, { metric: "error_rate", channels: webhook });
    await look("error_rate");
    expect(await eventsOf(alertId)).toEqual([]);
  });
});

describe("a rule on the health of servers", () => {
  it("notifies of a change at once, for each server separately", async () => {
    const alertId = await addRule(tenantId, { metric: "server_health", threshold: 1, channels: webhook });
    const parts = {
      ...testParts(),
      onHealthChange: (changes: readonly { tenantId: string }[]) => evaluateHealthAlerts(world, changes),
    };
    const ids = [
      await addServer(tenantId, "weather", "https://weather.example.com/mcp"),
      await addServer(tenantId, "files", "https://files.example.com/mcp"),
    ];
    const server = parts.net.add("https://files.example.com/mcp");
    const check = async () => {
      world.pass(MINUTE);
      await checkServers({ ...parts, now: world.now }, ids, new Date(world.now()));
      await world.drain();
    };
    for (let minute = 0; minute < 5; minute += 1) await check();
    expect(await eventsOf(alertId)).toEqual([
      { status: "open", message: "Watch: health of weather is unhealthy.", key: ids[0], isOver: false },
    ]);
    server.state = "down";
    for (let minute = 0; minute < 5; minute += 1) await check();
    expect((await eventsOf(alertId)).map(({ key }) => key)).toEqual(ids);
    parts.net.add("https://weather.example.com/mcp");
    for (let minute = 0; minute < 5; minute += 1) await check();
    expect(types()).toEqual(["alert.firing", "alert.firing", "alert.resolved"]);
    await owner.query("delete from mcp_servers where id = $1", [ids[1]]);
    await look("server_health");
    expect((await eventsOf(alertId)).map(({ isOver }) => isOver)).toEqual([true, true]);
  });

  it("sends nothing for a server in maintenance", async () => {
    const id = await addServer(tenantId, "weather", "https://weather.example.com/mcp");
    const alertId = await addRule(tenantId, { metric: "server_health", threshold: 1, channels: webhook });
    await owner.query(
      `insert into maintenance_windows (tenant_id, server_id, title, starts_at, ends_at)
       values ($1, $2, 'Moving', now() - interval '1 hour', now() + interval '1 hour')`,
      [tenantId, id],
    );
    await owner.query("update mcp_servers set health_status = 'unhealthy' where id = $1", [id]);
    await look("server_health");
    expect(world.calls).toEqual([]);
    expect(await owner.query("select status from alert_states where alert_id = $1", [alertId])).toEqual([
      { status: "silenced" },
    ]);
    world.pass(61 * MINUTE);
    await look("server_health");
    expect(types()).toEqual(["alert.firing"]);
  });
});

describe("other rules", () => {
  const tenants = () => [tenantId];
  it.each<[string, () => Promise<unknown>]>([
    [
      "security_events",
      () =>
        owner.query(
          "insert into security_events (tenant_id, event_type, severity, description) values ($1, 'x', 'high', 'x')",
          tenants(),
        ),
    ],
    [
      "unhealthy_servers",
      () =>
        owner.query(
          "insert into mcp_servers (tenant_id, name, endpoint_url, health_status) values ($1, 'x', 'https://x.example.com', 'unhealthy')",
          tenants(),
        ),
    ],
    [
      "open_breakers",
      async () =>
        owner.query("insert into circuit_breakers (tenant_id, server_id, state) values ($1, $2, 'open')", [
          tenantId,
          await addServer(tenantId, "x", "https://x.example.com"),
        ]),
    ],
    [
      "server_breaker",
      async () =>
        owner.query("insert into circuit_breakers (tenant_id, server_id, state) values ($1, $2, 'open')", [
          tenantId,
          await addServer(tenantId, "x", "https://x.example.com"),
        ]),
    ],
    ["requests", () => addTraffic(tenantId, world.now(), 3, 0)],
    [
      "limit_hits",
      () =>
        owner.query(
          `insert into request_rollups_minute (tenant_id, kind, dimension, at, member, requests)
       values ($1, 'mcp', 'error', date_trunc('minute', now()), 'too_many_requests', 2)`,
          tenants(),
        ),
    ],
    [
      "key_quota",
      () =>
        owner.query(
          `with key as (insert into api_keys (tenant_id, name, key_prefix, salt, key_hash, rate_limit_per_hour)
         values ($1, 'x', 'mcp_x', repeat('0', 64), md5(random()::text) || md5(random()::text), 10) returning id)
       insert into request_rollups_minute (tenant_id, kind, dimension, at, member, requests)
       select $1, 'mcp', 'key', date_trunc('minute', now()), id::text, 9 from key`,
          tenants(),
        ),
    ],
  ])("%s", async (metric, happen) => {
    const alertId = await addRule(tenantId, { metric });
    await look(metric);
    expect(await eventsOf(alertId)).toEqual([]);
    await happen();
    await look(metric);
    expect(await eventsOf(alertId)).toMatchObject([{ status: "open" }]);
  });

  it("failed scheduled jobs, by their events in the window", async () => {
    const alertId = await addRule(null, { metric: "failed_jobs" });
    await owner.query(
      `insert into system_events (event_type, source, severity, message, "timestamp")
       values ('job.failed', 'jobs', 'high', 'Job rollups failed.', $1)`,
      [new Date(world.now()).toISOString()],
    );
    await look("failed_jobs");
    expect(await eventsOf(alertId)).toMatchObject([{ status: "open" }]);
    await owner.query("delete from performance_alerts where id = $1", [alertId]);
  });

  it.each(["queue_backlog", "database_ms", "database_connections"])(
    "%s, of the whole system",
    async (metric) => {
      const alertId = await addRule(null, { metric, comparison: "gte" });
      await look(metric);
      expect(await eventsOf(alertId)).toMatchObject([{ status: "open" }]);
      await owner.query("delete from performance_alerts where id = $1", [alertId]);
    },
  );
});

describe("silence", () => {
  it("lasts for the chosen time, and an alert that outlasts it is sent then", async () => {
    const alertId = await addRule(tenantId, {
      ...{ metric: "requests", channels: webhook },
      silenced_until: new Date(world.now() + 3 * MINUTE).toISOString(),
    });
    await addTraffic(tenantId, world.now(), 3, 0);
    await look("requests");
    expect(await eventsOf(alertId)).toMatchObject([{ status: "open" }]);
    expect(world.calls).toEqual([]);
    world.pass(3 * MINUTE + 1);
    await look("requests");
    expect(types()).toEqual(["alert.firing"]);
  });

  it("do not keep an alert of a disabled rule", async () => {
    const alertId = await addRule(tenantId, { metric: "requests", channels: webhook });
    await addTraffic(tenantId, world.now(), 3, 0);
    await look("requests");
    await owner.query("update performance_alerts set is_active = false where id = $1", [alertId]);
    world.pass(1);
    await look("requests");
    expect(await eventsOf(alertId)).toMatchObject([{ isOver: true }]);
    expect(types()).toEqual(["alert.firing", "alert.resolved"]);
  });
});

describe("a notification", () => {
  const fire = async (channels: object[] = webhook) => {
    const alertId = await addRule(tenantId, { metric: "requests", channels });
    await addTraffic(tenantId, world.now(), 3, 0);
    await look("requests");
    return alertId;
  };

  it("is tried again through the queue, later each time, with the same id and body", async () => {
    world.answers.push(500, "lost", 429);
    const alertId = await fire();
    const times = [world.now()];
    while (await world.drainNext()) times.push(world.now());
    expect(world.calls.length).toBe(4);
    expect(new Set(world.calls.map(({ headers, body }) => headers.get("webhook-id") + body)).size).toBe(1);
    expect(times.map((at) => (at - (times[0] ?? 0)) / 1000)).toEqual([0, 10, 70, 370]);
    expect(await deliveriesOf(alertId)).toEqual([
      { type: "alert.firing", status: "delivered", attempts: 4, error: null },
    ]);
  });

  it("fails finally after half a day", async () => {
    for (let call = 0; call < 20; call += 1) world.answers.push(500);
    const began = world.now();
    const alertId = await fire();
    while (await world.drainNext());
    expect(world.calls.length).toBe(8);
    expect(world.now() - began).toBeGreaterThan(8 * 60 * MINUTE);
    expect(await deliveriesOf(alertId)).toMatchObject([{ status: "failed", error: "HTTP 500." }]);
  });

  it.each([
    ["http://169.254.169.254/latest", 0, "The URL must resolve to a public IP address."],
    ["https://localhost/x", 0, "The URL must resolve to a public IP address."],
    [HOOK, 1, "The URL redirects; redirects are not followed."],
  ])("%s is not led where only we can reach", async (url, calls, error) => {
    world.answers.push(302);
    const alertId = await fire([{ type: "webhook", url }]);
    expect(world.calls.length).toBe(calls);
    expect(await deliveriesOf(alertId)).toMatchObject([{ error }]);
  });

  it("by mail is a letter", async () => {
    await fire([{ type: "email", to: "oncall@example.com" }]);
    expect(world.mails).toMatchObject([{ to: "oncall@example.com", subject: "Firing: Watch" }]);
  });

  it("happens once, though the queue brings it twice and two look at the same time", async () => {
    const alertId = await addRule(tenantId, { metric: "requests", channels: webhook });
    await addTraffic(tenantId, world.now(), 3, 0);
    const asked = { tenantIds: [tenantId], metrics: ["requests"] };
    await Promise.all(Array.from({ length: 4 }, () => evaluateAlerts(world, asked)));
    await world.drain(true);
    expect(await eventsOf(alertId)).toMatchObject([{ status: "open" }]);
    expect(world.calls.length).toBe(1);
  });

  it("is not lost with the queue: cron sends it off again", async () => {
    world.queueRefuses = true;
    const alertId = await fire();
    expect(world.calls).toEqual([]);
    world.queueRefuses = false;
    world.pass(2 * MINUTE);
    await enqueueOverdueDeliveries(world);
    await world.drain();
    expect(await deliveriesOf(alertId)).toMatchObject([{ status: "delivered" }]);
  });
});

describe("the signing secret", () => {
  it("goes on counting for a day when there is a new one", async () => {
    const db = database.asSystem();
    const now = new Date(world.now());
    const first = await renewSecret(db, world.keyring, tenantId, now);
    await first.statement;
    const second = await renewSecret(db, world.keyring, tenantId, now);
    await second.statement;
    const later = new Date(now.getTime() + 25 * 60 * MINUTE);
    expect(await loadSecrets(db, world.keyring, tenantId, now)).toEqual([second.secret, first.secret]);
    expect(await loadSecrets(db, world.keyring, tenantId, later)).toEqual([second.secret]);
    const rows = await owner.query("select * from alert_signing_secrets where tenant_id = $1", [tenantId]);
    expect(JSON.stringify(rows)).not.toContain("whsec_");
  });
});
