/** Organizations, as operators manage them; a tenant's own admins have no access. */
import { describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/core/ids.ts";
import { walkPages } from "../fixtures/pages.ts";

const operators = ["operator"] as const;
const LIST = "/admin/system";

walkPages({
  name: "tenants",
  pages: [
    { path: LIST, heading: "Organizations", for: operators, picture: "tenants" },
    { path: `${LIST}?status=suspended&q=acme&sort=-weight`, heading: "Organizations", for: operators },
    { path: `${LIST}/new`, heading: "Create organization", for: operators },
    { path: `${LIST}/{acme}`, heading: "Acme", for: operators, picture: "tenant" },
    { path: `${LIST}/{acme}/archive`, heading: "Archive Acme?", for: operators },
  ],
  async prepare(stage) {
    const acme = uuidv7();
    await stage.people.query(
      `insert into tenants (id, name, slug, weight, plan_limits, settings) values ($1, 'Acme', $2, 3, $3, $4)`,
      [acme, `acme-${acme.slice(-6)}`, { servers: 20, members: 50 }, { accessDefault: "deny" }],
    );
    await stage.people.query(
      `insert into tenants (name, slug, status) values ('Umbrella', $1, 'suspended')`,
      [`umbrella-${acme.slice(-6)}`],
    );
    return { acme };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("makes, weighs, suspends, resumes and archives one", () =>
        stage().visit(
          "operator",
          async (page) => {
            const slug = `new-${uuidv7().slice(-8)}`;
            await page.goto(`${stage().gateway.url}${LIST}/new`);
            await page.getByLabel("Name", { exact: true }).fill(slug.toUpperCase());
            await page.getByLabel("Slug").fill("NOT SHORT");
            await page.getByLabel("Time zone").fill("Europe/Vienna");
            await page.getByRole("button", { name: "Create organization" }).click();
            await expect(page.getByLabel("Slug").getAttribute("aria-invalid")).resolves.toBe("true");
            await expect(page.getByLabel("Time zone").inputValue()).resolves.toBe("Europe/Vienna");
            await page.getByLabel("Slug").fill(slug);
            await page.getByRole("button", { name: "Create organization" }).click();
            await page.getByText("Organization created.").waitFor();

            await page.goto(`${stage().gateway.url}${LIST}?q=${slug}`);
            await page.getByRole("link", { name: slug.toUpperCase() }).click();
            await page.getByLabel("Weight").fill("4");
            await page.getByLabel("Max servers").fill("12");
            await expect(page.getByLabel("Accept legacy API keys").isChecked()).resolves.toBe(true);
            await page.getByLabel("Default access").selectOption("deny");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            const [row] = await stage().people.query(
              `select weight, plan_limits, settings ->> 'accessDefault' as access from tenants where slug = $1`,
              [slug],
            );
            expect(row).toEqual({ weight: 4, plan_limits: { servers: 12 }, access: "deny" });

            await page.getByRole("button", { name: "Suspend" }).click();
            await page.getByText("Organization suspended").waitFor();
            await page.getByRole("button", { name: "Resume" }).click();
            await page.getByText("Organization resumed").waitFor();
            await page.getByRole("link", { name: "Archive" }).click();
            await page.getByLabel(/Type .* to confirm/).fill("something");
            await page.getByRole("button", { name: "Archive organization" }).click();
            await page.getByText("The slug does not match. Nothing was archived.").waitFor();
            await page.getByLabel(/Type .* to confirm/).fill(slug);
            await page.getByRole("button", { name: "Archive organization" }).click();
            await page.getByText(" archived.").waitFor();
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("shows both versions after a conflict", () =>
      stage().visit(
        "operator",
        async (page) => {
          await page.goto(`${stage().gateway.url}${LIST}?q=umbrella`);
          await page.getByRole("link", { name: "Umbrella" }).first().click();
          await stage().people.query(
            `update tenants set weight = 9, updated_at = now() where name = 'Umbrella'`,
          );
          await page.getByLabel("Weight").fill("2");
          await page.getByRole("button", { name: "Save changes" }).click();
          await expect(page.getByRole("row", { name: "Weight" }).innerText()).resolves.toMatch(/2\s+9/);
          await page.getByRole("button", { name: "Overwrite" }).click();
          await page.getByText("Changes saved.").waitFor();
        },
        { expected: /status of 412/ },
      ));

    it("lets its creator open it, and sees nothing there of another", () =>
      stage().visit("operator", async (page) => {
        const slug = `own-${uuidv7().slice(-8)}`;
        await stage().tenant.addServer({ name: "of-the-other", url: "https://other.example.com/mcp" });
        await page.goto(`${stage().gateway.url}${LIST}/new`);
        await page.getByLabel("Name", { exact: true }).fill(slug);
        await page.getByLabel("Slug").fill(slug);
        await page.getByRole("button", { name: "Create organization" }).click();
        await page.getByRole("button", { name: "Open organization" }).click();
        await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
        await page.getByRole("button", { name: "Organization" }).filter({ hasText: slug }).waitFor();
        await page.goto(`${stage().gateway.url}/admin/servers`);
        await page.getByText("No servers yet").waitFor();
        // A new organization holds changed tools, and the page of changes shows it.
        await page.getByRole("link", { name: "Tool changes" }).click();
        await page.getByText("On tool change: Hold until approved.").waitFor();
        await page.getByRole("button", { name: "Organization" }).click();
        const others = page.locator("#organizations").getByRole("button", { name: stage().tenant.slug });
        await others.click();
        await page.goto(`${stage().gateway.url}/admin/servers`);
        await page.getByRole("link", { name: "of-the-other" }).waitFor();
      }));
  },
});
