/** The official registry's interface, called as its clients call it. */
import { createExecutionContext, env } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { type Answer, addTenant, call, read, type TestTenant } from "../api/support.ts";
import { owner } from "../support/database.ts";
import { faultsOf } from "./official-schemas.ts";
import { setTenant } from "./support.ts";

const app = createApp();

async function fetchFrom(url: string, init?: RequestInit): Promise<Response> {
  return app.fetch(new Request(url, init), env, createExecutionContext());
}

let tenant: TestTenant;
let member: string;
let base: string;

const slugOf = async (id: string) =>
  (await owner.query("select slug from tenants where id = $1", [id]))[0]?.slug;

beforeEach(async () => {
  tenant = await addTenant("registry");
  member = (await tenant.addKey({ role: "user", scopes: ["read", "write"] })).text;
  await setTenant(tenant.id, { publicRegistry: true });
  base = `${env.PUBLIC_URL}/r/${await slugOf(tenant.id)}`;
});

const get = async (path: string) => read(await fetchFrom(`${base}/v0.1${path}`));

async function send(
  method: string,
  path: string,
  json: unknown,
  key: string | undefined = member,
): Promise<Answer> {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const body = json === undefined ? null : JSON.stringify(json);
  return read(await fetchFrom(`${base}/v0.1${path}`, { method, headers, body }));
}

const json = (name: string, version = "1.0.0", more: object = {}) => ({
  $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
  ...{ name, version, description: `What ${name} does.` },
  ...more,
});

async function publish(name: string, version?: string, more?: object): Promise<Answer> {
  const answer = await send("POST", "/publish", json(name, version, more));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer;
}

