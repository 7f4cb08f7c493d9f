/**
 * Servers to which the gateway states who is calling: in a token of its own for each call, which the server verifies with the
 * published keys, or in a token that an authorization server gives in exchange for it.
 */
import { createHash } from "node:crypto";
import { createRemoteJWKSet, decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { rotateIdentityKeys } from "../../src/connected-accounts/identity-keys.ts";
import { DAY_MS } from "../../src/core/durations.ts";
import { Keyring } from "../../src/core/keyring.ts";
import { canonicalJson } from "../../src/core/mcp/canonical-json.ts";
import { createDatabase } from "../../src/db/client.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";
import type { Credentials } from "../../src/upstream/credentials-schema.ts";
import {
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from "../fixtures/authorization-server.ts";
import { databaseOfThisRun, KEYS, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { CLIENT_REVISIONS, connectClient } from "../fixtures/policy-clients.ts";
import { SERVER_KINDS, type ServerKind, startPolicyServer } from "../fixtures/policy-servers.ts";
import { answerIn, askModern } from "../fixtures/wire.ts";

let gateway: TestGateway;
let db: Client;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  db = new Client({ connectionString: databaseOfThisRun().ownerUrl });
  await db.connect();
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(async () => {
  await db.end();
  await gateway.close();
});

async function openPlace(kind: ServerKind, credentials: Credentials) {
  const server = await startPolicyServer("notes", kind);
  ends.push(server.stop);
  const tenant = await gateway.addTenant();
  const { url, transport } = server;
  const serverId = await tenant.addServer({ name: "notes", url, transport, credentials });
  const addMember = async () => {
    const key = await tenant.addKey({ role: "user" });
    const { rows } = await db.query(
      `select k.id, u.id as "userId", u.email from api_keys k join "user" u on u.id = k.user_id
       where k.tenant_id = $1 order by k.created_at desc, k.id desc limit 1`,
      [tenant.id],
    );
    return { key, keyId: String(rows[0].id), userId: String(rows[0].userId), email: String(rows[0].email) };
  };
  return { server, tenant, serverId, addMember };
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/** As a server verifies it that has only the issuer. */
async function verify(token: string, tenantId: string, audience: string) {
  const issuer = `${gateway.url}/identity/${tenantId}`;
  const found = discovery.parse(await (await fetch(`${issuer}/.well-known/openid-configuration`)).json());
  expect(found.issuer).toBe(issuer);
  const keys = createRemoteJWKSet(new URL(found.jwks_uri));
  return (await jwtVerify(token, keys, { issuer, audience, algorithms: ["ES256"] })).payload;
}

const bearerOf = (header: string | undefined) => header?.replace("Bearer ", "") ?? "";

const ARGUMENTS = { title: "Ünïcode", count: 1.5, nested: { b: [1, 2], a: null } };
const DIGEST = createHash("sha256").update(canonicalJson(ARGUMENTS)).digest("hex");

describe.each(SERVER_KINDS)("a %s server that is sent the identity of callers", (kind) => {
  it("verifies a token about each caller and call, in every revision and on both endpoints", async () => {
    const { server, tenant, addMember } = await openPlace(kind, { type: "identity_jwt" });
    const members = [await addMember(), await addMember()];
    await db.query(
      `with g as (insert into groups (tenant_id, name) values ($1, 'Editors') returning id)
       insert into group_members (tenant_id, group_id, user_id) select $1, g.id, $2 from g`,
      [tenant.id, members[0]?.userId],
    );
    const audience = server.url.replace("ws:", "http:");
    const seen = new Set<unknown>();
    for (const path of ["/mcp/notes", "/mcp"]) {
      for (const revision of CLIENT_REVISIONS) {
        for (const [position, member] of members.entries()) {
          const client = await connectClient(revision, { url: gateway.url + path, key: member.key });
          const { message } = await client.ask("tools/call", { name: "write", arguments: ARGUMENTS });
          await client.close();
          const about = `${revision} at ${path}: ${JSON.stringify(message)}`;
          expect(message.result, about).toMatchObject({});
          const token = bearerOf(server.callers.at(-1));
          expect(token, about).not.toContain(member.key);
          const claims = await verify(token, tenant.id, audience);
          expect(claims, about).toMatchObject({
            ...{ sub: member.userId, email: member.email, email_verified: false, tenant: tenant.id },
            groups: position === 0 ? ["Editors"] : [],
            client: member.keyId,
          });
          expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
          // The handshake of a WebSocket is the only message with headers, and may be of an earlier call or of none.
          // This revision's client sends a batch, which is passed through, and for which one token stands.
          const isBatch = revision === "2025-03-26" && kind === "legacy HTTP" && path === "/mcp/notes";
          if (isBatch) expect(claims, about).not.toHaveProperty("tool");
          else if (kind !== "WebSocket") {
            expect(claims, about).toMatchObject({ tool: "write", arguments_digest: DIGEST });
            expect(seen.has(claims.jti), about).toBe(false);
          }
          seen.add(claims.jti);
        }
      }
    }
  });
});

const call = async (key: string, path = "/mcp/notes") => {
  const endpoint = { url: gateway.url + path, key };
  return answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }));
};

const COMPLETE = { resultType: "complete" };

describe("the identity of a caller", () => {
  it("names a key without a member, and the gateway itself where there is no caller", async () => {
    const { server, tenant, serverId } = await openPlace("modern HTTP", { type: "identity_jwt" });
    expect((await call(tenant.apiKey)).result).toMatchObject(COMPLETE);
    const claims = await verify(bearerOf(server.callers.at(-1)), tenant.id, server.url);
    expect(claims.sub).toMatch(/^key:/);
    expect(claims).not.toHaveProperty("email");

    const seen: string[] = [];
    server.acceptIf((header) => {
      seen.push(bearerOf(header));
      return true;
    });
    const admin = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
    const headers = { authorization: `Bearer ${admin}` };
    await fetch(`${gateway.url}/api/v1/servers/${serverId}/discover`, { method: "POST", headers });
    await vi.waitFor(() => expect(seen).not.toEqual([]), { timeout: 10_000 });
    expect(await verify(seen[0] ?? "", tenant.id, server.url)).toMatchObject({ sub: "gateway" });
  });

  it("is for the audience that an admin has entered", async () => {
    const place = await openPlace("modern HTTP", { type: "identity_jwt", audience: "urn:notes" });
    expect((await call(place.tenant.apiKey)).result).toMatchObject(COMPLETE);
    const token = bearerOf(place.server.callers.at(-1));
    expect((await verify(token, place.tenant.id, "urn:notes")).aud).toBe("urn:notes");
  });

  it("is no credential of the gateway's own endpoints", async () => {
    const { server, tenant } = await openPlace("modern HTTP", {
      ...{ type: "identity_jwt", audience: `${gateway.url}/mcp` },
    });
    await call(tenant.apiKey);
    const response = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: server.callers.at(-1) ?? "",
        ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    expect(response.status).toBe(401);
  });

  it("is not signed again for a server that rejects it", async () => {
    const { server, tenant } = await openPlace("modern HTTP", { type: "identity_jwt" });
    expect((await call(tenant.apiKey)).result).toMatchObject(COMPLETE);
    server.acceptIf(() => false);
    expect((await call(tenant.apiKey)).error?.message).toContain("rejected the configured credential");
  });

  it("is signed with keys that are replaced every month, each published before it signs and after", async () => {
    const { server, tenant } = await openPlace("modern HTTP", { type: "identity_jwt" });
    await call(tenant.apiKey);
    const before = bearerOf(server.callers.at(-1));
    const { kid } = decodeProtectedHeader(before);
    const { runtimeUrl: main, neonEndpoint: endpoint } = databaseOfThisRun();
    const deps = {
      ...{ statistics: new QueryStatistics(), now: Date.now, random: Math.random },
      sleep: async () => undefined,
    };
    const database = createDatabase({ main, endpoint }, deps);
    const keyring = new Keyring(KEYS);
    const rotate = (days: number) =>
      rotateIdentityKeys({ database, keyring, now: () => Date.now() + days * DAY_MS });
    const publishedKeys = async () => {
      const { keys } = keySet.parse(await (await fetch(`${gateway.url}/identity/jwks.json`)).json());
      return keys.map((key) => key.kid);
    };
    // Other tests create keys too, but none with a date in the future.
    const createdByJob = async () => {
      const { rows } = await db.query(
        "select id from identity_keys where created_at > now() + interval '1 hour'",
      );
      return rows.map(({ id }) => String(id));
    };
    await rotate(1);
    expect(await createdByJob()).toEqual([]);
    // A key that another test created since would retire this one.
    await db.query("update identity_keys set created_at = now() where id = $1", [kid]);
    await rotate(31);
    const created = await createdByJob();
    expect(created).toHaveLength(1);
    expect(await publishedKeys()).toEqual(expect.arrayContaining([kid, ...created]));
    expect((await verify(before, tenant.id, server.url)).sub).toMatch(/^key:/);
    await call(tenant.apiKey);
    expect(decodeProtectedHeader(bearerOf(server.callers.at(-1))).kid).toBe(kid);
    // Of the gateway's years before this test, sealed with a key that was removed.
    const { rows } = await db.query(
      `insert into identity_keys (public_key, sealed, created_at)
       select '{}', 'lost', now() - days * interval '1 day' from unnest(array[100, 50]) as days returning id`,
    );
    const [retired, replaced] = rows.map(({ id }) => String(id));
    await rotate(0);
    expect(await publishedKeys()).toContain(replaced);
    expect(await publishedKeys()).not.toContain(retired);
    await db.query("delete from identity_keys where id = $1 or created_at > now()", [replaced]);
    expect(JSON.stringify(await (await fetch(`${gateway.url}/identity/jwks.json`)).json())).not.toContain(
      '"d"',
    );
  });
});

type Exchange = Extract<Credentials, { type: "token_exchange" }>;

async function openExchange(
  change: (issuer: string) => Partial<Exchange> = () => ({}),
  at: AuthorizationServerOptions = {},
  kind: ServerKind = "modern HTTP",
) {
  const refused = new Set<string>();
  let tenantId = "";
  const authorization = await startAuthorizationServer({
    ...{ clients: { "our-client": "our-secret" }, refreshes: false },
    async exchanges(assertion) {
      const { sub = "" } = await verify(assertion, tenantId, authorization.issuer);
      return refused.has(sub) ? undefined : sub;
    },
    ...at,
  });
  ends.push(authorization.close);
  const { issuer } = authorization;
  const place = await openPlace(kind, {
    ...{ type: "token_exchange", issuer, scopes: ["notes.read"] },
    ...{ clientId: "our-client", clientSecret: "our-secret" },
    ...change(issuer),
  });
  tenantId = place.tenant.id;
  place.server.acceptIf((header) => authorization.findUser(bearerOf(header)) !== undefined);
  return { ...place, authorization, refused };
}

describe.each(SERVER_KINDS)("a %s server that takes tokens in exchange for an identity", (kind) => {
  it("sees two members as two identities in every revision, with one exchange each", async () => {
    const { server, addMember, authorization } = await openExchange(undefined, {}, kind);
    const members = [await addMember(), await addMember()];
    for (const path of ["/mcp/notes", "/mcp"]) {
      for (const revision of CLIENT_REVISIONS) {
        for (const { key, userId } of members) {
          const client = await connectClient(revision, { url: gateway.url + path, key });
          const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
          await client.close();
          expect(message.result, `${revision} at ${path}: ${JSON.stringify(message)}`).toMatchObject({});
          expect(server.callers.at(-1)).toMatch(`Bearer access-${userId}-`);
        }
      }
    }
    const own = authorization.tokenRequests.filter(({ body }) => body.get("scope") === "notes.read");
    // One for each member, and one for the lists, which the gateway reads as itself.
    expect(own).toHaveLength(3);
    expect(Object.fromEntries(own[0]?.body ?? [])).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      resource: server.url.replace("ws:", "http:"),
    });
  });
});

