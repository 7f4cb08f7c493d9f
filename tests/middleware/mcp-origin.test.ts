/** MCP_URL: the endpoints have an origin of their own, and share none with the pages. */
import { createExecutionContext, env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { parseConfig } from "../../src/env.ts";
import { addTenant } from "../api/support.ts";

const MCP_URL = "http://mcp.gateway.test";
const bindings = { ...env, MCP_URL };
const app = createApp();
let key: string;

beforeAll(async () => {
  const tenant = await addTenant("mcp-origin");
  ({ text: key } = await tenant.addKey());
});

const request = (url: string, init: RequestInit = {}) =>
  app.fetch(new Request(url, init), bindings, createExecutionContext());
const authorized = () => ({ authorization: `Bearer ${key}` });
const ping = (origin: string, headers: Record<string, string> = authorized()) =>
  request(`${origin}/mcp`, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
    }),
  });

describe("the origin of MCP_URL", () => {
  it("serves the endpoints and their metadata, which name the authorization server elsewhere", async () => {
    expect((await ping(MCP_URL)).status).toBe(200);
    const refused = await ping(MCP_URL, {});
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain(
      `resource_metadata="${MCP_URL}/.well-known/oauth-protected-resource/mcp"`,
    );
    const metadata = await request(`${MCP_URL}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({
      resource: `${MCP_URL}/mcp`,
      authorization_servers: [env.PUBLIC_URL],
    });
    expect((await request(`${MCP_URL}/healthz`)).status).toBe(200);
  });

  it.each([
    "/",
    "/sign-in",
    "/admin",
    "/api/v1/me",
    "/api/auth/get-session",
    "/r/x/v0.1/servers",
    "/metrics",
  ])("does not serve %s", async (path) => {
    const response = await request(MCP_URL + path, { headers: authorized() });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain(env.PUBLIC_URL);
    expect(response.headers.has("set-cookie")).toBe(false);
  });
});

describe("the origin of PUBLIC_URL beside it", () => {
  it("serves pages and REST, and no MCP", async () => {
    expect((await request(`${env.PUBLIC_URL}/sign-in`)).status).toBe(200);
    expect((await request(`${env.PUBLIC_URL}/api/v1/me`, { headers: authorized() })).status).toBe(200);
    expect((await ping(env.PUBLIC_URL)).status).toBe(403);
  });
});

it("MCP_URL is an origin like PUBLIC_URL, and the same one where it is not set", () => {
  expect(parseConfig({ ...env }).mcpUrl).toBe(env.PUBLIC_URL);
  expect(parseConfig(bindings)).toMatchObject({ publicUrl: env.PUBLIC_URL, mcpUrl: MCP_URL });
  expect(() => parseConfig({ ...env, MCP_URL: "http://mcp.example.com" })).toThrow(
    "MCP_URL must be a loopback URL",
  );
});
