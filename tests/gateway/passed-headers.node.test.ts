/** Headers of clients that an admin has allowed for a server: passed in every revision and transport, and to that server only. */
import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { CLIENT_REVISIONS, connectClient } from "../fixtures/policy-clients.ts";
import { SERVER_KINDS, type ServerKind, startPolicyServer } from "../fixtures/policy-servers.ts";
import { answerIn, askModern } from "../fixtures/wire.ts";

let gateway: TestGateway;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(() => gateway.close());

async function openPlace(kind: ServerKind, passHeaders: readonly string[] = ["X-Workspace"]) {
  const server = await startPolicyServer("notes", kind);
  const other = await startPolicyServer("other", kind);
  ends.push(server.stop, other.stop);
  const tenant = await gateway.addTenant();
  const { transport } = server;
  await tenant.addServer({ name: "notes", url: server.url, transport, settings: { passHeaders } });
  await tenant.addServer({ name: "other", url: other.url, transport });
  const clientAt = (path: string, headers: Record<string, string>) => ({
    ...{ url: gateway.url + path, key: tenant.apiKey, headers },
  });
  return { server, other, tenant, clientAt };
}

const CALL = { name: "write", arguments: {} };

describe.each(SERVER_KINDS)("a %s server with passed headers", (kind) => {
  it("receives them from clients of every revision, on both endpoints, and no other header", async () => {
    const { server, other, clientAt } = await openPlace(kind);
    for (const path of ["/mcp/notes", "/mcp"]) {
      for (const revision of CLIENT_REVISIONS) {
        const workspace = `${revision} at ${path}`;
        const before = server.requests.length;
        const headers = { "x-workspace": workspace, "x-other": "secret", cookie: "a=b" };
        const client = await connectClient(revision, clientAt(path, headers));
        const name = path === "/mcp" ? "notes__write" : "write";
        const { message } = await client.ask("tools/call", { ...CALL, name });
        await client.close();
        expect(message.result, `${workspace}: ${JSON.stringify(message)}`).toMatchObject({});
        const received = server.requests.slice(before);
        expect(received.map((fields) => fields["x-workspace"])).toContain(workspace);
        expect(
          received.every((fields) =>
            [undefined, workspace].includes(String(fields["x-workspace"] ?? workspace)),
          ),
        ).toBe(true);
      }
    }
    for (const fields of [...server.requests, ...other.requests]) {
      expect(fields).not.toHaveProperty("x-other");
      expect(fields).not.toHaveProperty("cookie");
    }
    for (const fields of other.requests) expect(fields).not.toHaveProperty("x-workspace");
  });
});

describe("passed headers", () => {
  it("of two clients never meet in one connection", async () => {
    for (const kind of SERVER_KINDS) {
      const { server, clientAt } = await openPlace(kind);
      const workspaces = Array.from({ length: 20 }, (_, number) => `workspace-${number % 4}`);
      const answers = await Promise.all(
        workspaces.map(async (workspace) =>
          answerIn(await askModern(clientAt("/mcp/notes", { "x-workspace": workspace }), "tools/call", CALL)),
        ),
      );
      expect(answers.filter(({ result }) => result === undefined)).toEqual([]);
      const seen = new Set(server.requests.flatMap((fields) => fields["x-workspace"] ?? []));
      expect([...seen].sort()).toEqual(["workspace-0", "workspace-1", "workspace-2", "workspace-3"]);
    }
  });

  it("are no part of the lists that the gateway keeps", async () => {
    const { server, clientAt } = await openPlace("modern HTTP");
    const { result } = await answerIn(
      await askModern(clientAt("/mcp", { "x-workspace": "mine" }), "tools/list", {}),
    );
    expect(result?.tools).not.toEqual([]);
    expect(server.requests).not.toEqual([]);
    expect(server.requests.filter((fields) => "x-workspace" in fields)).toEqual([]);
  });

  it("that are too large are rejected", async () => {
    const { server, clientAt } = await openPlace("modern HTTP");
    const tooLarge = { "x-workspace": "x".repeat(4097) };
    for (const [path, name] of [
      ["/mcp/notes", "write"],
      ["/mcp", "notes__write"],
    ] as const) {
      const response = await askModern(clientAt(path, tooLarge), "tools/call", { ...CALL, name });
      const { error } = await answerIn(response);
      expect(error?.message, path).toContain("Header x-workspace is too large");
    }
    expect(server.operations).toEqual([]);
  });

  it("are not sent on to another origin", async () => {
    const { server, tenant } = await openPlace("modern HTTP");
    const redirecting = createServer(
      (_, response) => void response.writeHead(307, { location: server.url }).end(),
    );
    redirecting.listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    ends.push(async () => {
      redirecting.closeAllConnections();
      redirecting.close();
      await once(redirecting, "close");
    });
    const address = redirecting.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/mcp`;
    await tenant.addServer({ name: "moved", url, settings: { passHeaders: ["x-workspace"] } });
    const endpoint = {
      url: `${gateway.url}/mcp/moved`,
      key: tenant.apiKey,
      headers: { "x-workspace": "mine" },
    };
    expect((await answerIn(await askModern(endpoint, "tools/call", CALL))).result).toMatchObject({});
    expect(server.requests).not.toEqual([]);
    expect(server.requests.filter((fields) => "x-workspace" in fields)).toEqual([]);
  });

  it.each([
    ...["Authorization", "X-Api-Key", "Cookie", "Host", "Connection", "Mcp-Session-Id", "mcp-gateway-path"],
    ...["Content-Length", "X-Forwarded-For", "CF-Connecting-IP", "Proxy-Authorization", "Origin", "a b", ""],
  ])("cannot include %s", async (name) => {
    const { tenant, clientAt } = await openPlace("modern HTTP", [name, "x-workspace"]);
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
    const response = await fetch(`${gateway.url}/api/v1/servers`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        ...{ name: "more", endpointUrl: "https://more.example.com/mcp", discover: false },
        settings: { passHeaders: [name] },
      }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("must be a header name that may be passed");
    // A row from before the rule is not obeyed either.
    const answered = await answerIn(
      await askModern(clientAt("/mcp/notes", { "x-workspace": "mine" }), "tools/call", CALL),
    );
    expect(answered.result).toMatchObject({});
  });
});
