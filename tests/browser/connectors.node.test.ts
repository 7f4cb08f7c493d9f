/** The pages of connectors: which are connected, and what their servers have written. */
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { addStdioServer, STDIO_SERVER, startConnector } from "../fixtures/connector.ts";
import { walkPages } from "../fixtures/pages.ts";

const COMMAND = [process.execPath, "-e", "console.error('ready to serve'); process.stdin.resume()"];

walkPages({
  name: "connectors",
  pages: [
    { path: "/admin/servers/connectors", heading: "Connectors", for: ["admin"], picture: "connectors" },
    { path: "/admin/servers/connectors/{files}", heading: "Connectors of files", for: ["admin"] },
    { path: "/admin/servers/connectors/{idle}", heading: "Connectors of idle", for: ["admin"] },
    { path: "/admin/servers/{files}/settings", heading: "files", for: ["admin"] },
  ],
  async prepare(stage) {
    const files = await addStdioServer(stage.tenant, "files");
    const idle = await addStdioServer(stage.tenant, "idle");
    const connector = startConnector({
      gatewayUrl: stage.gateway.url,
      key: files.key,
      server: "files",
      command: [...COMMAND, STDIO_SERVER],
    });
    stage.atEnd(async () => {
      connector.signal("SIGTERM");
      await connector.exited;
    });
    await connector.until("ready to serve");
    const hasLog = async () =>
      JSON.stringify(await stage.rest("GET", `/connectors/${files.id}`)).includes("ready to serve");
    while (!(await hasLog())) await wait(50);
    return { files: files.id, idle: idle.id };
  },
  stories(stage) {
    it("shows which servers are connected, and the log of one", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/servers/connectors`);
        await page.getByText("not connected").waitFor();
        await page.getByRole("link", { name: "files" }).click();
        await page.getByText("One process per session").waitFor();
        await expect(page.getByLabel("Lines of stderr, newest last").textContent()).resolves.toContain(
          "ready to serve",
        );
        await page.getByText("mcp-gateway connect --gateway").waitFor();
      }));
  },
});
