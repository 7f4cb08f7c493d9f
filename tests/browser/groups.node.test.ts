/** The pages of groups: creation, members with roles and expiry, and deletion. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const admins = ["admin"] as const;
const GROUPS = "/admin/members/groups";

async function addMember(stage: Stage, name: string): Promise<string> {
  const { id } = await stage.people.add({ tenants: [{ id: stage.tenant.id }] });
  await stage.people.query(`update "user" set name = $2 where id = $1`, [id, name]);
  return id;
}

walkPages({
  name: "groups",
  pages: [
    { path: GROUPS, heading: "Groups", for: admins, picture: "groups" },
    { path: `${GROUPS}?q=platform&source=manual`, heading: "Groups", for: admins },
    { path: `${GROUPS}/new`, heading: "Create group", for: admins },
    { path: `${GROUPS}/{group}`, heading: "Platform", for: admins, picture: "group" },
    { path: `${GROUPS}/{group}/delete`, heading: "Delete Platform?", for: admins },
    { path: `${GROUPS}/members`, heading: "Group members", for: admins, picture: "group-members" },
    { path: `${GROUPS}/members?groupId={group}&role=owner`, heading: "Group members", for: admins },
    { path: `${GROUPS}/members/new`, heading: "Create group member", for: admins },
    { path: `${GROUPS}/members/{membership}`, heading: "Membership (owner)", for: admins },
  ],
  async prepare(stage) {
    const [owner, user] = [await addMember(stage, "Ann Archer"), await addMember(stage, "Ben Baker")];
    await addMember(stage, "Cleo Carter");
    const group = await stage.rest("POST", "/groups", { name: "Platform", description: "Runs the servers." });
    const groupId = String(Object(group).id);
    const membership = await stage.rest("POST", "/group-members", { groupId, userId: owner, role: "owner" });
    await stage.rest("POST", "/group-members", { groupId, userId: user, expiresAt: "2020-01-01T00:00:00Z" });
    return { group: groupId, membership: String(Object(membership).id) };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("creates a group, adds, changes and removes a member, and deletes it", () =>
        stage().visit(
          "admin",
          async (page) => {
            const name = script ? "Support" : "Sales";
            await page.goto(`${stage().gateway.url}${GROUPS}/new`);
            await page.getByLabel("Name").fill(name);
            await page.getByRole("button", { name: "Create group" }).click();
            await page.getByText("Group created.").waitFor();
            await page.getByRole("link", { name, exact: true }).click();
            await page.getByText("No members yet.").waitFor();
            const member = page.getByLabel("Member", { exact: true });
            const option = member.locator("option", { hasText: "Cleo Carter" });
            await member.selectOption((await option.getAttribute("value")) ?? "");
            await page.getByLabel("Role in the group").selectOption("publisher");
            await page.getByRole("button", { name: "Add member" }).click();
            await page.getByText("Member added.").waitFor();
            const row = page.getByRole("row").filter({ hasText: "Cleo Carter" });
            await expect(row.innerText()).resolves.toMatch(/publisher\s+Never\s+Edit/);
            await row.getByRole("link", { name: "Edit membership of Cleo Carter" }).click();
            await page.getByLabel("Expires").fill("2020-01-01T00:00");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("link", { name: "View group" }).click();
            await page.getByText("expired").waitFor();
            await page.getByRole("link", { name: "Edit membership of Cleo Carter" }).click();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("Restored.").waitFor();
            await page.goto(`${stage().gateway.url}${GROUPS}`);
            await page.getByRole("link", { name, exact: true }).click();
            await page.getByRole("link", { name: "Edit membership of Cleo Carter" }).waitFor();
            await page.getByRole("link", { name: "Delete" }).click();
            await page.getByLabel(`Type ${name} to confirm`).fill(name);
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByText(`${name} deleted.`).waitFor();
          },
          { script },
        ));
    });

    it("shows why a member cannot be added", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}${GROUPS}`);
        await page.getByRole("link", { name: "Platform", exact: true }).click();
        const member = page.getByLabel("Member", { exact: true });
        const option = member.locator("option", { hasText: "Ann Archer" });
        await member.selectOption((await option.getAttribute("value")) ?? "");
        await page.getByRole("button", { name: "Add member" }).click();
        await page.getByText("Group member already exists.").waitFor();
      }));
  },
});
