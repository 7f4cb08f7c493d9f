/**
 * Servers that take a token of the gateway's own: it is obtained by the gateway's client credentials, for callers of every kind,
 * once for all of them, and never from an authorization server that the server names.
 */
import { exportPKCS8, generateKeyPair } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Credentials } from "../../src/upstream/credentials-schema.ts";
import {
  type AuthorizationServerOptions,
  json,
  startAuthorizationServer,
} from "../fixtures/authorization-server.ts";
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

const CLIENT = { clientId: "our-client", clientSecret: "our-secret" };

type ClientCredentials = Extract<Credentials, { type: "client_credentials" }>;

async function openPlace(
  kind: ServerKind,
  at: AuthorizationServerOptions = {},
  change: (issuer: string) => Partial<ClientCredentials> = () => ({}),
) {
  const clients = { [CLIENT.clientId]: CLIENT.clientSecret };
  const authorization = await startAuthorizationServer({ clients, refreshes: false, ...at });
  const server = await startPolicyServer("notes", kind);
  server.acceptIf((header) => authorization.findUser(header.replace("Bearer ", "")) !== undefined);
  ends.push(server.stop, authorization.close);
  const tenant = await gateway.addTenant();
  const { issuer } = authorization;
  const credentials: ClientCredentials = {
    ...{ type: "client_credentials", issuer, scopes: ["notes.read"], ...CLIENT },
    ...change(issuer),
  };
  const { url, transport } = server;
  const serverId = await tenant.addServer({
    name: "notes",
    url,
    transport,
    credentials,
    maxConcurrency: 1000,
  });
  const call = async () => {
    const endpoint = { url: `${gateway.url}/mcp/notes`, key: tenant.apiKey };
    return answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }));
  };
  return { authorization, server, tenant, serverId, call, credentials };
}

const COMPLETE = { resultType: "complete" };

describe.each(SERVER_KINDS)("a %s server that takes client credentials", (kind) => {
  it("is called with the gateway's token in every revision, and with another one after it has rejected that", async () => {
    const { authorization, server, tenant } = await openPlace(kind);
    for (const revision of CLIENT_REVISIONS) {
      const client = await connectClient(revision, { url: `${gateway.url}/mcp/notes`, key: tenant.apiKey });
      const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
      await client.close();
      expect(message.result, `${revision}: ${JSON.stringify(message)}`).toMatchObject({});
      expect(server.callers.at(-1)).toMatch("Bearer access-client:our-client-");
    }
    expect(authorization.tokenRequests).toHaveLength(1);
    const [request] = authorization.tokenRequests;
    expect(request?.authorization).toMatch(/^Basic /);
    expect(Object.fromEntries(request?.body ?? [])).toMatchObject({
      grant_type: "client_credentials",
      scope: "notes.read",
      resource: expect.stringContaining("127.0.0.1"),
    });
    authorization.endAccess();
    const client = await connectClient("2025-11-25", { url: `${gateway.url}/mcp/notes`, key: tenant.apiKey });
    const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
    await client.close();
    expect(message.result, JSON.stringify(message)).toMatchObject({});
    expect(authorization.tokenRequests).toHaveLength(2);
  });
});

describe("the gateway's token", () => {
  it("is renewed once for many concurrent callers", async () => {
    const { authorization, call } = await openPlace("modern HTTP", { lifetimeSeconds: 1 });
    expect((await call()).result).toMatchObject(COMPLETE);
    authorization.lifetimeSeconds = 3600;
    const expired = Date.now() + 1000;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(expired), { timeout: 5000 });
    const results = await Promise.all(Array.from({ length: 100 }, call));
    expect(results.filter(({ result }) => result === undefined)).toEqual([]);
    expect(authorization.tokenRequests).toHaveLength(2);
  });

  it("is obtained by a signed assertion", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const pem = await exportPKCS8(privateKey);
    const { authorization, call } = await openPlace(
      "modern HTTP",
      { clients: {}, clientKeys: { "our-client": publicKey } },
      () => ({ clientSecret: undefined, privateKey: pem, keyAlgorithm: "ES256", keyId: "k1" }),
    );
    expect((await call()).result).toMatchObject(COMPLETE);
    expect(authorization.tokenRequests[0]?.body.has("client_secret")).toBe(false);
  });

  it("is obtained at a token URL without metadata", async () => {
    const { call } = await openPlace("modern HTTP", {}, (issuer) => ({
      issuer: undefined,
      tokenUrl: `${issuer}/token`,
    }));
    expect((await call()).result).toMatchObject(COMPLETE);
  });

  it("is refused with wrong credentials, and calls report it", async () => {
    const { authorization, call } = await openPlace("modern HTTP", {}, () => ({ clientSecret: "wrong" }));
    for (let count = 0; count < 5; count += 1) {
      expect((await call()).error?.message).toContain("rejected the gateway's client");
    }
    expect(authorization.tokenRequests).toHaveLength(1);
  });

  it("is obtained again as soon as the authorization server responds again", async () => {
    const { authorization, call } = await openPlace("modern HTTP");
    authorization.takeover = (_, response) => {
      json(response, 503, {});
      return true;
    };
    expect((await call()).error?.message).toContain("The authorization server of notes is not responding.");
    authorization.takeover = undefined;
    expect((await call()).result).toMatchObject(COMPLETE);
  });

  it("is replaced once where the server rejects every token", async () => {
    const { authorization, server, call } = await openPlace("modern HTTP");
    server.acceptIf(() => false);
    for (let count = 0; count < 5; count += 1) {
      expect((await call()).error?.message).toContain("rejected the configured credential");
    }
    expect(authorization.tokenRequests).toHaveLength(2);
  });

  it("serves the connection test, and is in no answer of it", async () => {
    const { server, tenant, credentials, authorization } = await openPlace("modern HTTP");
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
    const response = await fetch(`${gateway.url}/api/v1/servers/probe`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ endpointUrl: server.url, auth: credentials }),
    });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ reachable: true });
    expect(authorization.issued.filter((token) => text.includes(token))).toEqual([]);
  });
});
