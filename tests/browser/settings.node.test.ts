/** Configuration and database as people meet them. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const admins = { for: ["admin"] } as const;

const operators = { for: ["operator"] } as const;

walkPages({
  name: "configuration and database",
  pages: [
    { path: "/admin/settings/logging", heading: "Logging", ...admins, picture: "settings" },
    { path: "/admin/settings/traffic", heading: "Traffic", ...admins },
    { path: "/admin/settings/telemetry", heading: "Telemetry", ...admins },
    { path: "/admin/settings/mcp.instructions", heading: "Instructions for clients", ...admins },
    {
      path: "/admin/settings/logging/logging.payloads.sample",
      heading: /^Payload sampling rate/,
      ...admins,
      picture: "setting",
    },
    {
      path: "/admin/settings/telemetry/telemetry.otlp.authorization",
      heading: /^Collector authorization/,
      ...admins,
    },
    { path: "/admin/system/settings", heading: "Default settings", ...operators },
    {
      path: "/admin/system/settings/telemetry.otlp.endpoint",
      heading: "OpenTelemetry collector",
      ...operators,
    },
    { path: "/admin/settings/values", heading: "Custom values", ...admins },
    { path: "/admin/settings/values/new", heading: "Create custom value", ...admins },
    { path: "/admin/settings/values/{config}", heading: "billing.terms", ...admins },
    {
      path: "/admin/settings/values/{config}/history",
      heading: "History",
      ...admins,
      picture: "config-history",
    },
    { path: "/admin/system/database", heading: "Database", ...operators, picture: "database" },
    { path: "/admin/system/insights", heading: "Insights", ...operators, picture: "insights" },
    { path: "/admin/system/insights/address?ipAddress=203.0.113.77", heading: "203.0.113.77", ...operators },
    { path: "/admin/system/storage", heading: "Storage", ...operators, picture: "storage" },
  ],
  async prepare(stage) {
    const [row] = await stage.people.query(
      `insert into system_configs (tenant_id, key, value, version) values ($1, 'billing.terms', '{"days": 14, "currency": "EUR"}', 2) returning id`,
      [stage.tenant.id],
    );
    for (const [version, value] of [
      [1, '{"days": 30, "currency": "EUR"}'],
      [2, '{"days": 14, "currency": "EUR"}'],
    ]) {
      await stage.people.query(
        "insert into system_config_history (tenant_id, config_id, version, value) values ($1, $2, $3, $4)",
        [stage.tenant.id, row?.id, version, value],
      );
    }
    // A day of samples, one of them with an idle transaction.
    await stage.people.query(
      `insert into connection_pools (kind, name, sampled_at, active_connections, idle_connections, waiting_requests, max_connections, details)
       select 'database', 'server', now() - minute * interval '10 minutes', minute % 7, 5 + minute % 11, minute % 3, 100,
         jsonb_build_object('idleInTransaction', 1, 'connections', 12 + minute % 17, 'longestQueryMs', 40, 'longestTransactionMs', 90000,
           'commits', 1000, 'rollbacks', 0, 'deadlocks', 0, 'tempBytes', 0, 'blocksHit', 0, 'blocksRead', 0)
       from generate_series(1, 140) minute`,
    );
    await stage.people.query(
      `insert into request_logs (tenant_id, request_time, method, path, status_code, duration_ms, ip_address)
       values ($1, now() - interval '1 hour', 'POST', '/mcp/insights', 403, 3, '203.0.113.77')`,
      [stage.tenant.id],
    );
    return { config: String(row?.id) };
  },
  stories(stage) {
    const go = (page: { goto(url: string): Promise<unknown> }, path: string) =>
      page.goto(stage().gateway.url + path);

    it("shows what should be done about the database", () =>
      stage().visit("operator", async (page) => {
        await go(page, "/admin/system/database");
        await page.getByText("Long idle transactions.").waitFor();
        await page.getByText("Query latency").waitFor();
      }));

    it("shows what is used, and what an address did", () =>
      stage().visit("operator", async (page) => {
        await go(page, "/admin/system/insights");
        await page.getByLabel("Requests of an IP address").fill("203.0.113.77");
        await page.getByRole("button", { name: "Show requests" }).click();
        await page.getByRole("row", { name: /^\/mcp\/insights 1 1 / }).waitFor();
      }));

    it("shows what is stored, and changes and refreshes the traffic sums", () =>
      stage().visit("operator", async (page) => {
        const setInterval = async (seconds: string) => {
          await go(page, "/admin/system/storage");
          await page.getByRole("link", { name: "request_rollups_hour" }).click();
          await page.getByLabel("Refresh interval").fill(seconds);
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText("Changes saved.").waitFor();
          await expect
            .poll(() => page.getByRole("cell", { name: `${seconds} s`, exact: true }).count())
            .toBe(3);
        };
        await setInterval("120");
        await setInterval("60");
        await page
          .getByRole("row", { name: /request_rollups_day/ })
          .getByRole("button")
          .click();
        await page.getByText("Traffic sums refreshed.").waitFor();
        await page.getByRole("row", { name: /^tenants / }).waitFor();
        await page.getByRole("row", { name: /^idx_request_logs_tenant_time request_logs/ }).waitFor();
      }));

    describe.each([true, false])("with script: %s", (script) => {
      const visit = (work: Parameters<Stage["visit"]>[1], expected?: RegExp) =>
        stage().visit("admin", work, { script, ...(expected && { expected }) });

      it("sets, changes, brings back and takes away a setting", () =>
        visit(async (page) => {
          await go(page, "/admin/settings");
          await page.getByRole("link", { name: "Instructions for clients" }).click();
          await page.getByLabel("Value").fill("Be brief.");
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText(" saved.").waitFor();
          await page.getByLabel("Value").fill("Be brief.\nAnd kind.");
          await page.getByRole("button", { name: "Save changes" }).click();
          const newest = page.getByRole("listitem").filter({ hasText: "Version 2" });
          await newest.waitFor();
          await expect(newest.locator("ins").allInnerTexts()).resolves.toEqual([
            expect.stringContaining("And kind."),
          ]);
          await page.getByRole("button", { name: "Restore version 1" }).click();
          await page.getByText("Version 1 restored as the latest version.").waitFor();
          await expect(page.getByLabel("Value").inputValue()).resolves.toBe("Be brief.");
          await page.getByRole("button", { name: "Reset to default" }).click();
          await page.getByText(" reset to default.").waitFor();
          await page.getByRole("button", { name: "Undo" }).click();
          await page.getByText("Restored.").waitFor();
          await page.getByRole("button", { name: "Reset to default" }).click();
          await page.getByText(" reset to default.").waitFor();
        }));

      it("shows why a value is invalid, and keeps the entered text", () =>
        visit(async (page) => {
          await go(page, "/admin/settings/telemetry/telemetry.otlp.endpoint");
          await page.getByLabel("Value").fill("http://collector.example.com");
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText("must be an HTTPS URL").waitFor();
          await expect(page.getByLabel("Value").inputValue()).resolves.toBe("http://collector.example.com");
        }, /status of 422/));

      it("never shows a secret again", () =>
        visit(async (page) => {
          const secret = `Bearer ${crypto.randomUUID()}`;
          await go(page, "/admin/settings/telemetry/telemetry.otlp.authorization");
          await page.getByLabel("Value").fill(secret);
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText(" saved.").waitFor();
          expect(await page.content()).not.toContain(secret);
          await go(page, "/admin/settings/telemetry");
          await page.getByText("••••••••").waitFor();
          expect(await page.content()).not.toContain(secret);
          await go(page, "/admin/settings/values?q=authorization");
          expect(await page.content()).not.toContain(secret);
          await go(page, "/admin/settings/telemetry/telemetry.otlp.authorization");
          await page.getByRole("button", { name: "Reset to default" }).click();
          await page.getByText(" reset to default.").waitFor();
        }));

      it("shows the present value after a conflict", () =>
        visit(async (page) => {
          await go(page, "/admin/settings/logging/logging.payloads.fields");
          await page.getByLabel("Value").fill("ssn");
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText(" saved.").waitFor();
          await stage().people.query(
            `update system_configs set value = '["theirs"]', version = version + 1, updated_at = now()
             where tenant_id = $1 and key = 'logging.payloads.fields'`,
            [stage().tenant.id],
          );
          await page.getByLabel("Value").fill("mine");
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText("This setting was changed after you opened it").waitFor();
          await expect(page.getByLabel("Value").inputValue()).resolves.toBe("mine");
          await page.getByRole("button", { name: "Save changes" }).click();
          await page.getByText(" saved.").waitFor();
          await page.getByRole("button", { name: "Reset to default" }).click();
          await page.getByText(" reset to default.").waitFor();
        }, /status of 412/));
    });
  },
});
