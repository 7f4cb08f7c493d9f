/** A stdio server behind a connector, used by the official clients of each era through both endpoints. */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/access/api-key.ts";
import {
  addStdioServer,
  readConnectors,
  type StartedConnector,
  startConnector,
  untilDiscovered,
} from "../fixtures/connector.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { connectV1, connectV2, type TestClient } from "../scripts/mcp-clients.ts";

let gateway: TestGateway;
const running: StartedConnector[] = [];
const clients: TestClient[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const connector of running) connector.signal("SIGTERM");
  await Promise.all(running.splice(0).map(({ exited }) => exited));
});
afterAll(() => gateway?.close());

function start(server: string, key: string, options: readonly string[] = [], env = {}): StartedConnector {
  const connector = startConnector({ gatewayUrl: gateway.url, key, server, options, env });
  running.push(connector);
  return connector;
}

interface Serving {
  readonly tenant: TestTenant;
  readonly admin: string;
  readonly id: string;
  readonly key: string;
  readonly connector: StartedConnector;
}

/** In a tenant of its own, with the inventory that the gateway discovers when a connector starts. */
async function startServing(server: string, options: readonly string[] = [], env = {}): Promise<Serving> {
  const tenant = await gateway.addTenant();
  const admin = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
  const { id, key } = await addStdioServer(tenant, server);
  const connector = start(server, key, options, env);
  await untilDiscovered(gateway, admin, id);
  return { tenant, admin, id, key, connector };
}

async function openClient({ tenant }: Pick<Serving, "tenant">, path: string, connect = connectV1) {
  const client = await connect(`${gateway.url}/mcp${path}`, { authorization: `Bearer ${tenant.apiKey}` });
  clients.push(client);
  return client;
}

const CONNECTS: readonly [string, typeof connectV1][] = [
  ["SDK v1", connectV1],
  ["SDK v2, legacy", (url, headers) => connectV2(url, "legacy", headers)],
  ["SDK v2, modern", (url, headers) => connectV2(url, "auto", headers)],
];

describe.each([
  ["one process for each session", []],
  ["one shared process", ["--shared"]],
] as const)("%s", (_mode, options) => {
  it("serves tools, progress, elicitation and sampling to clients of each era, through both endpoints", async () => {
    const serving = await startServing("everyone", options);
    for (const [name, connect] of CONNECTS) {
      for (const path of ["/everyone", ""]) {
        const client = await openClient(serving, path, connect);
        expect(await client.tools(), name).toContain("echo");
        expect(await client.call("echo", { text: "héllo" }), name).toBe("héllo");
        expect(await client.progressOf("progress"), name).toEqual([1, 2, 3]);
        expect(await client.call("ask"), name).toContain("Ada");
        expect(await client.call("sample"), name).toContain("Paris");
        expect(await client.call("babble"), name).toBe("babbled");
      }
    }
  });
});

describe("a process", () => {
  it("gets the environment that is named and no other, and the working directory", async () => {
    const options = ["--env", "PASSED_ON", "--env", "SET=a=b", "--cwd", "/tmp"];
    const client = await openClient(
      await startServing("environment", options, { PASSED_ON: "yes", KEPT_BACK: "no" }),
      "/environment",
    );
    const environment: unknown = JSON.parse(await client.call("environment"));
    expect(environment).toMatchObject({ PASSED_ON: "yes", SET: "a=b" });
    expect(environment).not.toHaveProperty("KEPT_BACK");
    expect(environment).not.toHaveProperty("GATEWAY_API_KEY");
    expect(await client.call("directory")).toBe("/tmp");
  });

  it("that exits fails the call with a reason, and the next call starts another", async () => {
    const client = await openClient(await startServing("crashing"), "/crashing");
    await expect(client.call("crash")).rejects.toThrow("its process exited (code 7)");
    expect(await client.call("echo", { text: "again" })).toBe("again");
  });

  it("has its stderr kept as the log of the server", async () => {
    const serving = await startServing("logging");
    const client = await openClient(serving, "/logging");
    await client.call("complain", { text: "the disk is full" });
    const lines = async () =>
      (await readConnectors(gateway, serving.admin, serving.id)).log.map(({ text }) => text);
    while (!(await lines()).includes("the disk is full")) await wait(20);
  });

  it("sends and takes messages of several megabytes", async () => {
    const client = await openClient(await startServing("large"), "/large");
    const text = "y".repeat(3_500_000);
    expect((await client.call("echo", { text })).length).toBe(text.length);
    expect((await client.call("large", { length: 4_000_000 })).length).toBe(4_000_000);
  });
});

