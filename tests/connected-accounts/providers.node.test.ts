/** Providers that deviate from the specifications, each as a server with its deviation: members connect, and tokens are renewed. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ProviderName } from "../../src/core/oauth-client/providers.ts";
import {
  type AuthorizationServerOptions,
  json,
  startAuthorizationServer,
} from "../fixtures/authorization-server.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { connectAccount, createOAuthMembers, type OAuthMembers } from "../fixtures/oauth-members.ts";
import { startProtectedServer } from "../fixtures/protected-server.ts";
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

const CLIENT = { clientId: "our-client", clientSecret: "our-secret" };

async function openPlace(provider: ProviderName, at: AuthorizationServerOptions) {
  const clients = { [CLIENT.clientId]: CLIENT.clientSecret };
  const authorization = await startAuthorizationServer({ registers: false, clients, ...at });
  const server = await startProtectedServer(authorization, { metadataIn: "none" });
  ends.push(server.close, authorization.close);
  const tenant = await gateway.addTenant();
  const { issuer } = authorization;
  const credentials = { type: "user_oauth" as const, issuer, provider, scopes: ["mail.read"], ...CLIENT };
  const serverId = await tenant.addServer({ name: "notes", url: server.url, credentials });
  const member = await members.add(tenant);
  await connectAccount(member.browser, serverId);
  const endpoint = { url: `${gateway.url}/mcp/notes`, key: member.key };
  const call = async () =>
    (await answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }))).result;
  expect(await call()).toMatchObject({ content: [{ text: "written by ann" }] });
  const [asked = new URLSearchParams()] = authorization.authorizations;
  return { authorization, asked: Object.fromEntries(asked), call, serverId };
}

const hasExpired = async (serverId: string) => {
  const { rows } = await members.db.query(
    "select expires_at as at from connected_accounts where server_id = $1",
    [serverId],
  );
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(rows[0].at.getTime()), { timeout: 10_000 });
};

describe("an account at", () => {
  it("Entra: no resource, no registration, PKCE that is not listed, an issuer with a placeholder", async () => {
    const { asked, authorization, call, serverId } = await openPlace("entra", {
      ...{
        path: "/organizations/v2.0",
        metadataAt: "{path}/.well-known/openid-configuration",
        lifetimeSeconds: 2,
      },
      metadata: {
        issuer: "https://login.example.com/{tenantid}/v2.0",
        code_challenge_methods_supported: undefined,
      },
      answer: (tokens) => ({ ...tokens, id_token: "e30.e30.x", ext_expires_in: 2 }),
    });
    expect(asked).not.toHaveProperty("resource");
    expect(asked).toMatchObject({ code_challenge_method: "S256", scope: "mail.read" });
    await hasExpired(serverId);
    expect(await call()).toMatchObject({ content: [{ text: "written by ann" }] });
    expect(authorization.tokenRequests.map(({ body }) => body.has("resource"))).toEqual([false, false]);
  });

  it("GitHub: tokens that do not expire, scopes with commas, errors with status 200", async () => {
    const { authorization, call, serverId } = await openPlace("github", {
      ...{ lifetimeSeconds: undefined, refreshes: false },
      answer: (tokens) => ({ ...tokens, token_type: "bearer", scope: "repo,gist" }),
    });
    const { rows } = await members.db.query(
      "select scopes, expires_at, is_renewable from connected_accounts where server_id = $1",
      [serverId],
    );
    expect(rows).toEqual([{ scopes: ["repo", "gist"], expires_at: null, is_renewable: false }]);
    authorization.endAccess();
    expect(JSON.stringify(await call())).toContain("rejected the credential");
    expect(authorization.tokenRequests).toHaveLength(1);
  });

  it("GitHub with expiring tokens: an error with status 200 means that the grant is withdrawn", async () => {
    const { authorization, call, serverId } = await openPlace("github", { lifetimeSeconds: 2 });
    await hasExpired(serverId);
    authorization.takeover = (_, response) => {
      json(response, 200, {
        error: "bad_refresh_token",
        error_description: "The refresh token is incorrect.",
      });
      return true;
    };
    expect(JSON.stringify(await call())).toContain("no longer works");
  });

  it("Google: requests offline access and consent", async () => {
    const { asked } = await openPlace("google", {});
    expect(asked).toMatchObject({ access_type: "offline", prompt: "consent" });
    expect(asked).not.toHaveProperty("resource");
  });

  it("Slack: scopes of the user, whose token is inside of the answer", async () => {
    const { asked, call, serverId } = await openPlace("slack", {
      lifetimeSeconds: 2,
      answer: (tokens) => ({
        ok: true,
        app_id: "A1",
        authed_user: { id: "U1", ...tokens, token_type: "user" },
      }),
    });
    expect(asked).toMatchObject({ user_scope: "mail.read" });
    expect(asked).not.toHaveProperty("scope");
    await hasExpired(serverId);
    expect(await call()).toMatchObject({ content: [{ text: "written by ann" }] });
  });

  it("Atlassian: an audience, and consent each time", async () => {
    const { asked } = await openPlace("atlassian", {
      metadata: { code_challenge_methods_supported: undefined },
    });
    expect(asked).toMatchObject({ audience: "api.atlassian.com", prompt: "consent" });
  });
});
