/** Tasks 6, 7, 8 and 10: what may be called, how often, by which server, and which alerts follow. */
import { expect } from "vitest";
import { Keyring } from "../../../src/core/keyring.ts";
import { createDatabase } from "../../../src/db/client.ts";
import { QueryStatistics } from "../../../src/db/statistics.ts";
import { evaluateAlerts } from "../../../src/operations/alerts/evaluate.ts";
import { databaseOfThisRun, KEYS } from "../../fixtures/gateway.ts";
import type { Stage } from "../../fixtures/stage.ts";
import { runTasks, type TaskContext } from "../../fixtures/tasks.ts";
import { startTinyServers, type TinyServers } from "../../fixtures/tiny-servers.ts";
import { modern } from "../../fixtures/wire.ts";

let tinies: TinyServers;

async function forbidAtNight({ user, tag }: TaskContext): Promise<void> {
  const tool = `delete_${tag}`;
  await user.open("/admin");
  await user.go("Access rules");
  await user.arrive("Access rules");
  await user.click("Create access rule");
  await user.arrive("Create access rule");
  await user.choose("Subject", "role user");
  await user.choose("Effect", "Deny (takes precedence)");
  await user.choose("Object", "tool");
  await user.fill(/^Name pattern/, tool);
  await user.fill(/^Start time/, "22:00");
  await user.fill(/^End time/, "06:00");
  await user.click("Create access rule");
  await user.see("Access rule created.");
  await user.arrive("Access rules");
  await user.click("Check access");
  await user.arrive("Access check");
  const check = async (time: string) => {
    await user.choose(/^Principal/, "role user");
    await user.choose(/^Server/, "first");
    await user.fill(/^Name/, tool);
    await user.fill(/^Time/, time);
    await user.click("Check access");
  };
  await check("2027-03-01T23:30");
  await user.see(new RegExp(`Rule: deny role user on tool ${tool}`));
  await user.arrive("Access check");
  await check("2027-03-01T12:00");
  await user.see(/^Allowed/);
}

async function limitKey({ user, stage, tag }: TaskContext): Promise<void> {
  const key = await stage.tenant.addKey({ role: "user" });
  const [row] = await stage.people.query(
    "update api_keys set name = $2 where id = (select id from api_keys where tenant_id = $1 order by id desc limit 1) returning id",
    [stage.tenant.id, `robot ${tag}`],
  );
  expect(row).toBeDefined();
  await user.open("/admin");
  await user.go("Rate limits");
  await user.arrive("Rate limits");
  await user.click("Create rate limit");
  await user.arrive("Create rate limit");
  await user.choose(/^Subject/, `key robot ${tag}`);
  await user.fill(/^Requests/, "5");
  await user.click("Create rate limit");
  await user.see("Rate limit created.");
  await user.arrive("Rate limits");
  const call = () =>
    modern({ url: `${stage.gateway.url}/mcp/first`, key }, "tools/call", { name: "shared", arguments: {} });
  const outcomes = [];
  for (let calls = 0; calls < 7; calls += 1) outcomes.push((await call()).error?.code);
  expect(outcomes.filter((code) => code === undefined)).toHaveLength(5);
  await user.click("Usage");
  await user.arrive("Rate limit usage");
  await user.see(`robot ${tag}`, { role: "region", name: "Limits in use" });
  await user.see("100 %", { role: "row", name: `robot ${tag}` });
}

/** Evaluates the rules as the cron job does every minute. */
async function evaluateNow({ tenant, gateway }: Stage): Promise<void> {
  const { runtimeUrl, neonEndpoint } = databaseOfThisRun();
  const database = createDatabase(
    { main: runtimeUrl, endpoint: neonEndpoint },
    { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep: async () => undefined },
  );
  await evaluateAlerts(
    {
      database,
      keyring: new Keyring(KEYS),
      fetch,
      urlPolicy: { allowLoopback: true },
      sendMail: async () => undefined,
      queue: { sendBatch: async () => undefined },
      publicUrl: gateway.url,
      now: Date.now,
    },
    { tenantIds: [tenant.id], metrics: ["open_breakers"] },
  );
}

