/** `npm run gateway` against a running gateway: export to a file, apply it, and the report of the difference. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "gateway-cli-"));
const file = join(folder, "gateway.yaml");
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

async function adminKey(): Promise<string> {
  const tenant = await gateway.addTenant();
  return tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
}

async function cli(key: string, args: string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, GATEWAY_URL: gateway.url, GATEWAY_API_KEY: key, ...environment };
  try {
    const { stdout } = await run(process.execPath, ["scripts/gateway.ts", ...args], { env });
    return { code: 0, out: stdout, problem: "" };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, problem: stderr };
  }
}

const FILE = `version: 1
servers:
  - name: weather
    endpointUrl: https://weather.example.com/mcp
    auth: { type: bearer, secret: WEATHER_TOKEN }
featureFlags:
  - { key: beta, name: Beta }
`;

describe("npm run gateway", () => {
  it.each([
    [["--colour"], "mcp-gateway COMMAND [options]"],
    [["export", "--anchor"], "mcp-gateway export [FILE]"],
    [["diff", "--yes=maybe"], "mcp-gateway diff FILE"],
    [["connect", "--server", "files", "ls"], "mcp-gateway connect --server NAME"],
  ])("answers a wrong option with the usage, and no stack trace: %j", async (args, usage) => {
    const { code, problem } = await cli("none", args);
    expect(code).toBe(2);
    expect(problem).toContain(usage);
    expect(problem).not.toMatch(/\n\s+at /);
  });

  it("applies a file, sees that nothing is left to do, and writes it out again", async () => {
    const key = await adminKey();
    writeFileSync(file, FILE);
    expect(await cli(key, ["diff", file])).toMatchObject({
      code: 1,
      problem: expect.stringContaining("set WEATHER_TOKEN"),
    });
    const secrets = { WEATHER_TOKEN: "w" };
    const difference = await cli(key, ["diff", file], secrets);
    expect(difference.code).toBe(3);
    expect(difference.out).toContain("+ servers weather\n    name: weather\n");
    expect(difference.out).toContain("2 to create, 0 to update, 0 to delete");
    expect(await cli(key, ["apply", file], secrets)).toMatchObject({ code: 2 });
    expect((await cli(key, ["apply", file, "--yes"], secrets)).out).toContain("Applied 2 changes.");
    expect(await cli(key, ["diff", file])).toMatchObject({ code: 0, out: "No changes.\n" });
    await cli(key, ["export", file]);
    expect(await cli(key, ["diff", file])).toMatchObject({ code: 0 });
    writeFileSync(file, readFileSync(file, "utf8").replace("name: Beta", "name: Beta 2"));
    expect((await cli(key, ["diff", file])).out).toContain(
      '~ featureFlags Beta 2\n    name: "Beta" → "Beta 2"\n',
    );
  });

  it("verifies the audit log, and finds what a superuser has changed in it", async () => {
    const tenant = await gateway.addTenant();
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
    writeFileSync(file, FILE);
    await cli(key, ["apply", file, "--yes"], { WEATHER_TOKEN: "w" });
    const sound = await cli(key, ["verify-audit"]);
    expect(sound).toMatchObject({ code: 0, out: expect.stringContaining("verified, no errors.") });
    const [, anchor = ""] =
      /Anchor \(store outside the gateway\): (\d+:[0-9a-f]{64})\n/.exec(sound.out) ?? [];
    expect((await cli(key, ["verify-audit", "--anchor", anchor])).code).toBe(0);
    const client = new pg.Client({ connectionString: databaseOfThisRun().ownerUrl });
    await client.connect();
    await client.query("set session_replication_role = replica");
    await client.query("update audit_logs set ip_address = '6.6.6.6' where tenant_id = $1 and sequence = 1", [
      tenant.id,
    ]);
    await client.end();
    const found = await cli(key, ["verify-audit"]);
    expect(found.code).toBe(3);
    expect(found.out).toMatch(/^Entry 1 \(.+\) was modified\.\n\d+ entries verified, 1 error\.\n$/);
  });

  it("reports what is wrong with a file, a key, a URL", async () => {
    const key = await adminKey();
    writeFileSync(file, "version: 1\nfeatureFlags: [{ key: A, name: A }]\n");
    expect((await cli(key, ["diff", file])).problem).toContain(
      "/featureFlags/0/key must contain only lowercase letters",
    );
    writeFileSync(file, "{");
    expect((await cli(key, ["diff", file])).problem).toContain("Invalid YAML");
    expect((await cli("", ["export"])).code).toBe(2);
    expect((await cli("mcp_x", ["export"])).problem).toContain("invalid");
    expect((await cli(key, ["export"], { GATEWAY_URL: "http://127.0.0.1:1" })).problem).toContain(
      "Cannot reach",
    );
    expect((await cli(key, [])).code).toBe(2);
  });
});
