/** Toolsets: creation with a preview, what is wrong with an entry, and the endpoint that the form makes. */
import { describe, expect, it } from "vitest";
import { walkPages } from "../fixtures/pages.ts";
import { modern } from "../fixtures/wire.ts";

const admins = ["admin"] as const;
const TOOLSETS = "/admin/tools/toolsets";

walkPages({
  name: "toolsets",
  pages: [
    { path: TOOLSETS, heading: "Toolsets", for: admins, picture: "toolsets" },
    { path: `${TOOLSETS}?q=support&isActive=true`, heading: "Toolsets", for: admins },
    { path: `${TOOLSETS}/new`, heading: "Create toolset", for: admins, picture: "toolset-new" },
    { path: `${TOOLSETS}/{toolset}`, heading: "Support", for: admins, picture: "toolset" },
    { path: `${TOOLSETS}/bindings`, heading: "Toolset bindings", for: admins, picture: "toolset-bindings" },
    { path: `${TOOLSETS}/bindings?subjectType=role`, heading: "Toolset bindings", for: admins },
    { path: `${TOOLSETS}/bindings/new`, heading: "Create toolset binding", for: admins },
    { path: `${TOOLSETS}/bindings/{binding}`, heading: "Binding of a role", for: admins },
  ],
  async prepare(stage) {
    const serverId = await stage.tenant.addServer({ name: "files", url: "https://files.example.com/mcp" });
    await stage.people.query(
      `insert into server_tools (tenant_id, server_id, name, definition)
       select $1, $2, d ->> 'name', d from jsonb_array_elements($3::jsonb) d`,
      [
        stage.tenant.id,
        serverId,
        JSON.stringify([
          {
            name: "read_file",
            description: "Reads a file.",
            inputSchema: {
              type: "object",
              properties: { path: { type: "string" }, root: { type: "string" } },
            },
          },
          { name: "delete_file", description: "Deletes a file.", inputSchema: { type: "object" } },
        ]),
      ],
    );
    const made = await stage.rest("POST", "/toolsets", {
      ...{ slug: "support", title: "Support", description: "For support engineers." },
      members: [{ kind: "tool", serverId, pattern: "read_*" }],
      overrides: [{ kind: "tool", serverId, name: "read_file", parameters: { gone: { value: 1 } } }],
    });
    const toolset = String(Object(made).id);
    const binding = await stage.rest("POST", "/toolset-bindings", {
      ...{ subjectType: "role", subjectId: "service", toolsetId: toolset },
    });
    return { toolset, binding: String(Object(binding).id) };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("creates a toolset, shows what is invalid, previews and changes it", () =>
        stage().visit(
          "admin",
          async (page) => {
            const slug = script ? "readers" : "readers-plain";
            await page.goto(`${stage().gateway.url}${TOOLSETS}/new`);
            await page.getByLabel("Title").fill(`Readers ${slug}`);
            await page.getByLabel("Slug").fill(slug);
            await page.getByLabel("Members").fill("tool files/read_*\ntool nowhere/*");
            await page.getByRole("button", { name: "Create toolset" }).click();
            await expect(page.getByLabel("Members").getAttribute("aria-invalid")).resolves.toBe("true");
            await page.getByLabel("Members").fill("tool files/*\n!tool */delete_*");
            await page.getByLabel("Overrides (JSON)").fill(
              JSON.stringify([
                {
                  ...{ kind: "tool", server: "files", name: "read_file", alias: "open_file" },
                  parameters: { root: { value: "/srv" } },
                },
              ]),
            );
            if (script) {
              await page.getByLabel("Overrides (JSON)").blur();
              const row = page.getByRole("row").filter({ hasText: "open_file" });
              await row.waitFor();
              await expect(row.innerText()).resolves.toMatch(
                /open_file\s+tool\s+files\s+read_file\s+Reads a file\.\s+path$/,
              );
              await expect(page.getByText("delete_file").count()).resolves.toBe(0);
            }
            await page.getByRole("button", { name: "Create toolset" }).click();
            await page.getByText("Toolset created.").waitFor();
            await page.getByRole("link", { name: `Readers ${slug}` }).click();
            await page.getByText(`Endpoint: /mcp/toolsets/${slug}`).waitFor();
            await expect(page.getByLabel("Members").inputValue()).resolves.toBe(
              "tool files/*\n!tool */delete_*",
            );
            await expect(page.getByLabel("Overrides (JSON)").inputValue()).resolves.toContain(
              '"server": "files"',
            );
            await page.getByLabel("Active").uncheck();
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("Restored.").waitFor();
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("binds a role to a toolset, keeps the bound toolset, and takes the binding away", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}${TOOLSETS}/bindings/new`);
        await page.getByLabel("Subject").selectOption("role:readonly");
        await page.getByLabel("Toolset", { exact: true }).selectOption({ label: "Support" });
        await page.getByRole("button", { name: "Create toolset binding" }).click();
        await page.getByText("Toolset binding created.").waitFor();
        const row = page.getByRole("row").filter({ hasText: "readonly" });
        await row.getByRole("link", { name: "Support" }).click();
        await page.getByRole("link", { name: "View bindings of this toolset" }).click();
        await page.getByRole("row").filter({ hasText: "readonly" }).getByRole("link").first().click();
        await page.getByRole("button", { name: "Delete" }).click();
        await page.getByText("Binding of a role deleted.").waitFor();
      }));

    it("shows the problems of a toolset, also on a page of its own", () =>
      stage().visit(
        "admin",
        async (page) => {
          await page.goto(`${stage().gateway.url}${TOOLSETS}`);
          await page.getByRole("link", { name: "Support" }).click();
          await page.getByRole("button", { name: "Preview" }).click();
          await page.getByText("/overrides/0/parameters/gone is not a parameter of the tool").waitFor();
          await page.getByText("1 item selected.").waitFor();
        },
        { script: false },
      ));

    it("serves the toolset at its endpoint", async () => {
      const endpoint = { url: `${stage().gateway.url}/mcp/toolsets/support`, key: stage().tenant.apiKey };
      const { result } = await modern(endpoint, "server/discover");
      expect(result).toMatchObject({ supportedVersions: ["2026-07-28"] });
    });
  },
});
