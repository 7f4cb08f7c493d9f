/** The package as `npm pack` makes it: installed elsewhere, it connects a server with what Node 20 has. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectDir } from "../../scripts/lib/paths.ts";
import { addStdioServer, startConnector, untilDiscovered } from "../fixtures/connector.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "cli-package-"));
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterAll(async () => {
  await gateway?.close();
  rmSync(folder, { recursive: true });
});

/** Of newer versions of Node. */
const WITHOUT_NEWER = "data:text/javascript,delete Promise.withResolvers; delete globalThis.WebSocket;";

it("connects a server from its tarball, without Promise.withResolvers and WebSocket", async () => {
  const cwd = join(projectDir, "scripts/cli");
  await run("npm", ["pack", "--pack-destination", folder], { cwd });
  await run("npm", ["install", "--offline", "--prefix", folder, join(folder, "mcp-gateway-0.1.0.tgz")]);
  const bin = join(folder, "node_modules/mcp-gateway/dist/mcp-gateway.mjs");
  const tenant = await gateway.addTenant();
  const admin = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
  const { id, key } = await addStdioServer(tenant, "packed");
  const cli = [process.execPath, "--import", WITHOUT_NEWER, bin];
  const connector = startConnector({ gatewayUrl: gateway.url, key, server: "packed", cli });
  await untilDiscovered(gateway, admin, id);
  connector.signal("SIGTERM");
  expect(await connector.exited).toBe(0);
});
