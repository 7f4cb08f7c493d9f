/**
 * Secrets planted wherever a caller or a server can put one, with payload logging on for every call: none of them comes
 * to stand in any table or on the console. Without the tenant's wish nothing of a payload is kept at all.
 */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { API_KEY_SCOPES } from "../../src/core/enums.ts";
import { startAuthorizationServer } from "../fixtures/authorization-server.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { connectAccount, createOAuthMembers } from "../fixtures/oauth-members.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let upstream: Recorder;
const db = new pg.Client({ connectionString: databaseOfThisRun().ownerUrl });

beforeAll(async () => {
  await db.connect();
  gateway = await startGateway(databaseOfThisRun());
  upstream = await startRecorder();
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await db.end();
});

let made = 0;

/** No two are the same, so that a leak shows its source. */
function unique(length: number): string {
  made += 1;
  const label = `Q${made}Z`;
  return label + "x7Kd9".repeat(20).slice(0, length - label.length);
}

const planted: string[] = [];
const plant = (secret: string) => {
  planted.push(secret);
  return secret;
};

const token = () => plant(`ghp_${unique(36)}`);
const bare = () => plant(unique(24));

/** Whatever gives a secret away by its looks or by its name, in every form that JSON has. */
const laden = () => ({
  text: `use ${token()} for it`,
  deep: [{ list: [plant(`sk-proj-${unique(40)}`)] }],
  password: bare(),
  headers: { Authorization: `Basic ${bare()}`, "Set-Cookie": bare() },
  url: `https://ada:${bare()}@example.org/x?access_token=${bare()}`,
  json: JSON.stringify({ api_key: bare(), nested: { client_secret: bare() } }),
  [token()]: "a key for a key",
  pem: `-----BEGIN PRIVATE KEY-----\n${bare()}\n-----END PRIVATE KEY-----`,
  jwt: plant(`eyJ${unique(20)}.eyJ${unique(30)}.${unique(40)}`),
  internal: bare(),
  mail: plant(`q${unique(10)}@example.org`),
  harmless: "the quarterly report",
});

async function wish(tenant: TestTenant, settings: Record<string, unknown>): Promise<void> {
  for (const [key, value] of Object.entries(settings)) {
    await db.query("insert into system_configs (tenant_id, key, value) values ($1, $2, $3)", [
      tenant.id,
      key,
      JSON.stringify(value),
    ]);
  }
}

interface Sent {
  readonly path?: string;
  readonly message: object | string;
  readonly headers?: Record<string, string>;
}

async function send(tenant: TestTenant, { path = "/mcp/one", message, headers }: Sent): Promise<string> {
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      authorization: `Bearer ${plant(tenant.apiKey)}`,
      ...headers,
    },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
  return response.text();
}

const callOf = (params: object, method = "tools/call") => ({ jsonrpc: "2.0", id: 1, method, params });

/** Rows of every table that may refer to the tenant, as text. */
async function everyTable(tenantId: string): Promise<string> {
  const { rows: tables } = await db.query(`
    select c.relname as name, exists (
      select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
    ) as has_tenant
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`);
  const texts: string[] = [];
  for (const { name, has_tenant: hasTenant } of tables) {
    const where = hasTenant ? "where tenant_id = $1 or tenant_id is null" : "where $1::text is not null";
    const { rows } = await db.query(`select t::text as row from "${name}" t ${where}`, [tenantId]);
    texts.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return texts.join("\n");
}

const recorded = async (tenantId: string) => {
  const { rows } = await db.query("select count(*)::int as n from request_logs where tenant_id = $1", [
    tenantId,
  ]);
  return rows[0].n;
};

const calls = async (tenantId: string) => {
  const { rows } = await db.query(
    "select method, target, params, result, error_message from mcp_audit_logs where tenant_id = $1 order by timestamp",
    [tenantId],
  );
  return rows;
};

const modern = { "mcp-protocol-version": "2026-07-28" };
const meta = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};

