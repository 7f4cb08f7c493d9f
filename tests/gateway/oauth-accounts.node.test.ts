/**
 * Calls with OAuth accounts of members: two members are two identities in every revision and over every transport, tokens
 * are renewed once for all callers, and a withdrawn grant is requested again without a loop.
 */
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { revokeDeletedAccounts } from "../../src/connected-accounts/revoke-accounts.ts";
import { Keyring } from "../../src/core/keyring.ts";
import { createDatabase } from "../../src/db/client.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";
import {
  type AuthorizationServerOptions,
  json,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from "../fixtures/authorization-server.ts";
import {
  databaseOfThisRun,
  KEYS,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../fixtures/gateway.ts";
import {
  connectAccount,
  createOAuthMembers,
  type OAuthMember,
  type OAuthMembers,
} from "../fixtures/oauth-members.ts";
import { CLIENT_REVISIONS, connectClient } from "../fixtures/policy-clients.ts";
import {
  type PolicyServer,
  SERVER_KINDS,
  type ServerKind,
  startPolicyServer,
} from "../fixtures/policy-servers.ts";
import { answerIn, askModern } from "../fixtures/wire.ts";

let gateway: TestGateway;
let members: OAuthMembers;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  members = createOAuthMembers(gateway, databaseOfThisRun().ownerUrl);
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(async () => {
  await members.close();
  await gateway.close();
});

interface Place {
  readonly authorization: TestAuthorizationServer;
  readonly server: PolicyServer;
  readonly serverId: string;
  readonly tenant: TestTenant;
  readonly ann: OAuthMember;
  readonly bob: OAuthMember;
}

/** Ann, an admin, and Bob have connected their accounts. */
async function openPlace(kind: ServerKind, at: AuthorizationServerOptions = {}): Promise<Place> {
  const authorization = await startAuthorizationServer(at);
  const server = await startPolicyServer("notes", kind);
  server.acceptIf((header) => authorization.findUser(header.replace("Bearer ", "")) !== undefined);
  ends.push(server.stop, authorization.close);
  const tenant = await gateway.addTenant();
  const serverId = await tenant.addServer({
    ...{ name: "notes", url: server.url, transport: server.transport },
    credentials: { type: "user_oauth", issuer: authorization.issuer },
    // No caller waits for another one.
    maxConcurrency: 2000,
  });
  const [ann, bob] = [await members.add(tenant, "admin"), await members.add(tenant)];
  for (const [user, { browser }] of Object.entries({ ann, bob })) {
    authorization.user = user;
    await connectAccount(browser, serverId, user === "ann" ? { isForDiscovery: "yes" } : {});
  }
  return { authorization, server, serverId, tenant, ann, bob };
}

/** A pooled connection may be closed at the very moment it is used again. */
const FRESH = { headers: { connection: "close" } };

const call = async ({ key }: OAuthMember) => {
  const endpoint = { url: `${gateway.url}/mcp/notes`, key };
  return answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }, FRESH));
};

const COMPLETE = { resultType: "complete" };
const toolError = z.object({ isError: z.literal(true), content: z.array(z.object({ text: z.string() })) });
const textOf = async (member: OAuthMember) => toolError.parse((await call(member)).result).content[0]?.text;
const refreshes = ({ authorization }: Place) =>
  authorization.tokenRequests.filter(({ body }) => body.get("grant_type") === "refresh_token");