async function failOver({ user, stage, tag }: TaskContext): Promise<void> {
  const [main, spare] = [`main-${tag}`, `spare-${tag}`];
  const tool = `lookup_${tag.replace("-", "_")}`;
  const broken = tinies.add(main, { tools: [tool] });
  for (const tiny of [broken, tinies.add(spare, { tools: [tool] })]) {
    const id = await stage.tenant.addServer({ name: tiny.name, url: tiny.url });
    await stage.rest("POST", `/servers/${id}/discover`);
  }
  await stage.rest("POST", "/alerts", {
    ...{ name: `Breakers ${tag}`, metric: "open_breakers", comparison: "gte", threshold: 1 },
    ...{ windowSeconds: 300, severity: "high" },
  });
  await user.open("/admin");
  await user.go("Routing");
  await user.arrive("Routing rules");
  await user.click("Create routing rule");
  await user.arrive("Create routing rule");
  await user.fill("Name", `Failover ${tag}`);
  await user.fill(/^Tools/, tool);
  await user.check(main);
  await user.check(spare);
  await user.choose("Strategy", "priority-failover");
  await user.click("Create routing rule");
  await user.see("Routing rule created.");
  await user.arrive("Routing rules");

  const endpoint = { url: `${stage.gateway.url}/mcp`, key: await stage.tenant.addKey({ role: "user" }) };
  const call = async () => {
    const { result, error } = await modern(endpoint, "tools/call", { name: tool, arguments: {} });
    return JSON.stringify(result ?? error);
  };
  await expect.poll(call, { timeout: 20_000, interval: 100 }).toContain(`${main}:`);
  broken.state = "down";
  // A call that may have been processed is not repeated elsewhere; after some failures the breaker opens.
  await expect.poll(call, { timeout: 20_000, interval: 10 }).toContain(`${spare}:`);
  await user.go("Servers");
  await user.click("Circuit breakers");
  await user.arrive("Circuit breakers");
  await user.see(/open/, { role: "row", name: new RegExp(main) });
  await evaluateNow(stage);
  await user.go("Alerts");
  await user.arrive("Alerts");
  await user.see(`Breakers ${tag}`);
}

async function alertOnErrors({ user, tag }: TaskContext): Promise<void> {
  await user.open("/admin");
  await user.go("Alerts");
  await user.click("Rules");
  await user.arrive("Alert rules");
  await user.click("Create alert rule");
  await user.arrive("Create alert rule");
  await user.fill("Name", `Errors ${tag}`);
  await user.choose("Metric", "Error rate (%)");
  await user.fill(/^Threshold/, "20");
  await user.fill(/^Channels/, "https://hooks.example.com/alerts");
  await user.click("Create alert rule");
  await user.see("Alert rule created.");
  await user.arrive("Alert rules");
  await user.see(`Errors ${tag}`);
}

runTasks({
  name: "policies and failures",
  // The servers of a tool are one tool to clients.
  tenant: { settings: { naming: { prefix: "never" } } },
  async prepare(stage) {
    tinies = await startTinyServers();
    stage.atEnd(() => tinies.close());
    for (const name of ["first", "second"]) {
      const { url } = tinies.add(name, { tools: ["shared", `only_${name}`] });
      const id = await stage.tenant.addServer({ name, url });
      await stage.rest("POST", `/servers/${id}/discover`);
    }
  },
  tasks: [
    {
      number: 6,
      name: "forbid a tool to a role at night, and prove it",
      maxClicks: 8,
      by: ["admin"],
      refused: { at: "/admin/access/new", entry: "Access rules" },
      steps: forbidAtNight,
    },
    {
      number: 7,
      name: "limit a key to 5 requests per minute, exceed it, see it",
      maxClicks: 4,
      by: ["admin"],
      refused: { at: "/admin/rate-limits/new", entry: "Rate limits" },
      steps: limitKey,
    },
    {
      number: 8,
      name: "route a tool to two servers with failover, lose one, watch breaker and alert",
      maxClicks: 9,
      by: ["admin"],
      refused: { at: "/admin/routing/new", entry: "Routing" },
      steps: failOver,
    },
    {
      number: 10,
      name: "create an alert rule on the error rate with a webhook",
      maxClicks: 5,
      by: ["admin"],
      refused: { at: "/admin/alerts/rules/new", entry: "Alerts" },
      steps: alertOnErrors,
    },
  ],
});
