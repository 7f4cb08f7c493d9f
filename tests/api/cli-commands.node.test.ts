/** The commands of the command line for every day, against a gateway with the everything server behind it. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { startTinyServers } from "../fixtures/tiny-servers.ts";

const run = promisify(execFile);
let gateway: TestGateway;
let tenant: TestTenant;
let admin: string;
let everything: Awaited<ReturnType<typeof startEverything>>;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  everything = await startEverything();
  tenant = await gateway.addTenant({ servers: [{ name: "everything", url: everything.url }] });
  admin = await tenant.addKey({ role: "admin", scopes: ["read", "admin", "proxy"] });
});
afterAll(async () => {
  await gateway?.close();
  await everything?.close();
});

async function cli(args: string[], key = admin) {
  const env = { ...process.env, GATEWAY_URL: gateway.url, GATEWAY_API_KEY: key };
  try {
    const { stdout } = await run(process.execPath, ["scripts/gateway.ts", ...args], { env });
    return { code: 0, out: stdout, problem: "" };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, problem: stderr };
  }
}

const inJson = async (args: string[]) => JSON.parse((await cli([...args, "--json"])).out);

describe("lists", () => {
  it("shows for whom the gateway takes the key", async () => {
    expect(await inJson(["whoami"])).toMatchObject({ tenantId: tenant.id, role: "admin" });
    expect((await cli(["whoami"])).out).toMatch(/ROLE\s+SCOPES/);
  });

  it("lists servers and keys, without their secrets", async () => {
    expect(await inJson(["servers"])).toMatchObject([{ name: "everything", endpointUrl: everything.url }]);
    const { out } = await cli(["keys"]);
    expect(out).toContain("KEYPREFIX");
    expect(out).not.toContain(admin);
  });

  it("refuses a limit that is none, with the usage's exit code", async () => {
    expect(await cli(["servers", "--limit", "0"])).toMatchObject({
      code: 2,
      problem: expect.stringContaining("--limit must be a whole number"),
    });
  });

  it("names the next step where the key is refused, without a stack trace", async () => {
    const { code, problem } = await cli(["servers"], "mcp_0197f1c2-0000-7000-8000-000000000001_wrong");
    expect(code).toBe(1);
    expect(problem).toMatch(/credential|API key/);
    expect(problem).not.toMatch(/\n\s+at /);
  });
});

describe("tools", () => {
  it("lists, finds and calls them", async () => {
    const tools: { name: string }[] = await inJson(["tools"]);
    expect(tools.map(({ name }) => name)).toContain("test_simple_text");
    expect((await cli(["search", "answers", "with", "an", "image"])).out).toContain("test_image_content");
    expect(await cli(["call", "test_simple_text"])).toMatchObject({
      code: 0,
      out: "This is a simple text response for testing.\n",
    });
    const own = await cli(["call", "test_image_content", "--server", "everything"]);
    expect(own.out).toBe("[image image/png]\n");
  });

  it("exits with 1 where the tool returns an error", async () => {
    expect(await cli(["call", "test_error_handling"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("intentionally returns an error"),
    });
  });

  it("converts arguments to the types of the schema, and names the invalid one", async () => {
    expect((await cli(["call", "test_slow", "ms=5"])).out).toBe("Waited 5 ms.\n");
    expect((await cli(["call", "test_slow", '{"ms": 6}'])).out).toBe("Waited 6 ms.\n");
    expect(await cli(["call", "test_slow", "ms=soon"])).toMatchObject({
      code: 2,
      problem: "Argument ms must be of type integer: soon\n",
    });
  });

  it("reports that a tool does not exist, and how to find others", async () => {
    expect(await cli(["call", "nothing"])).toMatchObject({
      code: 1,
      problem: "Tool nothing not found. List tools with mcp-gateway tools.\n",
    });
  });
});

describe("keys", () => {
  it("are created, rotated and revoked by name; a secret is printed alone", async () => {
    const manager = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin", "proxy"] });
    const made = await cli(
      ["keys", "create", "nightly build", "--scopes", "read", "--expires", "30d"],
      manager,
    );
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^mcp_\S+\n$/) });
    expect((await cli(["whoami"], made.out.trim())).out).toMatch(/\bread\b/);
    const rotated = await cli(["keys", "rotate", "nightly build", "--overlap", "1h"], manager);
    expect(rotated.out).toMatch(/^mcp_\S+\n$/);
    // Both keys of the name are valid for an hour.
    const ambiguous = await cli(["keys", "revoke", "nightly build"], manager);
    expect(ambiguous).toMatchObject({ code: 1, problem: expect.stringContaining("2 API keys are named") });
    const [id = ""] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(ambiguous.problem) ?? [];
    expect((await cli(["keys", "revoke", id], manager)).code).toBe(0);
    expect((await cli(["keys", "revoke", "nightly build"], manager)).code).toBe(0);
    for (const { out } of [made, rotated]) expect((await cli(["whoami"], out.trim())).code).toBe(1);
  });

  it.each([
    ["create", [], "Name one key"],
    ["create", ["x", "--expires", "soon"], "--expires must be a duration"],
    ["create", ["x", "--per-hour", "many"], "--per-hour must be a whole number"],
    ["rotate", ["x", "--overlap", "1 day"], "--overlap must be a duration"],
  ])("%s rejects %j without a request to the gateway", async (action, args, problem) => {
    expect(await cli(["keys", action, ...args])).toMatchObject({
      code: 2,
      problem: expect.stringContaining(problem),
    });
  });

  it("that do not exist are reported with the next step", async () => {
    expect(await cli(["keys", "revoke", "nothing"])).toMatchObject({
      code: 1,
      problem: "API key nothing not found. List keys with mcp-gateway keys.\n",
    });
  });
});

describe("approve", () => {
  it("shows what a server changed, and approves or blocks the revision that was shown", async () => {
    const tinies = await startTinyServers();
    try {
      const own = await gateway.addTenant({ settings: { toolChanges: "hold" } });
      const key = await own.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
      const tiny = tinies.add("changing", { tools: ["add", "other"] });
      tiny.described = { add: "Adds numbers.", other: "Does something." };
      const id = await own.addServer({ name: tiny.name, url: tiny.url });
      const discover = () =>
        fetch(`${gateway.url}/api/v1/servers/${id}/discover`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}` },
        });
      await discover();
      expect((await cli(["approve"], key)).out).toBe("None.\n");
      tiny.described = { add: "Adds.\u001b[2J", other: "Does something else." };
      await discover();
      const held = await cli(["approve"], key);
      expect(held.out).toMatch(/changing\s+add\s+\S+\s+1/);
      const unasked = await cli(["approve", "add"], key);
      expect(unasked).toMatchObject({ code: 2, problem: expect.stringContaining("Pass --yes") });
      const { problem } = await cli(["approve", "add", "--reject"], key);
      expect(problem).toMatch(/- "?Adds numbers/);
      expect(problem).not.toContain("\u001b");
      expect((await cli(["approve", "add", "--yes"], key)).code).toBe(0);
      expect((await cli(["approve", "other", "--server", "changing", "--reject", "--yes"], key)).code).toBe(
        0,
      );
      const [left, ...more] = JSON.parse((await cli(["approve", "--json"], key)).out);
      expect([left, more]).toEqual([expect.objectContaining({ tool: "other", state: "blocked" }), []]);
      expect(await cli(["approve", "add"], key)).toMatchObject({
        code: 1,
        problem: expect.stringContaining("No changed tool add"),
      });
    } finally {
      await tinies.close();
    }
  });
});

it("lists the requests that the commands made, as records of the organization", async () => {
  await cli(["call", "test_simple_text"]);
  await expect
    .poll(async () => (await cli(["logs"])).out, { timeout: 20_000 })
    .toMatch(/200\s+\d+\s+tools\/call\s+test_simple_text/);
  expect((await cli(["logs", "--errors"])).code).toBe(0);
});

it("follows new requests, each once", async () => {
  const env = { ...process.env, GATEWAY_URL: gateway.url, GATEWAY_API_KEY: admin };
  const following = spawn(process.execPath, ["scripts/gateway.ts", "logs", "--follow", "--json"], { env });
  const lines: string[] = [];
  createInterface({ input: following.stdout }).on("line", (line) => lines.push(line));
  // It has begun when it shows its own first request.
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await cli(["call", "test_slow", "ms=7"]);
  const calls = () =>
    lines.map((line) => JSON.parse(line)).filter(({ toolName }) => toolName === "test_slow");
  await expect.poll(() => calls().length, { timeout: 20_000 }).toBe(1);
  following.kill();
  await once(following, "exit");
  expect(calls()).toHaveLength(1);
});

describe("stdio", () => {
  it("serves the gateway to a client that only starts programs", async () => {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const client = new Client({ name: "starter", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ["scripts/gateway.ts", "stdio"],
        env: { GATEWAY_URL: gateway.url, GATEWAY_API_KEY: admin, PATH: process.env.PATH ?? "" },
      }),
    );
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("test_slow");
    const result = await client.callTool({ name: "test_slow", arguments: { ms: 8 } });
    expect(result.content).toEqual([{ type: "text", text: "Waited 8 ms." }]);
    await client.close();
  });

  it("answers a request that does not get through with an error", async () => {
    const env = { ...process.env, GATEWAY_URL: gateway.url, GATEWAY_API_KEY: "mcp_wrong" };
    const child = spawn(process.execPath, ["scripts/gateway.ts", "stdio"], { env });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stdin.end(`not JSON\n{"jsonrpc":"2.0","id":7,"method":"ping"}\n`);
    expect((await once(child, "exit"))[0]).toBe(0);
    const [first, second] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ id: null, error: { code: -32700 } });
    expect(second).toMatchObject({ id: 7, error: { code: expect.any(Number) } });
  });
});

it("imports the servers of a client's configuration, and reports the result of each", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cli-import-"));
  const file = join(folder, "mcp.json");
  const mcpServers = {
    imported: { url: "https://imported.example/mcp", headers: { Authorization: "Bearer token" } },
    everything: { url: everything.url },
    files: { command: "npx", args: ["server-filesystem", "/srv/my files"] },
  };
  writeFileSync(file, JSON.stringify({ mcpServers }));
  const planned = await inJson(["import", file, "--dry-run"]);
  expect(planned).toMatchObject([{ result: "would register" }, { result: "would register" }, {}]);
  const { code, out } = await cli(["import", file]);
  rmSync(folder, { recursive: true });
  expect(code).toBe(1);
  expect(out).toMatch(/^imported\s+registered/m);
  expect(out).toMatch(/^everything\s+failed\s+\S/m);
  expect(out).toContain(
    "mcp-gateway connect --create --server files -- npx server-filesystem '/srv/my files'",
  );
  const servers: { name: string }[] = await inJson(["servers"]);
  expect(servers.map(({ name }) => name).sort()).toEqual(["everything", "imported"]);
});

it("prints completions for a shell", async () => {
  expect((await cli(["completion", "bash"])).out).toContain("whoami servers tools search call");
  expect((await cli(["completion", "tcsh"])).code).toBe(2);
});
