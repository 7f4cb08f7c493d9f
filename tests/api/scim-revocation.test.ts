/** Deprovisioning in one isolate ends in another what the user holds: key, sign-in session, consent and open stream. */
import { createExecutionContext, env } from "cloudflare:test";
import { expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { newToken, sha256Hex } from "../../src/core/digest.ts";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices, type GatewayServices } from "../../src/gateway-services.ts";
import { owner } from "../support/database.ts";
import { addTenant, type TestTenant } from "./support.ts";

const background = (work: Promise<unknown>) => createExecutionContext().waitUntil(work);
const app = createApp();

async function provision(tenant: TestTenant) {
  const domain = `r-${tenant.id.slice(-12)}.example.com`;
  const token = `scim_${newToken()}`;
  await owner.query(
    "insert into verified_domains (tenant_id, domain, token, verified_at) values ($1, $2, 't', now())",
    [tenant.id, domain],
  );
  await owner.query("insert into scim_tokens (tenant_id, name, token_hash) values ($1, 'test', $2)", [
    tenant.id,
    await sha256Hex(token),
  ]);
  const send = (method: string, path: string, json: object) =>
    app.fetch(
      new Request(`${env.PUBLIC_URL}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
        body: JSON.stringify(json),
      }),
      env,
      createExecutionContext(),
    );
  const created: { id: string } = await (await send("POST", "/Users", { userName: `gone@${domain}` })).json();
  return { userId: created.id, send };
}

const withKey = (text: string) =>
  new Request(env.PUBLIC_URL, { headers: { authorization: `Bearer ${text}` } });
const admits = async ({ authenticator }: GatewayServices, text: string) =>
  (await authenticator.authenticate(withKey(text), background)).kind === "principal";

const post = (services: GatewayServices, key: string, headers: object, json: object) =>
  services.gateway.handle(
    new Request(`${env.PUBLIC_URL}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(json),
    }),
    {},
    crypto.randomUUID(),
    background,
  );

/** Opens the event stream of a session; the promise is fulfilled when the gateway ends it. */
async function openStream(services: GatewayServices, key: string): Promise<Promise<void>[]> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  };
  const begun = await post(services, key, {}, { jsonrpc: "2.0", id: 1, method: "initialize", params });
  const session = begun.headers.get("mcp-session-id") ?? "";
  await begun.text();
  const stream = await services.gateway.handle(
    new Request(`${env.PUBLIC_URL}/mcp`, {
      headers: { authorization: `Bearer ${key}`, accept: "text/event-stream", "mcp-session-id": session },
    }),
    {},
    crypto.randomUUID(),
    background,
  );
  expect(stream.status).toBe(200);
  const drain = async () => {
    for await (const _ of stream.body ?? []);
  };
  return [drain().catch(() => undefined)];
}

it("ends key, sign-in session, OAuth token and open stream of a deactivated user in another isolate", async () => {
  const tenant = await addTenant("deprovision");
  const { userId, send } = await provision(tenant);
  const key = await tenant.addKey({ userId });
  const sessionToken = crypto.randomUUID();
  await owner.query(
    `insert into session (id, token, user_id, tenant_id, expires_at) values ($1, $1, $2, $3, now() + interval '1 day')`,
    [sessionToken, userId, tenant.id],
  );
  const grant = await tenant.addGrant(userId);
  const other = createGatewayServices(parseConfig({ ...env }), env);
  expect(await admits(other, key.text)).toBe(true);
  const [ended] = await openStream(other, key.text);
  expect(await admits(other, key.text)).toBe(true);

  const off = { Operations: [{ op: "replace", value: { active: false } }] };
  expect((await send("PATCH", `/Users/${userId}`, off)).status).toBe(200);
  const deactivated = Date.now();
  await expect.poll(() => admits(other, key.text), { interval: 20, timeout: 3000 }).toBe(false);
  expect(Date.now() - deactivated).toBeLessThan(1000);
  await ended;
  // The stream checks once a second whether its caller is still valid.
  expect(Date.now() - deactivated).toBeLessThan(2000);
  expect(await owner.query("select id from session where user_id = $1", [userId])).toEqual([]);
  expect(await owner.query("select id from oauth_consent where id = $1", [grant.id])).toEqual([]);
  expect(await owner.query("select id from api_keys where user_id = $1 and is_active", [userId])).toEqual([]);
});
