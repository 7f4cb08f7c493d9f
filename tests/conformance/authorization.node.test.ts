/** The official suite's two scenarios for authorization servers, with a user who signs in and consents. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectDir } from "../../scripts/lib/paths.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { TestBrowser } from "../fixtures/browser.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { authorize, register } from "../fixtures/oauth.ts";
import { connectPeople, PASSWORD, type TestPeople } from "../fixtures/people.ts";

let gateway: TestGateway;
let people: TestPeople;
const results = mkdtempSync(join(tmpdir(), "conformance-authorization-"));

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  people = connectPeople(databaseOfThisRun().ownerUrl);
});
afterAll(async () => {
  await people.close();
  await gateway.close();
  rmSync(results, { recursive: true, force: true });
});

it("passes both, without a warning", async () => {
  const tenant = await gateway.addTenant();
  const person = await people.add({ tenants: [{ id: tenant.id }] });
  const browser = new TestBrowser(gateway.url);
  await browser.signIn({ identifier: person.email, password: PASSWORD });
  const port = await freePort();
  const client = await register(gateway.url, "Conformance", `http://127.0.0.1:${port}/callback`);
  const output = await run(client.clientId, port, async (url) => {
    await authorize(browser, url);
    const callback = browser.leftFor;
    expect(callback).toBeDefined();
    await fetch(callback ?? "");
  });
  const checks = readdirSync(results).flatMap(
    (name) =>
      JSON.parse(readFileSync(join(results, name, "checks.json"), "utf8")) as Record<string, unknown>[],
  );
  expect(checks.map(({ id, status }) => `${id} ${status}`).sort(), output).toEqual([
    "authorization-code-grant SUCCESS",
    "authorization-server-metadata SUCCESS",
    "authorization-server-metadata-cimd SUCCESS",
  ]);
});

function run(clientId: string, port: number, onUrl: (url: string) => Promise<void>): Promise<string> {
  const cli = join(projectDir, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js");
  const args = ["authorization", "--url", gateway.url, "--client-id", clientId, "--port", String(port)];
  args.push("--resource", `${gateway.url}/mcp`, "--output-dir", results);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let opened = false;
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /^(http\S+\/oauth2\/authorize\?\S+)$/m.exec(output)?.[1];
      if (url === undefined || opened) return;
      opened = true;
      onUrl(url).catch((error: unknown) => {
        child.kill();
        reject(error);
      });
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
