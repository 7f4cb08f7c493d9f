/** The registry: importing an entry, registering a server from it, and syncing sources. */
import { expect, it } from "vitest";
import { z } from "zod";
import { walkPages } from "../fixtures/pages.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";

let tinies: TinyServers;

const serverJson = (name: string) => ({
  name: `com.example/${name}`,
  title: "Weather",
  description: "Weather forecasts.",
  version: "1.2.0",
  remotes: [
    {
      type: "streamable-http",
      url: tinies.add(name, { tools: ["forecast"] }).url,
      headers: [
        { name: "X-Api-Key", isRequired: true, isSecret: true, description: "From your account page." },
      ],
    },
  ],
});

const identified = z.object({ id: z.string() });

walkPages({
  name: "registries",
  pages: [
    { path: "/admin/registry", heading: "Registry", picture: "registry" },
    { path: "/admin/registry?q=weather&version=latest", heading: "Registry" },
    { path: "/admin/registry/import", heading: "Import server.json", for: ["admin"] },
    { path: "/admin/registry/{entry}", heading: "Weather", picture: "registry-entry" },
    { path: "/admin/registry/sources", heading: "Registry sources", for: ["admin"] },
    { path: "/admin/registry/sources/{source}", heading: "Nowhere", for: ["admin"] },
  ],
  async prepare(stage) {
    tinies = await startTinyServers();
    stage.atEnd(() => tinies.close());
    const entry = await stage.rest("POST", "/registry-entries", { server: serverJson("weather") });
    const source = await stage.rest("POST", "/registry-sources", {
      ...{ name: "Nowhere", url: "http://127.0.0.1:9", intervalMinutes: 60 },
    });
    return { entry: identified.parse(entry).id, source: identified.parse(source).id };
  },
  stories(stage) {
    it("accept a server.json, show its inputs, and create a server of it", () =>
      stage().visit(
        "admin",
        async (page) => {
          await page.goto(`${stage().gateway.url}/admin/registry/import`);
          await page.getByLabel("server.json").fill("{ not JSON");
          await page.getByRole("button", { name: "Import" }).click();
          await expect(page.getByLabel("server.json").inputValue()).resolves.toBe("{ not JSON");
          await page.getByLabel("server.json").fill(JSON.stringify(serverJson("storms")));
          await page.getByRole("button", { name: "Import" }).click();
          await page.getByText("Entry com.example/storms imported.").waitFor();
          await page.getByRole("button", { name: "Register server" }).click();
          await expect(page.getByLabel("X-Api-Key").getAttribute("aria-invalid")).resolves.toBe("true");
          await page.getByLabel("X-Api-Key").fill("the server's own");
          await page.getByRole("button", { name: "Register server" }).click();
          await page.getByText("Server storms registered").waitFor();
          await page.goto(`${stage().gateway.url}/admin/registry`);
          await page.getByRole("link", { name: "storms", exact: true }).waitFor();
        },
        { expected: /status of 422/ },
      ));

    it("show the result of a source's sync", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/registry/sources`);
        await page.getByRole("link", { name: "Nowhere" }).click();
        await page.getByRole("button", { name: "Sync now" }).click();
        await page.getByText("Sync failed").waitFor();
      }));
  },
});
