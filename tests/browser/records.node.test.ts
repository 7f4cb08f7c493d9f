/** Records that people look back at, alerts and retention: seen by those who may, and done with on the page. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const first = async (stage: Stage, statement: string, parameters: unknown[]) => {
  const [row] = await stage.people.query(statement, parameters);
  return String(row?.id);
};

const admins = { for: ["admin"] } as const;
let ruleId = "";

walkPages({
  name: "Audit, events, alerts and retention",
  pages: [
    { path: "/admin/logs/audit", heading: "Audit log", ...admins, picture: "audit" },
    { path: "/admin/logs/audit?action=alerts.*&success=true", heading: "Audit log", ...admins },
    { path: "/admin/logs/audit/{entry}", heading: "Audit entry", ...admins, picture: "audit-entry" },
    {
      path: "/admin/logs/audit/verification",
      heading: "Verification",
      ...admins,
      picture: "audit-verification",
    },
    {
      path: "/admin/logs/security-events",
      heading: "Security events",
      ...admins,
      picture: "security-events",
    },
    { path: "/admin/logs/security-events/{security}", heading: "Security event", ...admins },
    { path: "/admin/logs/system-events", heading: "System events", ...admins },
    { path: "/admin/logs/system-events/{system}", heading: "System event", ...admins },
    { path: "/admin/logs/errors", heading: "Errors", ...admins },
    { path: "/admin/logs/errors?code=nothing", heading: "Errors", ...admins },
    { path: "/admin/logs/errors/{error}", heading: "Error", ...admins },
    { path: "/admin/alerts", heading: "Alerts", ...admins, picture: "alerts" },
    { path: "/admin/alerts/{event}", heading: "Alert", ...admins, picture: "alert" },
    { path: "/admin/alerts/rules", heading: "Alert rules", ...admins },
    { path: "/admin/alerts/rules/new", heading: "Create alert rule", ...admins, picture: "alert-new" },
    { path: "/admin/alerts/rules/{rule}", heading: "Many failing calls", ...admins },
    { path: "/admin/alerts/rules/signing", heading: "Signing secret", ...admins },
    { path: "/admin/settings/retention", heading: "Retention", ...admins, picture: "retention" },
    {
      path: "/admin/settings/retention/dry-run",
      heading: "Dry run",
      ...admins,
      picture: "retention-dry-run",
    },
    { path: "/admin/settings/retention/{policy}", heading: "Retention of error logs", ...admins },
  ],
  async prepare(stage) {
    const { id } = stage.tenant;
    const made = (await stage.rest("POST", "/alerts", {
      ...{ name: "Many failing calls", metric: "error_rate", threshold: 0.05, severity: "high" },
      channels: [{ type: "email", to: "oncall@example.com" }],
    })) as { id: string };
    await stage.rest("PATCH", `/alerts/${made.id}`, {
      threshold: 0.1,
      description: "Changed after a while.",
    });
    ruleId = made.id;
    const event = await first(
      stage,
      `insert into alert_events (tenant_id, alert_id, severity, dedup_key, value, message)
       values ($1, $2, 'high', '', 0.2, 'Many failing calls: error rate is 20 %; threshold: above 10 %.') returning id`,
      [id, made.id],
    );
    await stage.people.query(
      `insert into alert_deliveries (tenant_id, alert_id, event_id, channel, message, status, attempts, last_error)
       values ($1, $2, $3, '{"type": "webhook", "url": "https://hooks.example.com/x"}', '{"type": "alert.firing"}', 'pending', 3, 'HTTP 500.')`,
      [id, made.id, event],
    );
    const entry = await first(
      stage,
      "select id from audit_logs where tenant_id = $1 and action = 'alerts.update' order by timestamp desc limit 1",
      [id],
    );
    const security = await first(
      stage,
      `insert into security_events (tenant_id, event_type, severity, description, ip_address, details)
       values ($1, 'tool.changed', 'high', 'A tool is no longer what it was.', '203.0.113.9', '{"tool": "read"}') returning id`,
      [id],
    );
    const system = await first(
      stage,
      `insert into system_events (tenant_id, event_type, source, severity, message)
       values ($1, 'server.health-changed', 'health', 'high', 'Health of server weather changed from healthy to unhealthy.') returning id`,
      [id],
    );
    const error = await first(
      stage,
      `insert into error_logs (tenant_id, code, message, source, fingerprint)
       values ($1, 'upstream_unreachable', 'weather could not be reached.', 'weather', 'f1') returning id`,
      [id],
    );
    await stage.people.query(
      `insert into error_logs (tenant_id, timestamp, code, message, source)
       select $1, now() - interval '40 days', 'old', 'Long ago.', 'weather' from generate_series(1, 7)`,
      [id],
    );
    const policy = (await stage.rest("POST", "/retention-policies", {
      ...{ tableName: "error_logs", retentionDays: 30 },
    })) as { id: string };
    await stage.rest("POST", "/retention-policies", {
      ...{ tableName: "security_events", retentionDays: 30, legalHold: true },
    });
    return { entry, security, system, error, event, rule: made.id, policy: policy.id };
  },
  stories(stage) {
    const at = (path: string) => `${stage().gateway.url}/admin/${path}`;

    it("prints the content alone, in light and within the paper: the audit log and analytics", () =>
      stage().visit(
        "admin",
        async (page) => {
          // A4 at 96 dots per inch, without margins.
          await page.setViewportSize({ width: 794, height: 1123 });
          for (const [path, heading] of [
            ["logs/audit", "Audit log"],
            ["analytics", "Analytics"],
          ] as const) {
            await page.goto(at(path));
            await page.emulateMedia({ media: "print" });
            await page.getByRole("heading", { level: 1, name: heading }).waitFor();
            for (const hidden of [".top", ".side", "form.filters"])
              await expect(page.locator(hidden).first().isVisible(), `${path} ${hidden}`).resolves.toBe(
                false,
              );
            await expect(
              page.locator("main").evaluate((main) => main.scrollWidth),
            ).resolves.toBeLessThanOrEqual(794);
            await expect(page.evaluate("getComputedStyle(document.body).color")).resolves.toBe(
              "rgb(26, 29, 33)",
            );
            await page.emulateMedia({ media: "screen" });
          }
        },
        { dark: true },
      ));

    describe.each([true, false])("with script: %s", (script) => {
      it("shows what an entry changed, and that the log is unaltered until a row is changed", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(at(`logs/audit?action=alerts.update&resourceId=${ruleId}`));
            await page.getByRole("link", { name: "alerts.update" }).click();
            const changes = page.getByRole("region", { name: "Changes" });
            await expect(changes.innerText()).resolves.toMatch(/\/threshold\s+0\.05\s+0\.1/);
            await page.goto(at("logs/audit"));
            await page.getByRole("link", { name: "Verify integrity" }).click();
            await page.getByText("No inconsistencies found.").waitFor();
            const anchor = await page.locator("dd code").innerText();
            await page.getByLabel("Previous anchor").fill(anchor);
            await page.getByRole("button", { name: "Verify again" }).click();
            await page.getByText("No inconsistencies found.").waitFor();
            await page.getByLabel("Previous anchor").fill(`1:${"0".repeat(64)}`);
            await page.getByRole("button", { name: "Verify again" }).click();
            await page.getByText("Entry 1 does not match this anchor.").waitFor();
          },
          { script },
        ));

      it("makes a rule, tries it out and silences it", () =>
        stage().visit(
          "admin",
          async (page) => {
            const name = script ? "Slow answers" : "Very slow answers";
            // A test mails members only.
            const { email } = await stage().people.add({ tenants: [{ id: stage().tenant.id }] });
            await page.goto(at("alerts/rules/new"));
            await page.getByLabel("Name").fill(name);
            // Rates are entered in percent.
            await page.getByLabel("Threshold", { exact: true }).fill("2000");
            await page.getByRole("button", { name: "Create alert rule" }).click();
            await page.getByText("must be at most 1 (100 %)").waitFor();
            await page.getByLabel("Metric").selectOption("latency_p95");
            await page.getByLabel("Threshold", { exact: true }).fill("800");
            await page.getByLabel("Recovery threshold").fill("900");
            await page.getByLabel("Channels").fill("oncall@example.com\nhttps://hooks.example.com/alerts");
            await page.getByRole("button", { name: "Create alert rule" }).click();
            await page.getByText("must be on the recovery side of the threshold").waitFor();
            await page.getByLabel("Recovery threshold").fill("500");
            await page.getByRole("button", { name: "Create alert rule" }).click();
            await page.getByText("Alert rule created.").waitFor();
            await page.getByRole("link", { name, exact: true }).click();
            await expect(page.getByLabel("Channels").inputValue()).resolves.toBe(
              "oncall@example.com\nhttps://hooks.example.com/alerts",
            );
            await page.getByLabel("Channels").fill(email);
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("button", { name: "Send test notification" }).click();
            await page.getByText(`${email}: Delivered.`).waitFor();
            await page.getByRole("button", { name: "Silence for 1 hour" }).click();
            await page.getByText("Silenced until").first().waitFor();
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("shows and takes rates in percent", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("alerts/rules"));
        await page.getByText("error_rate > 10 %").waitFor();
        await page.getByRole("link", { name: "Many failing calls" }).click();
        await expect(page.getByLabel("Threshold", { exact: true }).inputValue()).resolves.toBe("10");
        await page.getByLabel("Threshold", { exact: true }).fill("12.5");
        await page.getByRole("button", { name: "Save changes" }).click();
        await page.getByText("Changes saved.").waitFor();
        await expect(page.getByLabel("Threshold", { exact: true }).inputValue()).resolves.toBe("12.5");
        const [row] = await stage().people.query(
          "select threshold from performance_alerts where tenant_id = $1 and name = 'Many failing calls'",
          [stage().tenant.id],
        );
        expect(Number(row?.threshold)).toBe(0.125);
      }));

    it.each([true, false])("previews a rule on the last day's traffic, with script: %s", (script) =>
      stage().visit(
        "admin",
        async (page) => {
          await stage().people.query(
            `insert into request_rollups_minute (tenant_id, kind, dimension, at, member, requests, errors)
             select $1, 'call', 'all', date_trunc('minute', now()) - n * interval '1 minute', '', 10, 5
             from generate_series(100, 110) n on conflict do nothing`,
            [stage().tenant.id],
          );
          await page.goto(at("alerts/rules/new"));
          await page.getByLabel("Threshold", { exact: true }).fill("40");
          await page.getByLabel("Evaluation window").fill("60");
          if (script) await page.getByLabel("Pending for").focus();
          else await page.getByRole("button", { name: "Preview" }).click();
          await page.getByText("This rule would have fired once in the last 24 hours").waitFor();
          if (!script) return;
          await page.getByLabel("Threshold", { exact: true }).fill("60");
          await page.getByLabel("Pending for").focus();
          await page.getByText("This rule would not have fired.").waitFor();
          await page.getByLabel("Metric").selectOption("unhealthy_servers");
          await page.getByText("There is no preview for this metric").waitFor();
        },
        { script },
      ),
    );

    it("takes an alert in hand, and declares it over among those marked", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("alerts"));
        await page.getByRole("link", { name: /Many failing calls/ }).click();
        await page.getByText("hooks.example.com", { exact: false }).first().waitFor();
        await page.getByRole("button", { name: "Acknowledge" }).click();
        await page.getByText("Alert acknowledged.").waitFor();
        await page.goto(at("alerts"));
        await page.getByLabel("Select row", { exact: true }).check();
        await page.getByRole("button", { name: "Resolve" }).click();
        await page.getByText("1 resolved.").waitFor();
        await page.locator("td .badge", { hasText: /^resolved$/ }).waitFor();
      }));

    it("shows a new signing secret once", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("alerts/rules/signing"));
        await page.getByRole("button", { name: "Rotate secret" }).click();
        await expect(page.locator("#secret").innerText()).resolves.toMatch(/^whsec_/);
      }));

    it("shows what retention would delete, and what it must not", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("retention-policies"));
        await page.getByRole("link", { name: "Dry run" }).click();
        await page.getByText("Under legal hold: security events.").waitFor();
        await expect(page.getByRole("row", { name: /error logs/ }).innerText()).resolves.toMatch(/7$/);
      }));
  },
});