describe("with every payload kept", () => {
  it("no secret comes to stand in a table or on the console", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    await wish(tenant, {
      "logging.payloads.sample": 1,
      "logging.payloads.results": true,
      "logging.payloads.fields": ["internal"],
      "logging.payloads.emails": true,
    });
    const answers = [
      () => ({ result: { content: [{ type: "text", text: JSON.stringify(laden()) }] } }),
      () => ({ result: { structuredContent: laden(), isError: true, content: [] } }),
      () => ({ error: { code: -32000, message: `no: ${token()}, password: ${bare()}`, data: laden() } }),
    ];
    const streamed = (body: object) => `event: message\ndata: ${JSON.stringify(body)}\n\n`;
    let sent = 0;
    const ask = async (what: Sent) => {
      sent += 1;
      return send(tenant, what);
    };
    for (const answer of answers) {
      for (const isStream of [false, true]) {
        upstream.behave((_request, response) => {
          const body = { jsonrpc: "2.0", id: 1, ...answer() };
          const type = isStream ? "text/event-stream" : "application/json";
          const text = isStream ? streamed(body) : JSON.stringify(body);
          response
            .writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) })
            .end(text);
        });
        await ask({ message: callOf({ name: "look", arguments: laden(), _meta: laden() }) });
        await ask({
          message: callOf({ name: "look", arguments: laden(), ...meta }),
          headers: { ...modern, "mcp-method": "tools/call", "mcp-name": "look" },
        });
      }
    }
    await ask({
      message: callOf({ uri: `https://ada:${bare()}@example.org/?api_key=${bare()}` }, "resources/read"),
    });
    await ask({ message: callOf({ name: token(), arguments: {} }) });
    await ask({ message: callOf({}, `x/${token()}`) });
    await ask({ message: callOf({}), path: `/mcp/${token()}` });
    await ask({ message: callOf({}), path: `/mcp/one?token=${bare()}` });
    await ask({ message: `{"not": "json", ${token()}` });
    await ask({
      message: callOf({ name: "look", arguments: {} }),
      headers: {
        "user-agent": `agent/1 ${token()}`,
        cookie: `session=${bare()}`,
        "x-anything": bare(),
        traceparent: `00-${token()}-00`,
        baggage: `k=${bare()}`,
        "mcp-param-key": bare(),
      },
    });
    upstream.behave((_request, response) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(`boom ${token()}`);
    });
    await ask({ message: callOf({ name: "look", arguments: laden() }) });
    upstream.behave((_request, response) => void response.destroy());
    await ask({ message: callOf({ name: "look", arguments: laden() }) });

    await expect.poll(() => recorded(tenant.id), { timeout: 20_000 }).toBe(sent);
    const written = (await everyTable(tenant.id)) + readFileSync(gateway.logFile, "utf8");
    expect(planted.filter((secret) => written.includes(secret))).toEqual([]);
    const kept = await calls(tenant.id);
    const [first] = kept;
    expect(first?.params).toMatchObject({
      name: "look",
      arguments: { harmless: "the quarterly report", password: "[redacted]", internal: "[redacted]" },
    });
    expect(JSON.stringify(first?.result)).toContain("the quarterly report");
    expect(kept.filter(({ result }) => result !== null).length).toBeGreaterThanOrEqual(12);
  });

  it("a server may be left out, or be the only one", async () => {
    const tenant = await gateway.addTenant({
      servers: [
        { name: "one", url: upstream.url },
        { name: "quiet", url: upstream.url, settings: { payloadSample: 0 } },
      ],
    });
    await wish(tenant, { "logging.payloads.sample": 1 });
    const message = callOf({ name: "look", arguments: { a: 1 } });
    await send(tenant, { message });
    await send(tenant, { message, path: "/mcp/quiet" });
    await expect.poll(() => recorded(tenant.id), { timeout: 20_000 }).toBe(2);
    const kept = (await calls(tenant.id)).map(({ params }) => params);
    expect(kept).toEqual(expect.arrayContaining([null, { name: "look", arguments: { a: 1 } }]));
  });
});