describe("the exchange of an identity", () => {
  it("has the form of Entra's on-behalf-of flow", async () => {
    const { authorization, addMember } = await openExchange(() => ({ provider: "entra" }));
    const { key } = await addMember();
    expect((await call(key)).result).toMatchObject(COMPLETE);
    const body = Object.fromEntries(authorization.tokenRequests[0]?.body ?? []);
    expect(body).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      requested_token_use: "on_behalf_of",
      scope: "notes.read",
    });
    expect(body).not.toHaveProperty("resource");
  });

  it("is authenticated by a signed assertion", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const pem = await exportPKCS8(privateKey);
    const { addMember } = await openExchange(
      () => ({ clientSecret: undefined, privateKey: pem.replaceAll("\n", "") }),
      { clients: {}, clientKeys: { "our-client": publicKey } },
    );
    const { key } = await addMember();
    expect((await call(key)).result).toMatchObject(COMPLETE);
  });

  it("is repeated once when the server rejects the token, and after the caller's groups have changed", async () => {
    const { authorization, addMember, tenant } = await openExchange();
    const { key, userId } = await addMember();
    expect((await call(key)).result).toMatchObject(COMPLETE);
    authorization.endAccess();
    expect((await call(key)).result).toMatchObject(COMPLETE);
    expect(authorization.tokenRequests).toHaveLength(2);
    await db.query(
      `with g as (insert into groups (tenant_id, name) values ($1, 'Editors') returning id)
       insert into group_members (tenant_id, group_id, user_id) select $1, g.id, $2 from g`,
      [tenant.id, userId],
    );
    // A change through the interface raises the epoch.
    await tenant.revokeKey(await tenant.addKey({ scopes: ["write"] }));
    await vi.waitFor(
      async () => {
        expect((await call(key)).result).toMatchObject(COMPLETE);
        expect(authorization.tokenRequests).toHaveLength(3);
      },
      { timeout: 10_000, interval: 200 },
    );
  });

  it("that is denied to one member is reported to that member only, once for many calls", async () => {
    const { authorization, addMember, refused } = await openExchange();
    const [ann, bob] = [await addMember(), await addMember()];
    refused.add(ann.userId);
    for (let count = 0; count < 3; count += 1) {
      expect((await call(ann.key)).error?.message).toContain("did not accept the caller's identity");
    }
    expect((await call(bob.key)).result).toMatchObject(COMPLETE);
    expect(authorization.tokenRequests).toHaveLength(2);
  });
});
