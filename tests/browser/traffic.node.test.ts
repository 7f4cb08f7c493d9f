/** Analytics, requests and what is running: filled by the log's own tables, looked at and used in a real browser. */
import { expect, it } from "vitest";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";
import { askModern } from "../fixtures/wire.ts";

let everything: Started | undefined;

async function addTraffic({ people, tenant }: Stage, serverId: string): Promise<string> {
  await people.query(
    `insert into request_logs (id, request_id, tenant_id, request_time, method, path, mcp_method, tool_name, target_server_id,
       status_code, duration_ms, client_name, error_code)
     select gen_random_uuid(), gen_random_uuid(), $1, now() - n * interval '7 minutes', 'POST', '/mcp', 'tools/call', 'tool_' || n % 3, $2,
       case when n % 9 = 0 then 502 else 200 end, 10 + n % 400, case when n % 2 = 0 then 'editor' else 'agent' end,
       case when n % 9 = 0 then 'upstream_timeout' end
     from generate_series(1, 300) as n`,
    [tenant.id, serverId],
  );
  await people.query(
    `insert into mcp_audit_logs (tenant_id, timestamp, method, target, server_id, user_id, success, duration_ms, error_code, request_id, params)
     select tenant_id, request_time, mcp_method, tool_name, target_server_id, 'gone-' || status_code, status_code < 400, duration_ms,
       case when status_code >= 400 then -31504 end, request_id, '{"name":"read","arguments":{"path":"/etc/motd"}}'
     from request_logs where tenant_id = $1 and mcp_method is not null`,
    [tenant.id],
  );
  await people.query("select gateway_roll_up()");
  const [row] = await people.query(
    `select id, to_char(request_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
       from request_logs where tenant_id = $1 and status_code = 502 order by request_time desc`,
    [tenant.id],
  );
  return `${row?.id}?at=${row?.at}`;
}

walkPages({
  name: "Traffic and requests",
  pages: [
    { path: "/admin/my-requests", heading: "My requests" },
    { path: "/admin/my-requests?kind=all&outcome=error", heading: "My requests" },
    { path: "/admin/analytics", heading: "Analytics", for: ["admin"], picture: "analytics" },
    { path: "/admin/analytics?range=month&kind=rest", heading: "Analytics", for: ["admin"] },
    {
      path: "/admin/analytics?range=nonsense&kind=nonsense&of=nonsense",
      heading: "Analytics",
      for: ["admin"],
    },
    {
      path: "/admin/analytics?range=day&of=tool&member={server}/tool_1",
      heading: "tool_1 (files)",
      for: ["admin"],
      picture: "analytics-tool",
    },
    { path: "/admin/logs", heading: "Requests", for: ["admin"], picture: "requests" },
    { path: "/admin/logs?q=nothing&kind=mcp", heading: "Requests", for: ["admin"] },
    { path: "/admin/logs/{request}", heading: "Request", for: ["admin"], picture: "request" },
    { path: "/admin/logs/live?only=mcp", heading: "Live tail", for: ["admin"], picture: "tail" },
    { path: "/admin/logs/active", heading: "Active requests", for: ["admin"] },
  ],
  async prepare(stage) {
    everything = await startEverything();
    const server = await stage.tenant.addServer({ name: "files", url: everything.url });
    return { server, request: await addTraffic(stage, server) };
  },
  stories(stage) {
    it("finds requests by what they were and how they ended, and leads from one to its call", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/logs`);
        await page.getByLabel("Outcome").selectOption("Error");
        await page.waitForURL(/outcome=error/);
        await page.getByRole("searchbox", { name: "Search" }).fill("tool_0");
        await page.waitForURL(/q=tool_0/);
        await page.getByText("Error: Server timeout").first().waitFor();
        await page.locator("tbody a").first().click();
        await page.getByRole("heading", { name: "tools/call tool_0" }).waitFor();
        await page.getByText('"path": "/etc/motd"').waitFor();
      }));

    it("leads from a total to one tool's course, and gives everything as files", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/analytics`);
        await page.getByRole("link", { name: "tool_2 (files)" }).click();
        await page.getByRole("heading", { level: 1, name: "tool_2 (files)" }).waitFor();
        await page.getByRole("link", { name: "Analytics" }).last().click();
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("link", { name: "Rollups (CSV)" }).click(),
        ]);
        expect(file.suggestedFilename()).toBe("usage-by-hour.csv");
      }));

    it("shows requests as they come, and stops when paused", () =>
      stage().visit("admin", async (page) => {
        const add = (tool: string) =>
          stage().people.query(
            `insert into request_logs (tenant_id, method, path, mcp_method, tool_name, status_code, duration_ms)
             values ($1, 'POST', '/mcp', 'tools/call', $2, 200, 5)`,
            [stage().tenant.id, tool],
          );
        await page.goto(`${stage().gateway.url}/admin/logs/live`);
        await add("first_of_all");
        await page.locator("#tail").getByText("first_of_all").waitFor();
        await page.getByRole("button", { name: "Pause" }).click();
        await add("while_paused");
        await page.getByText("Paused; new entries available").waitFor();
        expect(await page.locator("#tail").getByText("while_paused").count()).toBe(0);
        await page.getByRole("button", { name: "Pause" }).click();
        await page.locator("#tail").getByText("while_paused").waitFor();
        // Every stream sends it again, and it is shown once.
        expect(await page.locator("#tail").getByText("first_of_all").count()).toBe(1);
      }));

    it.each([true, false])("ends what is running (with script: %s)", (script) =>
      stage().visit(
        "admin",
        async (page) => {
          const endpoint = { url: `${stage().gateway.url}/mcp/files`, key: stage().tenant.apiKey };
          const call = askModern(endpoint, "tools/call", { name: "test_slow", arguments: { ms: 30_000 } });
          const button = page.getByRole("button", { name: "Cancel test_slow" });
          await expect
            .poll(
              async () => {
                await page.goto(`${stage().gateway.url}/admin/logs/active`);
                return button.count();
              },
              { timeout: 10_000 },
            )
            .toBe(1);
          await button.click();
          await page.getByText("Cancellation requested.").waitFor();
          expect(await (await call).text()).toContain("-31499");
        },
        { script },
      ),
    );

    it("is over", async () => everything?.close());
  },
});