describe("a tenant's wish", () => {
  it("applies within a second of the change, and no longer than a second after it is reverted", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    const admin = await tenant.addKey({ role: "admin", scopes: [...API_KEY_SCOPES] });
    const api = async (method: string, path: string, json?: object) => {
      const response = await fetch(`${gateway.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", "if-match": "*" },
        body: json === undefined ? null : JSON.stringify(json),
      });
      expect(response.status).toBeLessThan(300);
      return response.headers.get("location")?.replace("/api/v1", "") ?? "";
    };
    const ask = (name: string) => send(tenant, { message: callOf({ name, arguments: { a: 1 } }) });
    await ask("before");
    const place = await api("POST", "/configs", { key: "logging.payloads.sample", value: 1 });
    await wait(1000);
    await ask("while");
    await api("PATCH", place, { value: 0 });
    await wait(1000);
    await ask("after");
    const kept = async () => (await calls(tenant.id)).map(({ target, params }) => [target, params !== null]);
    await expect.poll(kept, { timeout: 20_000 }).toEqual([
      ["before", false],
      ["while", true],
      ["after", false],
    ]);
  });
});

describe("a member's own secret at a server", () => {
  it("stands in no table, log, export, answer or page of records", async () => {
    const tenant = await gateway.addTenant();
    await wish(tenant, { "logging.payloads.sample": 1, "logging.payloads.results": true });
    const serverId = await tenant.addServer({
      ...{ name: "own", url: upstream.url, credentials: { type: "user_secret" } },
    });
    const key = await tenant.addKey({ role: "admin", scopes: [...API_KEY_SCOPES] });
    const secrets = [bare(), token()];
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const rest = async (path: string, init: RequestInit = {}) =>
      (await fetch(`${gateway.url}/api/v1${path}`, { headers, ...init })).text();
    const answers: string[] = [];
    for (const secret of secrets) {
      const body = JSON.stringify({ secret, isForDiscovery: true });
      answers.push(await rest(`/connected-accounts/${serverId}`, { method: "PUT", body }));
      for (const status of [200, 401, 403, 500]) {
        upstream.behave((_request, response) => {
          const answer = { jsonrpc: "2.0", id: 1, result: { content: [] } };
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
        });
        const message = callOf({ name: "look", arguments: {} });
        answers.push(await send(tenant, { message, path: "/mcp/own", headers }));
        await expect.poll(() => upstream.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
      }
    }
    for (const path of ["/connected-accounts", "/servers", `/servers/${serverId}`, "/configuration"]) {
      answers.push(await rest(path));
    }
    for (const path of ["/audit-logs", "/mcp-audit-logs", "/error-logs", "/request-logs"]) {
      answers.push(await rest(path));
    }
    await expect.poll(() => recorded(tenant.id), { timeout: 20_000 }).toBeGreaterThanOrEqual(8);
    const written =
      (await everyTable(tenant.id)) + readFileSync(gateway.logFile, "utf8") + answers.join("\n");
    expect(written).toContain("connected_accounts: ");
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
  });
});

describe("tokens of a member's OAuth account", () => {
  it("stand in no table, log, export, answer or page", async () => {
    const authorization = await startAuthorizationServer({ lifetimeSeconds: 1 });
    const members = createOAuthMembers(gateway, databaseOfThisRun().ownerUrl);
    const tenant = await gateway.addTenant();
    await wish(tenant, { "logging.payloads.sample": 1, "logging.payloads.results": true });
    const issuer = authorization.issuer;
    const serverId = await tenant.addServer({
      ...{ name: "own", url: upstream.url, credentials: { type: "user_oauth", issuer } },
    });
    const { key, browser } = await members.add(tenant, "admin");
    const pages = [(await connectAccount(browser, serverId, { isForDiscovery: "yes" })).text];
    const secrets = () =>
      authorization.issued.concat(
        authorization.tokenRequests
          .flatMap(({ body }) => [body.get("code"), body.get("code_verifier")])
          .filter(isText),
      );
    const answers: string[] = [];
    for (const status of [200, 401, 403, 500]) {
      upstream.behave(({ headers }, response) => {
        // Servers return too much.
        const answer = {
          jsonrpc: "2.0",
          id: 1,
          result: { content: [{ type: "text", text: headers["x-request-id"] }] },
        };
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
      answers.push(
        await send(tenant, {
          message: callOf({ name: "look", arguments: {} }),
          path: "/mcp/own",
          headers: { authorization: `Bearer ${key}` },
        }),
      );
    }
    authorization.takeover = ({ body }, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: "invalid_grant", error_description: body.get("refresh_token") }));
      return true;
    };
    authorization.withdraw("ann");
    await expect
      .poll(
        async () => {
          const answer = await send(tenant, {
            message: callOf({ name: "look", arguments: {} }),
            path: "/mcp/own",
            headers: { authorization: `Bearer ${key}` },
          });
          answers.push(answer);
          return answer;
        },
        { timeout: 20_000, interval: 500 },
      )
      .toContain("no longer works");
    const paths = [
      "/connected-accounts",
      `/servers/${serverId}`,
      "/configuration",
      "/audit-logs",
      "/mcp-audit-logs",
      "/error-logs",
      "/request-logs",
    ];
    for (const path of paths) {
      const response = await fetch(`${gateway.url}/api/v1${path}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      answers.push(await response.text());
    }
    for (const path of ["/account/connections", `/account/connections/${serverId}`])
      pages.push((await browser.go(path)).text);
    await browser.submit(
      await browser.go(`/account/connections/${serverId}`),
      `/account/connections/${serverId}/disconnect`,
    );
    await expect.poll(() => recorded(tenant.id), { timeout: 20_000 }).toBeGreaterThanOrEqual(8);
    await members.close();
    await authorization.close();
    const written = [
      await everyTable(tenant.id),
      readFileSync(gateway.logFile, "utf8"),
      ...answers,
      ...pages,
    ].join("\n");
    expect(secrets().length).toBeGreaterThanOrEqual(6);
    expect(secrets().filter((secret) => written.includes(secret))).toEqual([]);
  });
});

