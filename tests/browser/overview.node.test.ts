/** The overview: a busy tenant with something wrong, and a quiet one. Its picture is the one in the README. */
import { expect, it } from "vitest";
import { addBusyHour } from "../fixtures/busy-hour.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const SERVERS = ["github", "jira", "snowflake", "salesforce", "figma", "sentry", "notion"];
const TOOLS = [
  ["github", "search_code", 4120],
  ["jira", "find_issues", 2870],
  ["github", "get_pull_request", 1960],
  ["snowflake", "run_query", 1240],
  ["notion", "search_pages", 830],
  ["sentry", "latest_errors", 410],
] as const;

async function fill({ people, tenant }: Stage) {
  await people.query("update tenants set name = 'Acme Research' where id = $1", [tenant.id]);
  const ids = new Map<string, string>();
  for (const name of SERVERS)
    ids.set(name, await tenant.addServer({ name, url: `https://${name}.example.com/mcp` }));
  const health = (name: string, status: string) =>
    people.query("update mcp_servers set health_status = $2 where id = $1", [ids.get(name), status]);
  await health("salesforce", "unhealthy");
  await health("figma", "degraded");
  const [key] = await people.query(
    "update api_keys set name = 'nightly build', rate_limit_per_day = 10000 where tenant_id = $1 returning id",
    [tenant.id],
  );
  await addBusyHour(people, {
    tenantId: tenant.id,
    tools: TOOLS.map(([server, name, calls]) => ({ serverId: ids.get(server) ?? "", name, calls })),
    key: { id: String(key?.id), requests: 8930 },
  });
  const [rule] = await people.query(
    `insert into performance_alerts (tenant_id, name, metric, threshold) values ($1, 'Errors', 'error_rate', 0.05)
     returning id`,
    [tenant.id],
  );
  await people.query(
    `insert into alert_events (tenant_id, alert_id, severity, dedup_key, message)
     values ($1, $2, 'high', 'errors', 'More than 5 % of salesforce''s answers are errors')`,
    [tenant.id, rule?.id],
  );
  await people.query(
    `insert into system_announcements (tenant_id, title, body, severity, requires_acknowledgement)
     values ($1, 'Snowflake moves on Sunday.', 'Queries will wait for about ten minutes.', 'info', true)`,
    [tenant.id],
  );
  await people.query(
    `insert into circuit_breakers (tenant_id, server_id, state, last_transition_at) values ($1, $2, 'open', now())`,
    [tenant.id, ids.get("salesforce")],
  );
}

walkPages({
  name: "the overview",
  pages: [
    { path: "/admin", heading: "Overview", picture: "overview", inReadme: true },
    { path: "/admin?range=day", heading: "Overview" },
    { path: "/admin?range=week", heading: "Overview" },
  ],
  async prepare(stage) {
    await fill(stage);
    return {};
  },
  stories(stage) {
    it.each([true, false])("ticks off the first steps of an organization, with script: %s", (script) =>
      stage().visit(
        "admin",
        async (page) => {
          await page.goto(`${stage().gateway.url}/admin`);
          const steps = page.getByRole("region", { name: "First steps" });
          await steps.getByText("3 of 5 done").waitFor();
          await expect(steps.getByRole("link").allInnerTexts()).resolves.toEqual([
            "Connect a client and call a tool",
            "Turn on two-factor authentication",
          ]);
          await stage().people.query(
            `insert into request_rollups_day (tenant_id, kind, dimension, at, member, requests)
             values ($1, 'call', 'all', date_trunc('day', now()), '', 1)`,
            [stage().tenant.id],
          );
          await page.reload();
          await steps.getByText("4 of 5 done").waitFor();
          await steps.getByRole("button", { name: "Hide" }).click();
          await steps.waitFor({ state: "detached" });
          await stage().people.query(
            "delete from request_rollups_day where tenant_id = $1 and kind = 'call'",
            [stage().tenant.id],
          );
        },
        { script, isShared: false },
      ),
    );

    it("shows admins what needs attention, and refreshes itself", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin`);
        const attention = page.getByRole("region", { name: "Needs attention" });
        for (const word of ["salesforce", "figma", "unhealthy", "Circuit breaker:", "nightly build", "5 %"]) {
          expect(await attention.innerText()).toContain(word);
        }
        await page.getByRole("status").getByText("Live").waitFor();
        await expect(page.getByText("5 of 7").count()).resolves.toBe(1);
        // Values of each minute are there for pointers and for screen readers.
        await expect(page.locator("rect.hover title").count()).resolves.toBe(120);
        await page.getByText("Show as table").first().click();
        await page.getByRole("columnheader", { name: "Success" }).waitFor();
      }));

    it("keeps an announcement until it is dismissed", () =>
      stage().visit("user", async (page) => {
        await page.goto(`${stage().gateway.url}/admin`);
        await page.getByRole("button", { name: "Acknowledge" }).click();
        await page.getByText("Your endpoint").waitFor();
        await expect(page.getByText("Snowflake moves").count()).resolves.toBe(0);
      }));
  },
});