describe.each(SERVER_KINDS)("a %s server that is protected by OAuth", (kind) => {
  it("sees two members as two identities in every revision, while their tokens expire", async () => {
    const { authorization, server, ann, bob } = await openPlace(kind, { lifetimeSeconds: 1 });
    for (const path of ["/mcp/notes", "/mcp"]) {
      for (const revision of CLIENT_REVISIONS) {
        for (const [member, user] of [
          [ann, "ann"],
          [bob, "bob"],
        ] as const) {
          await vi.waitFor(
            async () => {
              const client = await connectClient(revision, { url: gateway.url + path, key: member.key });
              const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
              await client.close();
              expect(message.result, `${revision} at ${path}: ${JSON.stringify(message)}`).toMatchObject({});
            },
            { timeout: 20_000, interval: 300 },
          );
          expect(server.callers.at(-1), `${revision} at ${path}`).toMatch(`Bearer access-${user}-`);
        }
      }
    }
    expect(authorization.tokenRequests.length).toBeGreaterThanOrEqual(4);
  });

  it("is sent another token after it has rejected one, in every revision", async () => {
    const place = await openPlace(kind);
    for (const revision of CLIENT_REVISIONS) {
      const member = await members.add(place.tenant);
      place.authorization.user = `user-${revision}`;
      await connectAccount(member.browser, place.serverId);
      place.authorization.endAccess();
      const client = await connectClient(revision, { url: `${gateway.url}/mcp/notes`, key: member.key });
      const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
      await client.close();
      expect(message.result, `${revision}: ${JSON.stringify(message)}`).toMatchObject({});
      expect(message.result?.isError, `${revision}: ${JSON.stringify(message)}`).not.toBe(true);
      expect(place.server.callers.at(-1)).toMatch(`Bearer access-user-${revision}-`);
      const own = refreshes(place).filter(({ body }) =>
        body.get("refresh_token")?.includes(`-user-${revision}-`),
      );
      expect(own, revision).toHaveLength(1);
    }
  });
});

const hasExpired = async ({ serverId }: Place) => {
  const { rows } = await members.db.query(
    "select max(expires_at) as at from connected_accounts where server_id = $1",
    [serverId],
  );
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(rows[0].at.getTime()), { timeout: 10_000 });
};

describe("an access token", () => {
  it("that has expired is renewed once for 1,000 concurrent callers", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 2 });
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
    place.authorization.lifetimeSeconds = 3600;
    await hasExpired(place);
    const before = refreshes(place).length;
    const { promise: allSent, resolve: release } = Promise.withResolvers<void>();
    place.authorization.delay = allSent;
    const calls: ReturnType<typeof call>[] = [];
    for (let wave = 0; wave < 20; wave += 1) {
      calls.push(...Array.from({ length: 50 }, () => call(place.bob)));
      // The connections of this wave are accepted before those of the next one are opened.
      await fetch(`${gateway.url}/healthz`, FRESH);
    }
    release();
    const results = await Promise.all(calls);
    expect(results.filter(({ result }) => result === undefined || "isError" in result)).toEqual([]);
    expect(refreshes(place)).toHaveLength(before + 1);
  });

  it("is renewed again and again, and each rotated refresh token is used once", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 1 });
    for (let count = 1; count <= 4; count += 1) {
      await hasExpired(place);
      expect((await call(place.bob)).result).toMatchObject(COMPLETE);
    }
    const used = refreshes(place).map(({ body }) => body.get("refresh_token"));
    expect(used.length).toBeGreaterThanOrEqual(4);
    expect(new Set(used).size).toBe(used.length);
  });

  it("that does not expire is never renewed, and without a refresh token the member connects again", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: undefined, refreshes: false });
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
    place.authorization.endAccess();
    expect(await textOf(place.bob)).toContain("rejected the credential");
    expect(refreshes(place)).toEqual([]);
  });

  it("is kept when the answer of the authorization server is lost, useless or late", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 2 });
    await hasExpired(place);
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => response.destroy(),
      (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      (response) => json(response, 200, { access_token: "" }),
      (response) => json(response, 503, { error: "temporarily_unavailable" }),
      (response) => json(response, 429, { error: "slow_down" }),
      (response) => void response.writeHead(302, { location: "https://other.example.com/" }).end(),
      (response) =>
        void response.writeHead(200, { "content-type": "application/json" }).end("x".repeat(1_000_000)),
    ];
    for (const answer of answers) {
      place.authorization.takeover = (_, response) => {
        answer(response);
        return true;
      };
      const { error } = await call(place.bob);
      expect(error?.message).toContain("the authorization server is not responding");
    }
    place.authorization.takeover = undefined;
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
  });

  it("is renewed by a second request when the first one is lost", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 2 });
    await hasExpired(place);
    let lost = 0;
    place.authorization.takeover = (_, response) => {
      lost += 1;
      if (lost === 1) response.destroy();
      return lost === 1;
    };
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
    expect(refreshes(place)).toHaveLength(2);
  });

  it("survives a restart of the gateway", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 2 });
    await hasExpired(place);
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
    await gateway.restart();
    await hasExpired(place);
    expect((await call(place.bob)).result).toMatchObject(COMPLETE);
  });
});

