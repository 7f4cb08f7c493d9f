/** Servers over REST: registered, found, changed, and shown to whom they concern. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let admin: TestKey;

beforeAll(async () => {
  tenant = await addTenant("servers");
  admin = await tenant.addKey();
});

const register = (json: object, key = admin.text) =>
  call("POST", "/servers", { key, json: { discover: false, ...json } });
const namesIn = async (query: string, key = admin.text) =>
  (await call("GET", `/servers?fields=name&${query}`, { key })).body.items.map(
    ({ name }: { name: string }) => name,
  );

describe("registering", () => {
  it("keeps the secret sealed and shows it nowhere", async () => {
    const token = `secret-${crypto.randomUUID()}`;
    const made = await register({
      name: "sealed",
      endpointUrl: "https://sealed.example.com/mcp",
      auth: { type: "bearer", token, reference: "SEALED_TOKEN" },
    });
    expect(made.status).toBe(201);
    expect(made.body.auth).toEqual({ type: "bearer", reference: "SEALED_TOKEN" });
    const path = `/servers/${made.body.id}`;
    await call("PATCH", path, {
      key: admin.text,
      json: { auth: { type: "header", name: "x-key", value: token } },
    });
    const shown = await call("GET", path, { key: admin.text });
    const [row] = await owner.query("select auth_config from mcp_servers where id = $1", [made.body.id]);
    const written = JSON.stringify([made.body, shown.body, row, await tenant.audit()]);
    expect(shown.body.auth.type).toBe("header");
    expect(written).not.toContain(token);
  });

  it.each<[string, object, string]>([
    ["a private address", { endpointUrl: "https://10.0.0.1/mcp" }, "/endpointUrl"],
    ["a name of the machine's own network", { endpointUrl: "https://db.internal/mcp" }, "/endpointUrl"],
    ["another scheme", { endpointUrl: "ftp://example.com/mcp" }, "/endpointUrl"],
    ["credentials in the address", { endpointUrl: "https://me:you@example.com/mcp" }, "/endpointUrl"],
    [
      "http for a WebSocket",
      { endpointUrl: "https://example.com/ws", transportType: "websocket" },
      "/endpointUrl",
    ],
    [
      "a URL of a stdio server",
      { endpointUrl: "https://example.com", transportType: "stdio" },
      "/endpointUrl",
    ],
    ["a name that is no path segment", { name: "a/b" }, "/name"],
    ["an unknown setting", { settings: { firstByteTimeout: 100 } }, "/settings"],
    ["an unknown setting of health checks", { settings: { health: { every: 60 } } }, "/settings/health"],
    [
      "a header of the protocol's as credential",
      { auth: { type: "header", name: "mcp-session-id", value: "x" } },
      "/auth/name",
    ],
  ])("refuses %s, and names the place", async (_, over, path) => {
    const answer = await register({ name: "refused", endpointUrl: "https://example.com/refused", ...over });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it("refuses a name or an address that is taken, unless the latter is meant", async () => {
    const endpointUrl = "https://twice.example.com/mcp";
    expect((await register({ name: "twice", endpointUrl })).status).toBe(201);
    expect((await register({ name: "twice", endpointUrl: `${endpointUrl}/2` })).body.code).toBe("conflict");
    expect((await register({ name: "twice-2", endpointUrl })).body.detail).toContain("as twice");
    expect((await register({ name: "twice-2", endpointUrl, evenIfRegistered: true })).status).toBe(201);
  });

  it("takes one address several times with different credentials", async () => {
    const endpointUrl = "https://several.example.com/mcp";
    const bearer = (token: string) => ({ type: "bearer", token });
    const accounts = [{ type: "none" }, bearer("one"), bearer("two"), { type: "user_secret" }];
    for (const [index, auth] of accounts.entries()) {
      expect((await register({ name: `several-${index}`, endpointUrl, auth })).status).toBe(201);
    }
    for (const [index, auth] of accounts.entries()) {
      const again = await register({ name: `again-${index}`, endpointUrl, auth });
      expect(again).toMatchObject({ status: 409 });
      expect(again.body.detail).toContain(`as several-${index} with this credential`);
    }
  });

  it("stops at the plan's limit, also for many at once", async () => {
    const small = await addTenant("servers");
    const { text } = await small.addKey();
    await owner.query(`update tenants set plan_limits = '{"servers": 3}' where id = $1`, [small.id]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        register({ name: `s${n}`, endpointUrl: `https://s${n}.example.com/mcp` }, text),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5);
    const recorded = async (wanted: boolean) =>
      (await small.audit()).filter(({ success }) => success === wanted).length;
    expect(await recorded(true)).toBe(3);
    // Refusals are written after their answers.
    await expect.poll(() => recorded(false), { timeout: 10_000 }).toBe(5);
  });
});

describe("finding", () => {
  beforeAll(async () => {
    const shop = { description: "Orders and invoices.", tags: ["shop", "public"] };
    await register({
      name: "github-issues",
      title: "Issues",
      endpointUrl: "https://g.example.com/mcp",
      tags: ["code"],
    });
    await register({
      name: "shop",
      endpointUrl: "wss://shop.example.com/mcp",
      transportType: "websocket",
      ...shop,
    });
    const weather = await register({
      name: "weather",
      endpointUrl: "https://w.example.com/sse",
      transportType: "sse",
    });
    await owner.query(
      `insert into server_tools (tenant_id, server_id, name, description) values ($1, $2, 'getForecast', 'Tomorrow''s Wetter in Österreich.')`,
      [tenant.id, weather.body.id],
    );
    await owner.query(
      `update mcp_servers set health_status = 'healthy', capabilities = '{"tools": {}}' where id = $1`,
      [weather.body.id],
    );
  });

  it.each<[string, string[]]>([
    ["tag=shop", ["shop"]],
    ["tag=shop,public", ["shop"]],
    ["tag=shop,code", []],
    ["transport=sse", ["weather"]],
    ["health=healthy", ["weather"]],
    ["capability=tools", ["weather"]],
    ["tool=getForecast", ["weather"]],
    ["tool=getforecast", []],
    ["name=shop", ["shop"]],
    ["q=GitHub", ["github-issues"]],
    ["q=issu", ["github-issues"]],
    ["q=inv orders", ["shop"]],
    ["q=forecast", ["weather"]],
    ["q=getfore", ["weather"]],
    ["q=österr", ["weather"]],
    ["q=weather forecast", ["weather"]],
    ["q=weather orders", []],
    ["q=shop&transport=sse", []],
  ])("by %s", async (query, names) => {
    expect(await namesIn(query)).toEqual(names);
  });

  it("puts the best match first, and goes on from page to page", async () => {
    for (const n of [1, 2, 3]) {
      const json = {
        name: `other-${n}`,
        description: "About apples.",
        endpointUrl: `https://o${n}.example.com/mcp`,
      };
      await register(json);
    }
    await register({ name: "apples", endpointUrl: "https://apples.example.com/mcp" });
    expect(await namesIn("q=apple")).toEqual(["apples", "other-1", "other-2", "other-3"]);
    const first = await call("GET", "/servers?q=apple&limit=3&fields=name", { key: admin.text });
    const next = await call("GET", `/servers?q=apple&limit=3&fields=name&cursor=${first.body.nextCursor}`, {
      key: admin.text,
    });
    expect([...first.body.items, ...next.body.items]).toHaveLength(4);
    expect(next.body).toEqual({ items: [{ name: "other-3" }], nextCursor: null });
  });

  it("follows changes, and drops what is deleted", async () => {
    const { body } = await register({ name: "moving", endpointUrl: "https://moving.example.com/mcp" });
    await call("PATCH", `/servers/${body.id}`, { key: admin.text, json: { description: "zeppelin" } });
    expect(await namesIn("q=zeppelin")).toEqual(["moving"]);
    await call("PATCH", `/servers/${body.id}`, { key: admin.text, json: { description: null } });
    expect(await namesIn("q=zeppelin")).toEqual([]);
    expect((await call("DELETE", `/servers/${body.id}`, { key: admin.text })).status).toBe(204);
    expect(await namesIn("q=moving")).toEqual([]);
  });

  it("has no relevance without words", async () => {
    const answer = await call("GET", "/servers?sort=-relevance", { key: admin.text });
    expect(answer.body.errors[0].path).toBe("sort");
  });

  it("finds nothing of others", async () => {
    const other = await (await addTenant("servers")).addKey();
    expect(await namesIn("q=weather", other.text)).toEqual([]);
  });
});

describe("who may not use a server", () => {
  it("neither finds it nor its tools, and does not see the URLs of the others", async () => {
    const installation = await addTenant("servers");
    const { text } = await installation.addKey();
    const [open, hidden] = [await installation.addServer("open"), await installation.addServer("hidden")];
    for (const server of [open, hidden]) {
      await owner.query(
        "insert into server_tools (tenant_id, server_id, name) values ($1, $2, 'read'), ($1, $2, 'drop_all')",
        [installation.id, server],
      );
    }
    const rule = { subject: { type: "role", id: "user" }, effect: "deny" };
    await call("POST", "/access-controls", {
      key: text,
      json: { ...rule, objectType: "server", objectPattern: "hidden" },
    });
    await call("POST", "/access-controls", {
      key: text,
      json: { ...rule, objectType: "tool", objectPattern: "drop_*" },
    });
    const user = (await installation.addKey({ role: "user", scopes: ["read"] })).text;
    expect(await namesIn("", text)).toEqual(["hidden", "open"]);
    expect(await namesIn("", user)).toEqual(["open"]);
    expect((await call("GET", `/servers/${hidden}`, { key: user })).status).toBe(404);
    expect((await call("GET", `/servers/${open}`, { key: user })).body).toMatchObject({
      endpointUrl: null,
      auth: null,
    });
    const tools = await call("GET", "/tools?fields=name,serverName", { key: user });
    expect(tools.body.items).toEqual([{ name: "read", serverName: "open" }]);
    expect((await call("GET", "/tools", { key: text })).body.items).toHaveLength(4);
    const metrics = await installation.addKey({ role: "user", scopes: ["metrics"] });
    expect((await call("GET", `/servers/${open}/metrics`, { key: metrics.text })).status).toBe(200);
    expect((await call("GET", `/servers/${hidden}/metrics`, { key: metrics.text })).status).toBe(404);
  });
});