const at = (name: string, version = "latest") =>
  `/servers/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
const names = (answer: Answer): string[] =>
  answer.body.servers.map(
    ({ server }: { server: { name: string; version: string } }) => `${server.name} ${server.version}`,
  );

/** Lists as VS Code does: the cursor goes into the URL as it is, and from the second page on the search is left out. */
async function asVsCode(url: string, search?: string): Promise<string[]> {
  const item = z.object({
    server: z.looseObject({
      name: z.string().min(1),
      description: z.string().min(1),
      version: z.string().min(1),
    }),
    _meta: z.object({}).loose(),
  });
  const page = z.object({
    servers: z.array(item),
    metadata: z.object({ count: z.number(), nextCursor: z.string().optional() }),
  });
  const probed = await fetchFrom(`${url}/v0.1/servers?limit=1`);
  expect(probed.status).toBe(200);
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const query =
      cursor === undefined ? search && `&search=${encodeURIComponent(search)}` : `&cursor=${cursor}`;
    const response = await fetchFrom(`${url}/v0.1/servers?limit=50&version=latest${query ?? ""}`);
    const { servers, metadata } = page.parse(await response.json());
    found.push(...servers.map(({ server }) => server.name));
    cursor = metadata.nextCursor;
  } while (cursor !== undefined);
  return found;
}

describe("clients", () => {
  beforeEach(async () => {
    await owner.query(
      `insert into registry_entries (tenant_id, name, version, server, is_latest)
        select $1, name, version, jsonb_build_object('name', name, 'version', version, 'description', about), version = '2.0.0'
        from (select 'com.example/' || kind || '-' || n as name, kind || ' number ' || n as about
          from generate_series(100, 219) n, (values ('weather'), ('news')) kinds (kind)) named,
          (values ('1.0.0'), ('2.0.0')) versions (version)`,
      [tenant.id],
    );
  });

  it("such as VS Code find every server once, page by page", async () => {
    const found = await asVsCode(base);
    expect(found).toHaveLength(240);
    expect(new Set(found).size).toBe(240);
  });

  it("such as VS Code find what they search for, though they omit it on the second page", async () => {
    const found = await asVsCode(base, "Weather");
    expect(found).toHaveLength(120);
    for (const name of found) expect(name).toContain("weather");
    expect(await asVsCode(base, "number 150")).toEqual(["com.example/news-150", "com.example/weather-150"]);
    expect(await asVsCode(base, "nothing of the kind")).toEqual([]);
  });

  it("such as VS Code get one by its name, and take any refusal for its absence", async () => {
    expect((await get(at("com.example/weather-100"))).body.server.version).toBe("2.0.0");
    expect((await get(at("com.example/nothing"))).status).toBe(404);
  });

  it("find cursors that need no escaping", async () => {
    const { body } = await get("/servers?limit=7&search=n%C3%BCmber%20%2B%26%3D");
    expect(body.metadata).toEqual({ count: 0 });
    const first = await get("/servers?limit=7&search=number&version=1.0.0");
    expect(first.body.metadata.nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(names(await get(`/servers?limit=7&cursor=${first.body.metadata.nextCursor}`))[0]).toMatch(
      / 1\.0\.0$/,
    );
  });

  it("get thirty at a time by default, and a hundred at most", async () => {
    expect((await get("/servers")).body.metadata.count).toBe(30);
    expect((await get("/servers?limit=100")).body.metadata.count).toBe(100);
    for (const wrong of ["limit=101", "limit=0", "limit=x", "updated_since=yesterday", "cursor=nonsense"]) {
      expect((await get(`/servers?${wrong}`)).status, wrong).toBe(400);
    }
  });

  it("of any origin may read, as Copilot's documentation requires", async () => {
    const headers = { origin: "https://editor.example.com", "access-control-request-method": "GET" };
    const preflight = await fetchFrom(`${base}/v0.1/servers`, { method: "OPTIONS", headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("GET");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization,Content-Type");
    for (const path of ["/servers", at("com.example/weather-100"), at("com.example/nothing")]) {
      const response = await fetchFrom(`${base}/v0.1${path}`, { headers });
      expect(response.headers.get("access-control-allow-origin"), path).toBe("*");
      await response.text();
    }
  });

  it("get answers that the official description promises", async () => {
    expect(faultsOf("list", (await get("/servers?limit=100")).body)).toEqual([]);
    expect(faultsOf("one", (await get(at("com.example/weather-100"))).body)).toEqual([]);
    const versions = `/servers/${encodeURIComponent("com.example/weather-100")}/versions`;
    expect(faultsOf("list", (await get(versions)).body)).toEqual([]);
    expect(faultsOf("one", { server: {}, _meta: {} })).not.toEqual([]);
  });

  it("get failures that the official description promises", async () => {
    const status = { status: "deprecated" };
    const name = "com.example/weather-100";
    const stranger = (await (await addTenant("stranger")).addKey({ role: "user" })).text;
    const failures: [number, Answer][] = [
      [404, await get(at("com.example/nothing"))],
      [404, await get(`/servers/${encodeURIComponent("com.example/nothing")}/versions`)],
      [401, await send("POST", "/publish", json(name), "")],
      [401, await send("PATCH", `${at(name, "1.0.0")}/status`, status, "")],
      [403, await send("PATCH", `${at(name, "1.0.0")}/status`, status, stranger)],
      [400, await send("PATCH", `${at(name, "1.0.0")}/status`, { status: "sold out" })],
    ];
    for (const [code, answer] of failures) {
      expect(answer.status).toBe(code);
      expect(faultsOf("failure", answer.body)).toEqual([]);
    }
  });
});

describe("publishing", () => {
  const weather = "com.example/weather";

  it("shows the entry at once, without what only the registry may set", async () => {
    const _meta = {
      "io.modelcontextprotocol.registry/official": { status: "deleted" },
      "io.modelcontextprotocol.registry/publisher-provided": { tool: "cli" },
    };
    const answer = await publish(weather, "1.0.0", { title: "Weather", _meta });
    expect(faultsOf("one", answer.body)).toEqual([]);
    expect(answer.body).toMatchObject({
      server: {
        title: "Weather",
        _meta: { "io.modelcontextprotocol.registry/publisher-provided": { tool: "cli" } },
      },
      _meta: { "io.modelcontextprotocol.registry/official": { status: "active", isLatest: true } },
    });
    expect(answer.body.server._meta).not.toHaveProperty(["io.modelcontextprotocol.registry/official"]);
    expect((await get(at(weather))).body).toEqual(answer.body);
    expect(await tenant.audit()).toMatchObject([{ action: "registry-entries.publish" }]);
  });

  it("refuses what is no server.json, with all that is wrong with it", async () => {
    const answer = await send("POST", "/publish", { name: "weather", version: "^1.0.0" });
    expect(answer).toMatchObject({ status: 400, body: { code: "bad_request" } });
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toContain("/name");
  });

  it("requires the schema, and what the schema cannot express", async () => {
    const { $schema: _, ...without } = json(weather);
    const packages = [
      { registryType: "brew", identifier: "x", version: "1.0.0", transport: { type: "stdio" } },
    ];
    const answer = await send("POST", "/publish", { ...without, packages });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      "/$schema",
      "/packages/0/registryType",
    ]);
  });

  it("happens once a version, and the latest is the highest", async () => {
    await publish(weather, "1.10.0");
    await publish(weather, "1.9.0");
    expect(await send("POST", "/publish", json(weather, "1.9.0"))).toMatchObject({ status: 409 });
    expect((await get(at(weather))).body.server.version).toBe("1.10.0");
    const versions = await get(`/servers/${encodeURIComponent(weather)}/versions`);
    expect(names(versions)).toEqual([`${weather} 1.9.0`, `${weather} 1.10.0`]);
    expect(names(await get("/servers?version=latest"))).toEqual([`${weather} 1.10.0`]);
    expect(names(await get("/servers?version=1.9.0"))).toEqual([`${weather} 1.9.0`]);
  });

  it("can be corrected, but not into something else", async () => {
    await publish(weather);
    const corrected = await send("PUT", at(weather, "1.0.0"), json(weather, "1.0.0", { title: "Weather" }));
    expect(corrected).toMatchObject({ status: 200, body: { server: { title: "Weather" } } });
    expect(await send("PUT", at(weather, "1.0.0"), json(weather, "1.0.1"))).toMatchObject({
      status: 400,
      body: { errors: [{ path: "/version" }] },
    });
    expect((await send("PUT", at(weather, "9.9.9"), json(weather, "9.9.9"))).status).toBe(404);
  });

  it("can be withdrawn: deleted versions are shown on request, and the one before is the latest", async () => {
    await publish(weather, "1.0.0");
    await publish(weather, "2.0.0");
    const since = new Date(Date.now() - 1000).toISOString();
    const gone = await send("DELETE", at(weather, "2.0.0"), undefined);
    expect(gone.body._meta["io.modelcontextprotocol.registry/official"]).toMatchObject({
      status: "deleted",
      isLatest: false,
    });
    expect((await get(at(weather))).body.server.version).toBe("1.0.0");
    expect((await get(at(weather, "2.0.0"))).status).toBe(404);
    expect((await get(`${at(weather, "2.0.0")}?include_deleted=true`)).status).toBe(200);
    expect(names(await get("/servers"))).toEqual([`${weather} 1.0.0`]);
    expect(names(await get("/servers?include_deleted=true"))).toHaveLength(2);
    expect(names(await get(`/servers?updated_since=${encodeURIComponent(since)}`))).toHaveLength(2);
    const future = new Date(Date.now() + 60_000).toISOString();
    expect(names(await get(`/servers?updated_since=${encodeURIComponent(future)}`))).toEqual([]);
  });

  it("has a status, of one version or of all at once", async () => {
    await publish(weather, "1.0.0");
    await publish(weather, "2.0.0");
    const deprecated = { status: "deprecated", statusMessage: "Use com.example/climate." };
    const one = await send("PATCH", `${at(weather, "1.0.0")}/status`, deprecated);
    expect(one.body._meta["io.modelcontextprotocol.registry/official"]).toMatchObject(deprecated);
    expect(faultsOf("one", one.body)).toEqual([]);
    const all = `/servers/${encodeURIComponent(weather)}/status`;
    const both = await send("PATCH", all, deprecated);
    expect(both.body.updatedCount).toBe(1);
    expect(faultsOf("many", both.body)).toEqual([]);
    for (const [wrong, status] of [
      [deprecated, 400],
      [{ status: "active", statusMessage: "x" }, 400],
      [{ status: "gone" }, 400],
      [{ status: "deprecated", statusMessage: "x".repeat(501) }, 400],
    ] as const) {
      expect((await send("PATCH", all, wrong)).status, JSON.stringify(wrong).slice(0, 60)).toBe(status);
    }
    expect((await send("PATCH", all, { status: "active" })).body.updatedCount).toBe(2);
    expect((await send("PATCH", `${at("com.example/nothing", "1")}/status`, deprecated)).status).toBe(404);
  });

  it("is for members who may write, and of this tenant", async () => {
    const reader = (await tenant.addKey({ role: "user", scopes: ["read"] })).text;
    const watcher = (await tenant.addKey({ role: "readonly" })).text;
    const stranger = (await (await addTenant("registry-other")).addKey()).text;
    const attempts: [string | undefined, number][] = [
      ["", 401],
      ["nonsense", 401],
      [reader, 403],
      [watcher, 403],
      [stranger, 403],
    ];
    for (const [key, status] of attempts) {
      expect((await send("POST", "/publish", json(weather), key)).status, key).toBe(status);
    }
    expect(names(await get("/servers"))).toEqual([]);
  });
});

describe("who may read", () => {
  const weather = "com.example/weather";
  let admin: string;

  beforeEach(async () => {
    await publish(weather);
    admin = (await tenant.addKey()).text;
  });

  it("is any client, once the tenant has made its registry public", async () => {
    expect((await get("/servers")).headers.get("cache-control")).toBe("public, max-age=60");
    await setTenant(tenant.id, { publicRegistry: false });
    expect(await get("/servers")).toMatchObject({ status: 404, body: { code: "not_found" } });
    await setTenant(tenant.id, { publicRegistry: true });
    await owner.query("update tenants set status = 'suspended' where id = $1", [tenant.id]);
    expect((await get("/servers")).status).toBe(404);
  });

  it("is any client with a secret path, until that is revoked", async () => {
    await setTenant(tenant.id, { publicRegistry: false });
    const made = await call("POST", "/registry-paths", { key: admin, json: { label: "VS Code" } });
    expect(made).toMatchObject({ status: 201, body: { label: "VS Code" } });
    expect(await asVsCode(made.body.url)).toEqual([weather]);
    const listed = await call("GET", "/registry-paths", { key: admin });
    expect(JSON.stringify(listed.body)).not.toContain(made.body.url.split("/r/")[1]);
    const [row] = await owner.query("select token_hash from registry_paths where id = $1", [made.body.id]);
    expect(row?.token_hash).toMatch(/^[0-9a-f]{64}$/);
    const response = await fetchFrom(`${made.body.url}/v0.1/servers`);
    expect(response.headers.get("cache-control")).toBe("private, max-age=60");
    expect((await call("DELETE", `/registry-paths/${made.body.id}`, { key: admin })).status).toBe(204);
    expect((await fetchFrom(`${made.body.url}/v0.1/servers`)).status).toBe(404);
    expect((await call("DELETE", `/registry-paths/${made.body.id}`, { key: admin })).status).toBe(404);
  });

  it("is a member with a credential, who sees of the gateway's servers those that they can use", async () => {
    await setTenant(tenant.id, { publicRegistry: false });
    // Before the requests that change something: after one of those, no isolate uses an earlier snapshot.
    const user = await tenant.addKey({ role: "user" });
    await owner.query(
      `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, object_pattern, effect)
       values ($1, 'key', $2, 'server', 'mail', 'deny')`,
      [tenant.id, user.id],
    );
    for (const name of ["files", "mail"]) {
      const serverId = await tenant.addServer(name);
      const reported = { serverId, name: `com.example/${name}`, version: "1.0.0", description: "Served." };
      const made = await call("POST", "/registry-entries/by-server", { key: admin, json: reported });
      expect(made.status, JSON.stringify(made.body)).toBe(201);
    }
    const readAs = (key: string, path: string) => send("GET", path, undefined, key);
    const files = "com.example/files 1.0.0";
    const known = `${weather} 1.0.0`;
    expect(names(await readAs(admin, "/servers"))).toEqual([files, "com.example/mail 1.0.0", known]);
    const seen = await readAs(user.text, "/servers");
    expect(names(seen)).toEqual([files, known]);
    expect(seen.headers.get("cache-control")).toBe("private, max-age=60");
    expect((await readAs(user.text, at("com.example/mail"))).status).toBe(404);
    expect(
      (await readAs(user.text, `/servers/${encodeURIComponent("com.example/mail")}/versions`)).status,
    ).toBe(404);
    expect((await readAs(user.text, at("com.example/files"))).status).toBe(200);
    expect((await readAs("mcp_wrong", "/servers")).status).toBe(401);
    const stranger = await (await addTenant("registry-stranger")).addKey();
    expect((await readAs(stranger.text, "/servers")).status).toBe(404);
  });

  it("never sees another tenant's", async () => {
    const other = await addTenant("registry-other");
    await setTenant(other.id, { publicRegistry: true });
    const url = `${env.PUBLIC_URL}/r/${await slugOf(other.id)}/v0.1`;
    expect((await read(await fetchFrom(`${url}/servers?include_deleted=true`))).body.servers).toEqual([]);
    expect((await fetchFrom(`${url}${at(weather)}`)).status).toBe(404);
  });

  it.each(["nobody", `r_${"a".repeat(43)}`, "r_short", "A", "%00"])(
    "is unauthenticated at /r/%s",
    async (name) => {
      expect((await fetchFrom(`${env.PUBLIC_URL}/r/${name}/v0.1/servers`)).status).toBe(404);
    },
  );
});

describe("an entry that is put to use", () => {
  let admin: string;
  let adminId: string | null;
  const remote = {
    type: "streamable-http",
    url: "https://{region}.example.com/mcp",
    variables: { region: { choices: ["eu", "us"], default: "eu" } },
    headers: [{ name: "Authorization", value: "Bearer {token}", variables: { token: { isSecret: true } } }],
  };
  const entryIdOf = async (name: string) =>
    (await call("GET", `/registry-entries?search=${encodeURIComponent(name)}`, { key: admin })).body.items[0]
      .id;
  const register = (id: string, wish: object) =>
    call("POST", `/registry-entries/${id}/register`, { key: admin, json: wish });

  beforeEach(async () => {
    const key = await tenant.addKey();
    admin = key.text;
    adminId = key.userId;
  });

  it("is a gateway server in one call, and from then on offered through the gateway only", async () => {
    const packages = [
      { registryType: "npm", identifier: "x", version: "1.0.0", transport: { type: "stdio" } },
    ];
    const taken = json("com.example/weather", "1.0.0", { remotes: [remote], packages });
    const imported = await call("POST", "/registry-entries", { key: admin, json: { server: taken } });
    expect(imported).toMatchObject({
      status: 201,
      body: { isLatest: true, sourceId: null, serverId: null, publishedBy: adminId },
    });
    const { id } = imported.body;
    expect(await register(id, {})).toMatchObject({
      status: 400,
      body: { errors: [{ path: "/variables/token" }] },
    });
    expect(await register(id, { variables: { token: "t", region: "moon" } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: "/variables/region" }] },
    });
    const made = await register(id, { variables: { token: "secret", region: "us" }, tags: ["climate"] });
    expect(made).toMatchObject({
      status: 201,
      body: {
        name: "weather",
        endpointUrl: "https://us.example.com/mcp",
        transportType: "http",
        version: "1.0.0",
        tags: ["climate"],
        auth: { type: "bearer" },
      },
    });
    expect(JSON.stringify(made.body)).not.toContain("secret");
    expect((await get(at("com.example/weather"))).body.server).toEqual({
      ...json("com.example/weather"),
      remotes: [{ type: "streamable-http", url: `${env.PUBLIC_URL}/mcp/weather` }],
    });
    expect(faultsOf("one", (await get(at("com.example/weather"))).body)).toEqual([]);
    expect((await register(id, { variables: { token: "t" } })).status).toBe(409);
    await call("DELETE", `/servers/${made.body.id}`, { key: admin });
    expect((await get(at("com.example/weather"))).body.server.packages).toEqual(packages);
  });

  it("may also be made of a server that is there", async () => {
    const serverId = await tenant.addServer("files");
    const reported = { serverId, name: "com.example/files", version: "1.0.0", description: "Files." };
    const made = await call("POST", "/registry-entries/by-server", { key: admin, json: reported });
    expect(made).toMatchObject({ status: 201, body: { serverId, serverName: "files" } });
    expect((await get(at("com.example/files"))).body.server).toEqual({
      ...{ name: "com.example/files", version: "1.0.0", description: "Files." },
      remotes: [{ type: "streamable-http", url: `${env.PUBLIC_URL}/mcp/files` }],
    });
    await setTenant(tenant.id, { anonymousAccess: true });
    const [remote] = (await get(at("com.example/files"))).body.server.remotes;
    expect(remote.url).toBe(`${env.PUBLIC_URL}/t/${await slugOf(tenant.id)}/mcp/files`);
  });

  it.each([
    ["only runs as a program", {}, {}, 409],
    ["lives in a private network", { remotes: [{ type: "sse", url: "https://10.0.0.1/sse" }] }, {}, 400],
    [
      "requires two headers",
      {
        remotes: [{ type: "sse", url: "https://x.example.com/sse", headers: [{ name: "A" }, { name: "B" }] }],
      },
      { headers: { A: "1", B: "2" } },
      400,
    ],
    [
      "requires a header without a value",
      {
        remotes: [
          { type: "sse", url: "https://x.example.com/sse", headers: [{ name: "X-Key", isRequired: true }] },
        ],
      },
      {},
      400,
    ],
    [
      "requires a header of the protocol",
      { remotes: [{ type: "sse", url: "https://x.example.com/sse", headers: [{ name: "Mcp-Session-Id" }] }] },
      { headers: { "mcp-session-id": "1" } },
      400,
    ],
  ])("cannot be one where it %s", async (_what, more, wish, status) => {
    await publish("com.example/other", "1.0.0", more);
    expect((await register(await entryIdOf("com.example/other"), wish)).status).toBe(status);
  });
});

let pathTenant: TestTenant;
beforeAll(async () => {
  pathTenant = await addTenant("metrics");
});

describe("/metrics", () => {
  const metrics = async (key: string | undefined) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetchFrom(`${env.PUBLIC_URL}/metrics`, { headers });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };

  it("returns the tenant's servers to Prometheus, and nothing of others'", async () => {
    const id = await pathTenant.addServer("weather");
    await pathTenant.addServer("down");
    await (await addTenant("metrics-other")).addServer("others");
    await owner.query(
      "update mcp_servers set health_status = 'healthy', avg_response_time = 120, success_rate = 0.99 where id = $1",
      [id],
    );
    await owner.query(
      `insert into server_metrics (tenant_id, server_id, timestamp, response_time_ms, p95_response_time_ms, request_count, error_count)
        values ($1, $2, now(), 100, 200, 30, 3), ($1, $2, now(), 400, 500, 10, 1), ($1, $2, now() - interval '1 hour', 9, 9, 1000, 0)`,
      [pathTenant.id, id],
    );
    await owner.query(
      `insert into server_tools (tenant_id, server_id, name, total_calls, success_count, avg_execution_time) values ($1, $2, 'a"b\\c', 12, 11, 50)`,
      [pathTenant.id, id],
    );
    const { status, type, text } = await metrics((await pathTenant.addKey({ scopes: ["metrics"] })).text);
    expect(status).toBe(200);
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = text.split("\n");
    for (const line of [
      'mcp_gateway_servers{health="healthy"} 1',
      'mcp_gateway_servers{health="unknown"} 1',
      'mcp_gateway_server_up{server="weather"} 1',
      'mcp_gateway_server_response_time_seconds{server="weather"} 0.12',
      'mcp_gateway_server_recent_requests{server="weather"} 40',
      'mcp_gateway_server_recent_errors{server="weather"} 4',
      'mcp_gateway_server_recent_response_time_seconds{server="weather"} 0.175',
      'mcp_gateway_server_recent_response_time_p95_seconds{server="weather"} 0.5',
      'mcp_gateway_tool_calls_total{server="weather",tool="a\\"b\\\\c"} 12',
      "# TYPE mcp_gateway_tool_calls_total counter",
    ]) {
      expect(lines).toContain(line);
    }
    expect(text).not.toContain("others");
    expect(text).not.toContain('up{server="down"}');
    const form =
      /^(?:# (?:HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})? [0-9.eE+-]+)?$/;
    expect(lines.filter((line) => !form.test(line))).toEqual([]);
  });

  it("is for keys with that scope", async () => {
    expect((await metrics(undefined)).status).toBe(401);
    expect((await metrics((await pathTenant.addKey({ scopes: ["read", "proxy"] })).text)).status).toBe(403);
  });
});