describe("a token of the gateway's own", () => {
  it("stands in no table, log, export or answer, nor does the client's secret", async () => {
    const secret = bare();
    const authorization = await startAuthorizationServer({ clients: { "our-client": secret } });
    const tenant = await gateway.addTenant();
    await wish(tenant, { "logging.payloads.sample": 1, "logging.payloads.results": true });
    const { issuer } = authorization;
    const credentials = {
      type: "client_credentials" as const,
      issuer,
      clientId: "our-client",
      clientSecret: secret,
    };
    const serverId = await tenant.addServer({ name: "own", url: upstream.url, credentials });
    const key = await tenant.addKey({ role: "admin", scopes: [...API_KEY_SCOPES] });
    const headers = { authorization: `Bearer ${key}` };
    const answers: string[] = [];
    for (const status of [200, 401, 500]) {
      upstream.behave((_request, response) => {
        const answer = { jsonrpc: "2.0", id: 1, result: { content: [] } };
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
      const message = callOf({ name: "look", arguments: {} });
      answers.push(await send(tenant, { message, path: "/mcp/own", headers }));
    }
    for (const path of ["/servers", `/servers/${serverId}`, "/configuration", "/audit-logs", "/error-logs"]) {
      answers.push(await (await fetch(`${gateway.url}/api/v1${path}`, { headers })).text());
    }
    await expect.poll(() => recorded(tenant.id), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await authorization.close();
    const written =
      (await everyTable(tenant.id)) + readFileSync(gateway.logFile, "utf8") + answers.join("\n");
    expect(authorization.issued.length).toBeGreaterThanOrEqual(2);
    expect([secret, ...authorization.issued].filter((text) => written.includes(text))).toEqual([]);
  });
});

const isText = (value: string | null): value is string => value !== null;

describe("unless the tenant enables it", () => {
  it("nothing of a payload is kept", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    await send(tenant, { message: callOf({ name: "look", arguments: { a: 1 } }) });
    await expect
      .poll(() => calls(tenant.id), { timeout: 20_000 })
      .toMatchObject([{ method: "tools/call", target: "look", params: null, result: null }]);
  });
});
