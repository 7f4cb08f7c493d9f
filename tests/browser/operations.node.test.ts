/** Maintenance, announcements and feature flags as people meet them. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const one = async (stage: Stage, statement: string, values: unknown[]) => {
  const [row] = await stage.people.query(`${statement} returning id`, [stage.tenant.id, ...values]);
  return String(row?.id);
};

const announce = (stage: Stage, title: string, needsAnswer: boolean) =>
  one(
    stage,
    `insert into system_announcements (tenant_id, title, body, severity, requires_acknowledgement)
     values ($1, $2, 'The gateway is unavailable for one minute.', 'high', $3)`,
    [title, needsAnswer],
  );

const admins = { for: ["admin"] } as const;

walkPages({
  name: "operations",
  pages: [
    {
      path: "/admin/servers/maintenance?month=2026-03",
      heading: "Maintenance",
      ...admins,
      picture: "maintenance",
    },
    { path: "/admin/servers/maintenance?month=nonsense", heading: "Maintenance", ...admins },
    { path: "/admin/servers/maintenance/windows", heading: "Maintenance windows", ...admins },
    { path: "/admin/servers/maintenance/windows/new", heading: "Create maintenance window", ...admins },
    { path: "/admin/servers/maintenance/windows/{window}", heading: "Sunday patches", ...admins },
    { path: "/admin/settings/announcements", heading: "Announcements", ...admins },
    { path: "/admin/settings/announcements/new", heading: "Create announcement", ...admins },
    { path: "/admin/settings/announcements/{announcement}", heading: "We move on Friday", ...admins },
    { path: "/admin/settings/announcements/{announcement}/readers", heading: "Acknowledgments", ...admins },
    { path: "/admin/announcements", heading: "Announcements", picture: "news" },
    { path: "/admin/settings/flags", heading: "Feature flags", ...admins, picture: "feature-flags" },
    { path: "/admin/settings/flags/new", heading: "Create feature flag", ...admins },
    { path: "/admin/settings/flags/{flag}", heading: "new-catalog", ...admins, picture: "feature-flag" },
    { path: "/admin/settings/flags/{flag}/targeting", heading: "Targeting", ...admins },
    { path: "/admin/settings/flags/{flag}/try?role=readonly", heading: "Evaluate", ...admins },
    { path: "/admin/settings/flags/{flag}/results?hours=168", heading: "Results", ...admins },
    { path: "/admin/settings/flags/{unmet}/results", heading: "Results", ...admins },
  ],
  async prepare(stage) {
    const window = await one(
      stage,
      `insert into maintenance_windows (tenant_id, title, starts_at, ends_at, recurrence)
       values ($1, 'Sunday patches', '2026-03-01T03:00:00Z', '2026-03-01T04:00:00Z', '0 3 * * 0')`,
      [],
    );
    const announcement = await announce(stage, "We move on Friday", true);
    const flag = await one(
      stage,
      `insert into feature_flags (tenant_id, key, name, is_enabled, percentage, rules)
       values ($1, 'new-catalog', 'The new catalog', true, 25, $2)`,
      [JSON.stringify([{ roles: ["readonly"], isEnabled: true }])],
    );
    const unmet = await one(
      stage,
      "insert into feature_flags (tenant_id, key, name) values ($1, 'unmet', 'Unmet')",
      [],
    );
    for (const [subject, isOn] of [
      ["ann", true],
      ["bob", false],
    ]) {
      await stage.people.query(
        `insert into feature_flag_evaluations (tenant_id, flag_key, subject_id, is_on, reason)
         values ($1, 'new-catalog', $2, $3, 'percentage')`,
        [stage.tenant.id, subject, isOn],
      );
    }
    return { window, announcement, flag, unmet };
  },
  stories(stage) {
    const go = (page: { goto(url: string): Promise<unknown> }, path: string) =>
      page.goto(stage().gateway.url + path);

    describe.each([true, false])("with script: %s", (script) => {
      it("targets a flag rule by rule, and shows its value for a user", async () => {
        const key = `flag-${script}`;
        const id = await one(
          stage(),
          "insert into feature_flags (tenant_id, key, name, is_enabled, percentage) values ($1, $2, 'A flag', true, 0)",
          [key],
        );
        await stage().visit(
          "admin",
          async (page) => {
            await go(page, `/admin/settings/flags/${id}/targeting`);
            await page.getByText("No rules yet").waitFor();
            await page.getByLabel("user", { exact: true }).check();
            await page.getByRole("button", { name: "Add rule" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByLabel("admin", { exact: true }).check();
            await page.getByLabel("Variant").selectOption("off");
            await page.getByRole("button", { name: "Add rule" }).click();
            await page.getByRole("button", { name: "Earlier: admin" }).click();
            await expect(
              page.getByRole("listitem").filter({ hasText: " for " }).allInnerTexts(),
            ).resolves.toEqual([
              expect.stringMatching(/off\s+for admin/),
              expect.stringMatching(/on\s+for user/),
            ]);
            await page.getByRole("button", { name: "Remove: admin" }).click();
            await page.getByText("for admin").waitFor({ state: "detached" });

            await go(page, `/admin/settings/flags/${id}/try`);
            await page.getByLabel("Or a role").selectOption("user");
            await page.getByRole("button", { name: "Evaluate" }).click();
            await page.getByText("A rule matches: rule 1 applies.").waitFor();
            await page.getByLabel("Or a role").selectOption("admin");
            await page.getByRole("button", { name: "Evaluate" }).click();
            await page.getByText("No rule matches").waitFor();
          },
          { script },
        );
      });

      it("does not overwrite rules of another admin", async () => {
        const id = await one(
          stage(),
          "insert into feature_flags (tenant_id, key, name) values ($1, $2, 'Contested')",
          [`contested-${script}`],
        );
        await stage().visit(
          "admin",
          async (page) => {
            await go(page, `/admin/settings/flags/${id}/targeting`);
            await stage().people.query(
              "update feature_flags set percentage = 7, updated_at = now() where id = $1",
              [id],
            );
            await page.getByRole("button", { name: "Add rule" }).click();
            await page.getByText("The flag was changed after you opened it.").waitFor();
            await page.getByText("Otherwise: 7 %").waitFor();
            await page.getByRole("button", { name: "Add rule" }).click();
            await page.getByText("Changes saved.").waitFor();
          },
          { script, expected: /status of 412/ },
        );
      });

      it("plans maintenance, and shows it in the month", () =>
        stage().visit(
          "admin",
          async (page) => {
            const title = `Disks ${script}`;
            await go(page, "/admin/servers/maintenance");
            await page.getByRole("link", { name: "Create maintenance window" }).click();
            await page.getByLabel("Title").fill(title);
            await page.getByLabel("Start").fill("2027-05-10T22:00");
            await page.getByLabel("End", { exact: true }).fill("2027-05-10T21:00");
            await page.getByRole("button", { name: "Create maintenance window" }).click();
            await page.getByText("must be after startsAt").waitFor();
            await page.getByLabel("End", { exact: true }).fill("2027-05-11T02:00");
            await page.getByRole("button", { name: "Create maintenance window" }).click();
            await page.getByText("Maintenance window created.").waitFor();
            await go(page, "/admin/servers/maintenance?month=2027-05");
            const cells = page.getByRole("cell").filter({ hasText: title });
            await expect(cells.allInnerTexts()).resolves.toEqual([
              expect.stringMatching(/^10\s+22:00 Disks/),
              expect.stringMatching(/^11\s+Disks/),
            ]);
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("shows announcements on every page until they are read, and counts readers", async () => {
      const title = "Read me first";
      const id = await announce(stage(), title, true);
      const banner = (of: {
        locator(selector: string): { getByText(text: string): { waitFor(): Promise<void> } };
      }) => of.locator(".announced").getByText(title);
      await stage().visit("readonly", async (page) => {
        await go(page, "/account");
        await banner(page).waitFor();
        await page.getByRole("link", { name: title }).click();
        const card = page.getByRole("region", { name: title });
        await card.getByRole("button", { name: "Acknowledge" }).click();
        await card.getByText("Acknowledged:").waitFor();
        await go(page, "/account");
        await page.locator(".announced").waitFor({ state: "attached" });
        await expect(page.locator(".announced").getByText(title).count()).resolves.toBe(0);
      });
      await stage().visit("admin", async (page) => {
        await go(page, `/admin/settings/announcements/${id}/readers`);
        await expect(
          page.getByText("Acknowledged").locator("xpath=following-sibling::dd[1]").innerText(),
        ).resolves.toBe("1");
      });
    });
  },
});
