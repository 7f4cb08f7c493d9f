/** Keys and the clients they are for: made and shown once, narrowed, rotated, revoked by name; configurations with them in. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Stage, walkPages } from "../fixtures/pages.ts";
import { modern } from "../fixtures/wire.ts";

const KEY = /mcp_[\w-]+/;

async function makeKey(stage: Stage, name: string): Promise<string> {
  const sent = await stage.rest("POST", "/keys", { name, scopes: ["read"] });
  return z.object({ key: z.object({ id: z.string() }) }).parse(sent).key.id;
}

const isLetIn = async (stage: Stage, key: string) =>
  (await modern({ url: `${stage.gateway.url}/mcp`, key }, "tools/list")).error === undefined;

walkPages({
  name: "keys and clients",
  pages: [
    { path: "/admin/keys", heading: "API keys", for: ["admin", "user"], picture: "keys" },
    { path: "/admin/keys?active=false", heading: "API keys", for: ["admin", "user"] },
    { path: "/admin/keys/new", heading: "Create API key", for: ["admin", "user"], picture: "key-new" },
    {
      path: "/admin/keys/{key}",
      heading: "nightly build",
      for: ["admin"],
      hiddenFrom: ["user"],
      picture: "key",
    },
    {
      path: "/admin/keys/{key}/rotate",
      heading: "Rotate nightly build",
      for: ["admin"],
      hiddenFrom: ["user"],
    },
    {
      path: "/admin/keys/{key}/revoke",
      heading: "Revoke nightly build?",
      for: ["admin"],
      hiddenFrom: ["user"],
    },
    { path: "/admin/keys/{key}/usage", heading: "API key usage", for: ["admin"] },
    { path: "/admin/members/service-accounts", heading: "Service accounts", for: ["admin"] },
    { path: "/admin/members/service-accounts/new", heading: "Create service account", for: ["admin"] },
    { path: "/admin/connect", heading: "Connect", picture: "connect" },
    { path: "/admin/connect?client=http&server=files", heading: "Connect" },
  ],
  async prepare(stage) {
    await stage.tenant.addServer({ name: "files", url: "https://files.example.com/mcp" });
    return { key: await makeKey(stage, "nightly build") };
  },
  stories(stage) {
    const at = (path: string) => stage().gateway.url + path;

    describe.each([true, false])("with script: %s", (script) => {
      it("are shown once, rotated, and revoked by their name", () =>
        stage().visit(
          "user",
          async (page) => {
            const name = script ? "laptop" : "plain laptop";
            await page.goto(at("/admin/keys/new"));
            await page.getByLabel("Name").fill(name);
            await page.getByLabel("Allowed IP ranges").fill("nowhere");
            await page.getByRole("button", { name: "Create API key" }).click();
            await expect(page.getByLabel("Allowed IP").getAttribute("aria-invalid")).resolves.toBe("true");
            await expect(page.getByLabel("Name").inputValue()).resolves.toBe(name);
            await page.getByLabel("Allowed IP ranges").fill("");
            await page.getByRole("button", { name: "Create API key" }).click();
            const secret = await page.locator("#secret").innerText();
            expect(await isLetIn(stage(), secret)).toBe(true);

            await page.getByRole("link", { name: "Done" }).click();
            expect(await page.content()).not.toContain(secret);
            await page.getByRole("link", { name, exact: true }).click();
            await page.getByLabel("Requests per hour").fill("50");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("link", { name: "Rotate" }).click();
            await page.getByLabel("Grace period").selectOption("None");
            await page.getByRole("button", { name: "Rotate key" }).click();
            const next = await page.locator("#secret").innerText();
            expect(next).not.toBe(secret);
            expect(await isLetIn(stage(), next)).toBe(true);
            expect(await isLetIn(stage(), secret)).toBe(false);

            await page.getByRole("link", { name: "Done" }).click();
            await page.getByRole("row", { name: "active" }).getByRole("link", { name, exact: true }).click();
            await page.getByRole("link", { name: "Revoke" }).click();
            await page.getByLabel("Type").fill(name);
            await page.getByRole("button", { name: "Revoke key" }).click();
            await page.getByText(" revoked.").waitFor();
            expect(await isLetIn(stage(), next)).toBe(false);
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("are narrowed to those of one owner, to a name, and to revoked ones", () =>
      stage().visit("admin", async (page) => {
        const { id } = await stage().people.add({ tenants: [{ id: stage().tenant.id }] });
        await stage().people.query(
          `insert into api_keys (tenant_id, user_id, name, key_prefix, salt, key_hash, scopes, is_active, revoked_at)
           select $1, $2, name, 'mcp_' || left(md5(name), 8), md5(name), encode(sha256(name::bytea), 'hex'), '{read}', active,
             case when not active then now() end
           from (values ('first of theirs', true), ('second of theirs', false)) as keys (name, active)`,
          [stage().tenant.id, id],
        );
        await page.goto(at(`/admin/keys?userId=${id}`));
        const names = () => page.locator("tbody tr td:nth-child(1)").allInnerTexts();
        expect(await names()).toEqual(["first of theirs"]);
        await page.getByLabel("Status").selectOption("All");
        await expect.poll(names).toEqual(["first of theirs", "second of theirs"]);
        await page.getByRole("searchbox").first().fill("second");
        await expect.poll(names).toEqual(["second of theirs"]);
      }));

    it("are owned by service accounts, and deleted with them", () =>
      stage().visit(
        "admin",
        async (page) => {
          await page.goto(at("/admin/members/service-accounts"));
          await page.getByRole("link", { name: "Create service account" }).first().click();
          await page.getByLabel("Name").fill("Deployments");
          await page.getByRole("button", { name: "Create service account" }).click();
          await page.getByRole("link", { name: "Deployments" }).click();
          await page.getByRole("link", { name: "Create API key" }).click();
          await page.getByLabel("Name").fill("deploy");
          await page.getByLabel("Owner").selectOption("Service account Deployments");
          await page.getByRole("button", { name: "Create API key" }).click();
          const secret = await page.locator("#secret").innerText();
          expect(await isLetIn(stage(), secret)).toBe(true);
          await page.goto(at("/admin/members/service-accounts"));
          await page.getByRole("link", { name: "Deployments" }).click();
          await page.getByRole("link", { name: "Delete" }).click();
          await page.getByLabel("Type").fill("Deployments");
          await page.getByRole("button", { name: "Delete" }).click();
          await page.getByText("Deployments deleted.").waitFor();
          expect(await isLetIn(stage(), secret)).toBe(false);
        },
        { expected: /status of 422/ },
      ));

    it("are filled into a client's configuration with one click, and work", () =>
      stage().visit("user", async (page) => {
        await page.goto(at("/admin/connect"));
        await page.getByLabel("Servers").selectOption("Server files only");
        await page.waitForURL(/server=files/);
        await page.getByRole("navigation", { name: "Client" }).getByRole("link", { name: "Cursor" }).click();
        await page.getByRole("button", { name: "Create key and insert" }).click();
        const text = await page.locator("#with-key").innerText();
        const { mcpServers } = z
          .object({
            mcpServers: z.record(
              z.string(),
              z.object({ url: z.string(), headers: z.object({ Authorization: z.string() }) }),
            ),
          })
          .parse(JSON.parse(text));
        expect(mcpServers.files?.url).toBe(at("/mcp/files"));
        const key = KEY.exec(mcpServers.files?.headers.Authorization ?? "")?.[0] ?? "";
        expect(await isLetIn(stage(), key)).toBe(true);
      }));

    it("connect clients by commands that work as they are printed", () =>
      stage().visit("user", async (page) => {
        await page.goto(at("/admin/connect?client=http"));
        await page.getByRole("button", { name: "Create key and insert" }).click();
        const command = await page.locator("#with-key").innerText();
        const { stdout } = await promisify(execFile)("sh", ["-c", `${command} -s -w '\\n%{http_code}'`]);
        const [body = "", status] = stdout.trim().split(/\n(?=\d+$)/);
        expect([
          status,
          z.object({ result: z.object({ tools: z.array(z.unknown()) }) }).safeParse(JSON.parse(body)).success,
        ]).toEqual(["200", true]);
      }));

    it("are taken along from the page that shows them to the configurations of all clients", () =>
      stage().visit("user", async (page) => {
        await page.goto(at("/admin/keys/new"));
        await page.getByLabel("Name", { exact: true }).fill("taken along");
        await page.getByRole("button", { name: "Create API key" }).click();
        const key = await page.locator("#secret").innerText();
        await page.getByRole("button", { name: "Connect a client with this key" }).click();
        expect(await page.locator("#with-key").innerText()).toContain(key.trim());
        await page.getByText("VS Code", { exact: true }).last().click();
        expect(await page.locator("#with-key-vscode").innerText()).toContain(key.trim());
      }));

    it("are not for those who only read to make", () =>
      stage().visit("readonly", async (page) => {
        await page.goto(at("/admin/connect"));
        await expect(page.getByRole("button", { name: "Create key" }).count()).resolves.toBe(0);
        await expect(page.getByRole("link", { name: "API keys" }).count()).resolves.toBe(0);
      }));
  },
});
