/** Access controls: written as sentences about people, kept as the interface has them, and explained. */
import { describe, expect, it } from "vitest";
import { walkPages } from "../fixtures/pages.ts";

const admins = ["admin"] as const;
const LIST = "/admin/access";

walkPages({
  name: "access controls",
  pages: [
    { path: LIST, heading: "Access rules", for: admins, picture: "access-controls" },
    { path: `${LIST}?effect=deny&q=delete&sort=-effect`, heading: "Access rules", for: admins },
    { path: `${LIST}/new`, heading: "Create access rule", for: admins },
    { path: `${LIST}/{rule}`, heading: "deny tool delete_*", for: admins, picture: "access-control" },
    { path: `${LIST}/check`, heading: "Access check", for: admins },
    {
      path: `${LIST}/check?who=role:user&kind=tool&server={server}&name=delete_file`,
      heading: "Access check",
      for: admins,
      picture: "explain",
      inReadme: true,
    },
    { path: `${LIST}/check?kind=action&action=tenants.create`, heading: "Access check", for: admins },
    {
      path: `${LIST}/check?who=user:nobody&server=nonsense&at=soon`,
      heading: "Access check",
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
            // Nothing is filled in that would take access away by accident.
            for (const label of ["Subject", "Effect", "Object"]) {
              await expect(page.getByLabel(label, { exact: true }).inputValue()).resolves.toBe("");
            }
            await expect(page.getByLabel(/^Name/).inputValue()).resolves.toBe("");
            await page.getByLabel("Subject", { exact: true }).selectOption({ label: "role readonly" });
            await page.getByLabel("Effect", { exact: true }).selectOption("deny");
            await page.getByLabel("Object", { exact: true }).selectOption("tool");
            await page.getByLabel(/^Name/).fill("broken_{");
            await page.getByLabel(/^Start time/).fill("08:30");
            await page.getByLabel("Fri").check();
            await page.getByRole("button", { name: "Create access rule" }).click();
            await expect(page.getByLabel(/^Name/).getAttribute("aria-invalid")).resolves.toBe("true");
            await expect(page.getByLabel("Fri").isChecked()).resolves.toBe(true);
            await page.getByLabel(/^Name/).fill(pattern);
            await page.getByRole("button", { name: "Create access rule" }).click();
            await page.getByText("is required when the other time is set").waitFor();
            await page.getByLabel(/^End time/).fill("17:00");
            await page.getByRole("button", { name: "Create access rule" }).click();
            await page.getByText("Access rule created.").waitFor();

            await page.getByRole("link", { name: `tool ${pattern}` }).click();
            await expect(page.getByLabel(/^Start time/).inputValue()).resolves.toBe("08:30");
            await page.getByLabel("Effect").selectOption("allow");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("Restored.").waitFor();
            const row = page.getByRole("row").filter({ hasText: pattern });
            await expect(row.innerText()).resolves.toMatch(/allow[\s\S]*readonly[\s\S]*Fri 08:30–17:00/);
          },
          { script, expected: /status of 422/ },
        ));

      it("explains by which rule a user is refused, and links to it", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(`${stage().gateway.url}${LIST}`);
            await page.getByRole("link", { name: "Check access" }).click();
            await page.getByLabel("Principal").selectOption({ label: "role user" });
            await page.locator("select[name=server]").selectOption({ label: "files" });
            await page.getByLabel(/^Name/).fill("delete_file");
            await page.getByRole("button", { name: "Check access" }).click();
            await page.getByText("Rule: deny role user on tool delete_*").first().waitFor();
            const admin = page.getByRole("row", { name: /^admin/ });
            await expect(admin.innerText()).resolves.toContain("Allowed");
            await page.getByRole("link", { name: "View rule" }).first().click();
            await page.getByRole("heading", { level: 1, name: "deny tool delete_*" }).waitFor();
          },
          { script },
        ));
    });
  },
});
