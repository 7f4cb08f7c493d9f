/** The registration of a server from outside: tested, registered, discovered, found by search, and called. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Examples, startExamples } from "../../scripts/examples/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";

let gateway: TestGateway;
let examples: Examples;
let key: string;

beforeAll(async () => {
  [gateway, examples] = await Promise.all([startGateway(databaseOfThisRun()), startExamples()]);
  const tenant = await gateway.addTenant();
  key = await tenant.addKey({ role: "admin", scopes: ["read", "admin", "proxy"] });
});
afterAll(async () => {
  await Promise.all([gateway.close(), examples.close()]);
});

async function rest(method: string, path: string, json?: object) {
  const answer = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  return { status: answer.status, body: (await answer.json()) as any };
}

const urlOf = (name: string) => examples.servers.find((server) => server.name === name)?.url ?? "";

describe("a server that cannot be used", () => {
  let rude: Server;
  let port = 0;

  /** Answers by the path: closes the connection, returns a status, or returns a page. */
  beforeAll(async () => {
    rude = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://rude");
      if (pathname === "/closes") return void request.socket.destroy();
      const status = Number(pathname.slice(1)) || 200;
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
    });
    rude.listen(0, "127.0.0.1");
    await once(rude, "listening");
    const address = rude.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => rude.close());

  it.each([
    ["dns", "https://no-such-host.example.com/mcp", /no-such-host\.example\.com cannot be found \(DNS\)/],
    ["refused", "http://127.0.0.1:1/mcp", /refuses connections on port 1\. Start the server/],
    ["tls", "https://127.0.0.1:{port}/mcp", /TLS handshake .* failed\. Its certificate must be/],
    ["closed", "http://127.0.0.1:{port}/closes", /closed the connection before responding/],
    ["status", "http://127.0.0.1:{port}/404", /returned HTTP 404\. Check the path/],
    ["status", "http://127.0.0.1:{port}/500", /returned HTTP 500\. The server has failed/],
    ["credential", "http://127.0.0.1:{port}/401", /rejected the credential\. Check the authentication/],
    ["not_mcp", "http://127.0.0.1:{port}/200", /responded, but not as an MCP server/],
  ])("is reported with the cause %s and the next step: %s", async (cause, url, message) => {
    const endpointUrl = url.replace("{port}", String(port));
    const { status, body } = await rest("POST", "/servers/probe", { endpointUrl });
    expect(status).toBe(200);
    expect(body).toMatchObject({ reachable: false, cause, message: expect.stringMatching(message) });
  });
});

describe("a server with an owner", () => {
  it("is looked at before it is saved", async () => {
    const found = await rest("POST", "/servers/probe", { endpointUrl: urlOf("calculator") });
    expect(found.body).toMatchObject({ reachable: true, capabilities: expect.arrayContaining(["tools"]) });
    expect(found.body.offers.tools).toBeGreaterThan(0);
    const nowhere = await rest("POST", "/servers/probe", { endpointUrl: "http://127.0.0.1:1/mcp" });
    expect(nowhere.body).toMatchObject({ reachable: false, code: "upstream_unreachable" });
    const closed = await rest("POST", "/servers/probe", { endpointUrl: "https://10.0.0.1/mcp" });
    expect(closed.status).toBe(400);
  });

  it("is registered and discovered, and is found and called by its tools", async () => {
    const made = await rest("POST", "/servers", {
      name: "calculator",
      endpointUrl: urlOf("calculator"),
      discover: false,
    });
    expect(made.status).toBe(201);
    const discovered = await rest("POST", `/servers/${made.body.id}/discover`);
    expect(discovered.body).toMatchObject({ discovered: true, removed: [], withheld: [] });
    expect(discovered.body.added.length).toBeGreaterThan(0);
    const [tool] = discovered.body.added;
    const byTool = await rest("GET", `/servers?tool=${tool}&fields=name`);
    const byWord = await rest("GET", `/servers?q=${tool}&fields=name`);
    expect([byTool.body.items, byWord.body.items]).toEqual([
      [{ name: "calculator" }],
      [{ name: "calculator" }],
    ]);
    const tools = await rest("GET", "/tools?fields=name,serverName&sort=name");
    expect(tools.body.items).toContainEqual({ name: tool, serverName: "calculator" });
  });

  it("is discovered automatically when it is registered", async () => {
    const made = await rest("POST", "/servers", { name: "clock", endpointUrl: urlOf("clock") });
    await expect
      .poll(async () => (await rest("GET", `/tools?serverId=${made.body.id}`)).body.items.length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(0);
  });
});
