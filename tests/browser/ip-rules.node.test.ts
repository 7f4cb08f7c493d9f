/** The pages of IP rules, as the complete test of all pages that are built from a resource. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const rule = async (stage: Stage, values: Record<string, unknown>) => {
  const [row] = await stage.people.query(
    `insert into ip_rules (tenant_id, kind, cidr, reason) values ($1, $2, $3, $4) returning id`,
    [stage.tenant.id, values.kind ?? "block", values.cidr, values.reason ?? null],
  );
  return String(row?.id);
};

walkPages({
  name: "IP rules",
  pages: [
    { path: "/admin", heading: "Overview" },
    { path: "/admin/rate-limits/ip-rules", heading: "IP rules", for: ["admin"], picture: "ip-rules" },
    { path: "/admin/rate-limits/ip-rules?kind=allow&q=nothing", heading: "IP rules", for: ["admin"] },
    { path: "/admin/rate-limits/ip-rules?sort=nonsense", heading: "IP rules", for: ["admin"] },
    {
      path: "/admin/rate-limits/ip-rules/new",
      heading: "Create IP rule",
      for: ["admin"],
      picture: "ip-rule-new",
    },
    { path: "/admin/rate-limits/ip-rules/{rule}", heading: "203.0.113.0/24", for: ["admin"] },
    { path: "/admin/palette?q=ip", heading: "Search" },
    { path: "/account", heading: "Account" },
    { path: "/account/organizations", heading: "Organizations" },
  ],
  async prepare(stage) {
    await rule(stage, { kind: "allow", cidr: "198.51.100.7/32", reason: "=cmd|' /C calc'!A0" });
    return { rule: await rule(stage, { cidr: "203.0.113.0/24", reason: "Repeated malformed requests." }) };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("makes, changes, deletes and brings back", () =>
        stage().visit(
          "admin",
          async (page) => {
            const network = script ? "192.0.2.0/24" : "192.0.2.128/25";
            await page.goto(`${stage().gateway.url}/admin/rate-limits/ip-rules`);
            await page.getByRole("link", { name: "Create IP rule" }).click();
            await page.getByLabel("CIDR").fill("not a network");
            await page.getByLabel("Reason").fill("Typed with care");
            await page.getByRole("button", { name: "Create IP rule" }).click();
            // What is wrong stands beside the field, and nothing typed is lost.
            await expect(page.getByLabel("CIDR").getAttribute("aria-invalid")).resolves.toBe("true");
            await expect(page.getByLabel("Reason").inputValue()).resolves.toBe("Typed with care");
            await page.getByLabel("CIDR").fill(network);
            await page.getByRole("button", { name: "Create IP rule" }).click();
            await page.getByText("IP rule created.").waitFor();

            await page.getByRole("link", { name: network }).click();
            await page.getByLabel("Expires").fill("2031-05-06T07:08");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await expect(page.getByLabel("Expires").inputValue()).resolves.toBe("2031-05-06T07:08");

            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByText(`${network} deleted.`).waitFor();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("Restored.").waitFor();
            await page.getByRole("link", { name: network }).click();
            await expect(page.getByLabel("Reason").inputValue()).resolves.toBe("Typed with care");
            await expect(page.getByLabel("Expires").inputValue()).resolves.toBe("2031-05-06T07:08");
          },
          { script, expected: /status of 422/ },
        ));

      it("shows both versions after a conflict", () =>
        stage().visit(
          "admin",
          async (page) => {
            const id = await rule(stage(), {
              cidr: script ? "192.0.2.1/32" : "192.0.2.2/32",
              reason: "First",
            });
            await page.goto(`${stage().gateway.url}/admin/rate-limits/ip-rules/${id}`);
            await stage().people.query(
              `update ip_rules set reason = 'Theirs', updated_at = now() where id = $1`,
              [id],
            );
            await page.getByLabel("Reason").fill("Mine");
            await page.getByRole("button", { name: "Save changes" }).click();
            const row = page.getByRole("row", { name: "Reason" });
            await expect(row.innerText()).resolves.toMatch(/Mine\s+Theirs/);
            await page.getByRole("button", { name: "Overwrite" }).click();
            await page.getByText("Changes saved.").waitFor();
            await expect(page.getByLabel("Reason").inputValue()).resolves.toBe("Mine");
          },
          { script, expected: /status of 412/ },
        ));
    });

    it("finds while one types, and keeps it in the address", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/rate-limits/ip-rules`);
        await page.getByRole("searchbox", { name: "Search" }).fill("malformed");
        await page.waitForURL(/q=malformed/);
        await expect(page.locator("tbody tr").count()).resolves.toBe(1);
        await page.getByLabel("Type").selectOption("allow");
        await page.getByText("No results").waitFor();
        await page.goBack();
      }));

    it("streams the list as a file that no spreadsheet runs", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/rate-limits/ip-rules?kind=allow`);
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByText("CSV").click()]);
        const chunks = await (await file.createReadStream()).toArray();
        const lines = Buffer.concat(chunks).toString().trim().split("\r\n");
        expect(lines[0]).toBe("CIDR,Type,Reason,Status,Created by,Expires,Violations,Created");
        expect(lines[1]).toContain("198.51.100.7/32,allow,'=cmd|' /C calc'!A0,true,false,,0,20");
      }));

    it("jumps by Ctrl-K, turns the theme at once and keeps it, shows times of this place", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin`);
        await page.keyboard.press("Control+k");
        await page.getByRole("dialog").getByRole("link", { name: "Overview Home" }).waitFor();
        await page.keyboard.type("firewall");
        // The results of the first letters hold other pages, too.
        await expect
          .poll(() => page.getByRole("dialog").getByRole("link").allInnerTexts(), { timeout: 10_000 })
          .toEqual([expect.stringContaining("IP rules")]);
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: "IP rules" }).waitFor();
        await expect(page.locator("tbody time").first().getAttribute("title")).resolves.toMatch(/ UTC$/);
        await page.getByRole("button", { name: "Your account" }).click();
        const kept = page.waitForResponse(/\/account\/theme/);
        await page.getByRole("button", { name: "Dark" }).click();
        await kept;
        await page.reload();
        await expect(page.locator("html").getAttribute("data-theme")).resolves.toBe("dark");
      }));

    it("offers other organizations when the menu opens", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin`);
        await page.getByRole("button", { name: "Organization" }).click();
        await page.locator("#organizations").getByRole("button", { name: stage().tenant.slug }).waitFor();
      }));
  },
});
