/** The pages of budgets, from the first budget to its usage. */
import { expect, it } from "vitest";
import { walkPages } from "../fixtures/pages.ts";

const PATH = "/admin/rate-limits/budgets";

walkPages({
  name: "budgets",
  pages: [
    { path: PATH, heading: "Budgets", for: ["admin"], picture: "budgets" },
    { path: `${PATH}/new`, heading: "Create budget", for: ["admin"] },
    { path: `${PATH}/usage`, heading: "Budget usage", for: ["admin"], picture: "budget-usage" },
    { path: `${PATH}/{budget}`, heading: "Each day", for: ["admin"] },
  ],
  async prepare(stage) {
    const [row] = await stage.people.query(
      `insert into budgets (tenant_id, name, subject_type, period, amount) values ($1, 'Each day', 'user', 'day', 50)
       returning id`,
      [stage.tenant.id],
    );
    return { budget: String(row?.id) };
  },
  stories(stage) {
    it("creates a budget with thresholds, changes it and shows its usage", () =>
      stage().visit("admin", async (page) => {
        await page.goto(stage().gateway.url + PATH);
        await page.getByRole("link", { name: "Create budget" }).click();
        await page.getByLabel("Name").fill("Whole month");
        await page.getByLabel("Amount").fill("12000");
        await page.getByLabel("Alert thresholds (%)").fill("90\n100");
        await page.getByRole("button", { name: "Create budget" }).click();
        await page.getByText("Budget created.").waitFor();
        await page.getByRole("link", { name: "Whole month" }).click();
        await expect(page.getByLabel("Alert thresholds (%)").inputValue()).resolves.toBe("90\n100");
        await page.getByLabel("Amount").fill("15000");
        await page.getByRole("button", { name: "Save changes" }).click();
        await page.getByText("Changes saved.").waitFor();
        await page.goto(`${stage().gateway.url}${PATH}/usage`);
        const row = page.getByRole("row", { name: "Whole month" });
        await expect(row.innerText()).resolves.toMatch(/Organization[\s\S]*0 %[\s\S]*15,000/);
      }));
  },
});