describe("a key", () => {
  it("of another server, of no server or without the scope cannot connect", async () => {
    const tenant = await gateway.addTenant();
    const { key } = await addStdioServer(tenant, "mine");
    await addStdioServer(tenant, "theirs");
    const unbound = await tenant.addKey({ scopes: ["connect"] });
    const cases = [
      ["theirs", key, "The API key is bound to server mine"],
      ["mine", unbound, "bound to its server"],
      ["mine", tenant.apiKey, "scope"],
      ["mine", "mcp_none", "invalid or expired"],
    ] as const;
    for (const [server, given, reason] of cases) {
      const connector = start(server, given);
      expect(await connector.exited).toBe(1);
      expect(connector.output()).toContain(reason);
    }
  });

  it("of another tenant cannot connect, and does not see the server", async () => {
    await addStdioServer(await gateway.addTenant(), "private");
    const other = await gateway.addTenant();
    const connector = start("private", await other.addKey({ scopes: ["connect"], connectServer: "private" }));
    expect(await connector.exited).toBe(1);
    expect(connector.output()).toContain("There is no server private");
  });

  it("that may register servers creates the server with --create", async () => {
    const tenant = await gateway.addTenant();
    const scopes = ["admin", "connect"] as const;
    const key = await tenant.addKey({ role: "admin", scopes: [...scopes], connectServer: "created" });
    const connector = start("created", key, ["--create"]);
    await connector.until("Server created registered.");
    await connector.until("Connected to");
    const again = start("created", key, ["--create"]);
    await again.until("Connected to");
  });

  it("that was revoked ends the connection", async () => {
    const { key, connector, id, admin } = await startServing("revoked");
    const headers = { authorization: `Bearer ${admin}` };
    const url = `${gateway.url}/api/v1/keys/${parseApiKey(key)?.id}`;
    expect((await fetch(url, { method: "DELETE", headers })).status).toBe(204);
    const revokedAt = Date.now();
    while ((await readConnectors(gateway, admin, id)).connectors.length > 0) await wait(20);
    // Under a second on a machine that does nothing else; the check once a minute would be seen here.
    expect(Date.now() - revokedAt).toBeLessThan(10_000);
    expect(await connector.exited).toBe(1);
    expect(connector.output()).toContain("the API key or the server is no longer usable");
    // The reconnection is judged anew.
    expect(connector.output()).toContain("The credential is invalid or expired");
    expect((await readConnectors(gateway, admin, id)).connectors).toEqual([]);
  });
});

describe("a server", () => {
  it("without a connector fails with the reason", async () => {
    const tenant = await gateway.addTenant();
    await addStdioServer(tenant, "absent");
    const client = await openClient({ tenant }, "/absent");
    await expect(client.call("echo", { text: "" })).rejects.toThrow("Server absent has no connector");
  });

  it("with two connectors is served by the other when one is drained, and pending calls end", async () => {
    const serving = await startServing("replicated");
    const { id, key, admin, connector } = serving;
    const client = await openClient(serving, "/replicated");
    const pid = await client.call("pid");
    const second = start("replicated", key);
    await second.until("Connected to");
    const pending = client.call("slow", { ms: 1000 });
    while ((await readConnectors(gateway, admin, id)).connectors.length < 2) await wait(20);
    connector.signal("SIGTERM");
    expect(await pending).toBe("done");
    expect(await connector.exited).toBe(0);
    expect(await client.call("pid")).not.toBe(pid);
  });
});
