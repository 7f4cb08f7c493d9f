/** Access controls: written as sentences about people, kept as the interface has them, and explained. */
import { describe, expect, it } from "vitest";
import { walkPages } from "../fixtures/pages.ts";

const admins = ["admin"] as const;
const LIST = "/admin/access-controls";

walkPages({
  name: "access controls",
  pages: [
    { path: LIST, heading: "Access controls", for: admins, picture: "access-controls" },
    { path: `${LIST}?effect=deny&q=delete&sort=-effect`, heading: "Access controls", for: admins },
    { path: `${LIST}/new`, heading: "New access control", for: admins },
    { path: `${LIST}/{rule}`, heading: "deny tool delete_*", for: admins, picture: "access-control" },
    { path: `${LIST}/explain`, heading: "Who may do what", for: admins },
    {
      path: `${LIST}/explain?who=role:user&kind=tool&server={server}&name=delete_file`,
      heading: "Who may do what",
      for: admins,
      picture: "explain",
      inReadme: true,
    },
    { path: `${LIST}/explain?kind=action&action=tenants.create`, heading: "Who may do what", for: admins },
    {
      path: `${LIST}/explain?who=user:nobody&server=nonsense&at=soon`,
      heading: "Who may do what",
      for: admins,
    },
  ],
  async prepare(stage) {
    const server = await stage.tenant.addServer({ name: "files", url: "https://files.example.com/mcp" });
    const { id: ann } = await stage.people.add({ tenants: [{ id: stage.tenant.id }] });
    await stage.people.query(`update "user" set name = 'Ann Archer' where id = $1`, [ann]);
    const control = async (json: object) => {
      const made = await stage.rest("POST", "/access-controls", json);
      return String(Object(made).id);
    };
    const rule = await control({
      subject: { type: "role", id: "user" },
      objectType: "tool",
      objectPattern: "delete_*",
      effect: "deny",
      reason: "Deleting is for admins.",
    });
    await control({
      subject: { type: "user", id: ann },
      objectType: "tool",
      objectPattern: "write_{file,note}",
      effect: "allow",
      serverId: server,
      daysOfWeek: [1, 2, 3, 4, 5],
      startTime: "08:30",
      endTime: "18:00",
    });
    await control({
      subject: { type: "role", id: "readonly" },
      objectType: "server",
      effect: "deny",
      isActive: false,
    });
    return { rule, server };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("makes a rule with days and hours, changes it, deletes it and brings it back", () =>
        stage().visit(
          "admin",
          async (page) => {
            const pattern = script ? "pay_*" : "buy_*";
            await page.goto(`${stage().gateway.url}${LIST}/new`);
            await page.getByLabel("For", { exact: true }).selectOption({ label: "role readonly" });
            await page.getByLabel("Called").fill("broken_{");
            await page.getByLabel(/^From/).fill("08:30");
            await page.getByLabel("Fri").check();
            await page.getByRole("button", { name: "Create access control" }).click();
            await expect(page.getByLabel("Called").getAttribute("aria-invalid")).resolves.toBe("true");
            await expect(page.getByLabel("Fri").isChecked()).resolves.toBe(true);
            await page.getByLabel("Called").fill(pattern);
            await page.getByRole("button", { name: "Create access control" }).click();
            await page.getByText("is missing: hours have two ends").waitFor();
            await page.getByLabel(/^To/).fill("17:00");
            await page.getByRole("button", { name: "Create access control" }).click();
            await page.getByText("The access control is made.").waitFor();

            await page.getByRole("link", { name: `tool ${pattern}` }).click();
            await expect(page.getByLabel(/^From/).inputValue()).resolves.toBe("08:30");
            await page.getByLabel("Effect").selectOption("allow");
            await page.getByRole("button", { name: "Save" }).click();
            await page.getByText("Saved.").waitFor();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("It is back.").waitFor();
            const row = page.getByRole("row").filter({ hasText: pattern });
            await expect(row.innerText()).resolves.toMatch(/allow[\s\S]*readonly[\s\S]*Fri 08:30–17:00/);
          },
          { script, expected: /status of 422/ },
        ));

      it("explains by which rule somebody is refused, and leads to it", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(`${stage().gateway.url}${LIST}`);
            await page.getByRole("link", { name: "Explain" }).click();
            await page.getByLabel("Who").selectOption({ label: "role user" });
            await page.getByLabel("Of the server").selectOption({ label: "files" });
            await page.getByLabel("Called").fill("delete_file");
            await page.getByRole("button", { name: "Explain" }).click();
            await page.getByText("A rule denies role user each tool like delete_*").first().waitFor();
            const admin = page.getByRole("row", { name: /^admin/ });
            await expect(admin.innerText()).resolves.toContain("allowed");
            await page.getByRole("link", { name: "the rule" }).first().click();
            await page.getByRole("heading", { level: 1, name: "deny tool delete_*" }).waitFor();
          },
          { script },
        ));
    });
  },
});