describe("a grant", () => {
  const failureOf = async ({ serverId }: Place, { userId }: OAuthMember) => {
    const { rows } = await members.db.query(
      "select failure from connected_accounts where server_id = $1 and user_id = $2",
      [serverId, userId],
    );
    return rows[0]?.failure;
  };

  it("that was withdrawn is requested again, once and without a loop", async () => {
    const place = await openPlace("modern HTTP");
    place.authorization.withdraw("bob");
    expect(await textOf(place.bob)).toContain("rejected the credential");
    for (let count = 0; count < 20; count += 1) expect(await textOf(place.bob)).toContain("no longer works");
    expect(refreshes(place)).toHaveLength(1);
    expect(await failureOf(place, place.bob)).toBe("invalid_grant");
    expect((await call(place.ann)).result).toMatchObject(COMPLETE);
    const page = await place.bob.browser.go("/account/connections");
    expect(page.text).toContain("Reconnect");
    const { rows } = await members.db.query(
      "select success, error_message from audit_logs where action = 'connected-accounts.renew' and user_id = $1",
      [place.bob.userId],
    );
    expect(rows).toEqual([{ success: false, error_message: expect.stringContaining("invalid_grant") }]);
    place.authorization.user = "bob";
    await connectAccount(place.bob.browser, place.serverId);
    await vi.waitFor(async () => expect((await call(place.bob)).result).toMatchObject(COMPLETE));
  });

  it("of a client that is no longer registered is requested again with a new registration", async () => {
    const place = await openPlace("modern HTTP", { lifetimeSeconds: 2 });
    await hasExpired(place);
    place.authorization.forgetClients();
    expect(await textOf(place.bob)).toContain("no longer works");
    expect(place.authorization.registrations).toHaveLength(1);
    place.authorization.user = "bob";
    await connectAccount(place.bob.browser, place.serverId);
    expect(place.authorization.registrations).toHaveLength(2);
    await vi.waitFor(async () => expect((await call(place.bob)).result).toMatchObject(COMPLETE));
  });

  it("does not help where the server rejects every token: one renewal, and no loop", async () => {
    const place = await openPlace("modern HTTP");
    place.server.acceptIf(() => false);
    for (let count = 0; count < 10; count += 1) {
      expect(await textOf(place.bob)).toContain("rejected the credential");
    }
    expect(refreshes(place)).toHaveLength(1);
    expect(await failureOf(place, place.bob)).toBeNull();
  });

  it("is revoked at the authorization server when the account is disconnected", async () => {
    const place = await openPlace("modern HTTP");
    const path = `/account/connections/${place.serverId}`;
    await place.bob.browser.submit(await place.bob.browser.go(path), `${path}/disconnect`);
    await vi.waitFor(() =>
      expect(place.authorization.revoked).toEqual([expect.stringMatching(/^refresh-bob-/)]),
    );
    await vi.waitFor(async () => expect(await textOf(place.bob)).toContain("none is connected"));
    expect(await failureOf(place, place.bob)).toBeUndefined();
  });

  it("is revoked when the member leaves the organization, also while the authorization server is down", async () => {
    const place = await openPlace("modern HTTP");
    await members.db.query("delete from tenant_members where user_id = $1", [place.bob.userId]);
    const left = await members.db.query("select sealed from account_revocations where user_id = $1", [
      place.bob.userId,
    ]);
    expect(left.rows).toHaveLength(1);
    await members.db.query("select 1");
    await revokeNow();
    expect(place.authorization.revoked).toEqual([expect.stringMatching(/^refresh-bob-/)]);
    const kept = await members.db.query("select 1 from account_revocations where user_id = $1", [
      place.bob.userId,
    ]);
    expect(kept.rows).toEqual([]);
  });
});

/** As the cron job does. */
async function revokeNow(): Promise<void> {
  const { runtimeUrl: main, neonEndpoint: endpoint } = databaseOfThisRun();
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const deps = { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep };
  const upstream = { fetch, urlPolicy: { allowLoopback: true } };
  const database = createDatabase({ main, endpoint }, deps);
  await revokeDeletedAccounts({ database, keyring: new Keyring(KEYS), upstream }, new Date());
}
