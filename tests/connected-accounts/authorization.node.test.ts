/**
 * Consent at the authorization server of an upstream: found and registered in each of the ways of the specification, bound to
 * the user, the session, the organization and the server that it was begun for, and completed once.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Credentials } from "../../src/upstream/credentials-schema.ts";
import {
  type AuthorizationServerOptions,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from "../fixtures/authorization-server.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import {
  beginConsent,
  connectAccount,
  consent,
  createOAuthMembers,
  type OAuthMember,
  type OAuthMembers,
} from "../fixtures/oauth-members.ts";
import {
  type ProtectedOptions,
  type ProtectedServer,
  startProtectedServer,
} from "../fixtures/protected-server.ts";
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
  readonly server: ProtectedServer;
  readonly serverId: string;
  readonly tenant: TestTenant;
  readonly ann: OAuthMember;
}

interface PlaceOptions {
  readonly at?: AuthorizationServerOptions;
  readonly server?: ProtectedOptions;
  readonly credentials?: (issuer: string) => Credentials & { readonly type: "user_oauth" };
}

async function openPlace({ at, server: protects, credentials }: PlaceOptions = {}): Promise<Place> {
  const authorization = await startAuthorizationServer(at);
  const server = await startProtectedServer(authorization, protects);
  ends.push(server.close, authorization.close);
  const tenant = await gateway.addTenant();
  const serverId = await tenant.addServer({
    ...{ name: "notes", url: server.url },
    credentials: credentials?.(authorization.issuer) ?? { type: "user_oauth" },
  });
  return { authorization, server, serverId, tenant, ann: await members.add(tenant) };
}

const call = async (key: string) => {
  const endpoint = { url: `${gateway.url}/mcp/notes`, key };
  return answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }));
};

async function expectConnected({ authorization, server, serverId, ann }: Place): Promise<void> {
  await connectAccount(ann.browser, serverId);
  const { result } = await call(ann.key);
  expect(result).toMatchObject({ content: [{ text: "written by ann" }] });
  expect(server.callers).toEqual(["ann"]);
  const [request] = authorization.authorizations;
  expect(request?.get("code_challenge_method")).toBe("S256");
  expect(authorization.tokenRequests).toHaveLength(1);
}

describe("an authorization server is found", () => {
  it.each(["challenge", "path", "root", "none"] as const)(
    "by metadata of the resource in: %s",
    async (metadataIn) => {
      const place = await openPlace({
        server: { metadataIn },
        ...(metadataIn === "none" && {
          credentials: (issuer: string) => ({ type: "user_oauth" as const, issuer, scopes: ["notes.read"] }),
        }),
      });
      await expectConnected(place);
      const [request] = place.authorization.authorizations;
      expect(request?.get("resource")).toBe(place.server.url);
      expect(request?.get("scope")).toBe("notes.read");
      expect(place.authorization.tokenRequests[0]?.body.get("resource")).toBe(place.server.url);
    },
  );

  it.each([
    ["", "/.well-known/openid-configuration"],
    ["/realm", "/.well-known/oauth-authorization-server{path}"],
    ["/realm", "/.well-known/openid-configuration{path}"],
    ["/realm", "{path}/.well-known/openid-configuration"],
  ])("with the issuer's path %j at %s", async (path, metadataAt) => {
    await expectConnected(await openPlace({ at: { path, metadataAt } }));
  });

  it.each<[string, PlaceOptions, string]>([
    [
      "metadata of another resource",
      { server: { resource: "https://other.example.com/mcp" } },
      "another resource",
    ],
    [
      "metadata of another issuer",
      { at: { metadata: { issuer: "https://other.example.com" } } },
      "another issuer",
    ],
    ["no PKCE", { at: { metadata: { code_challenge_methods_supported: undefined } } }, "without PKCE"],
    ["no registration", { at: { registers: false } }, "registers no clients"],
    [
      "an authorization endpoint in a private network",
      { at: { metadata: { authorization_endpoint: "https://10.0.0.1/authorize" } } },
      "public IP address",
    ],
    [
      "an authorization endpoint that is a script",
      { at: { metadata: { authorization_endpoint: "javascript:alert(1)" } } },
      "HTTPS URL",
    ],
  ])("and refused with %s", async (_, options, says) => {
    const { serverId, ann, authorization } = await openPlace(options);
    const path = `/account/connections/${serverId}`;
    const page = await ann.browser.submit(await ann.browser.go(path), `${path}/authorize`);
    expect(page.text).toContain(says);
    expect(authorization.authorizations).toEqual([]);
  });
});

describe("the gateway is a client", () => {
  it("by its metadata document, where the server reads one", async () => {
    const place = await openPlace({ at: { readsDocuments: true } });
    await expectConnected(place);
    expect(place.authorization.registrations).toEqual([]);
    const document = await fetch(`${gateway.url}/oauth/client.json`);
    expect(document.headers.get("access-control-allow-origin")).toBe("*");
    expect(await document.json()).toMatchObject({
      client_id: `${gateway.url}/oauth/client.json`,
      redirect_uris: [`${gateway.url}/oauth/upstream/callback`],
    });
  });

  it("by one registration for an organization and an issuer, which is kept sealed", async () => {
    const place = await openPlace();
    await expectConnected(place);
    await connectAccount((await members.add(place.tenant)).browser, place.serverId);
    expect(place.authorization.registrations).toMatchObject([{ client_name: "MCP Registry Gateway" }]);
    const { rows } = await members.db.query(
      "select client_id, sealed from account_clients where tenant_id = $1",
      [place.tenant.id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].sealed).not.toContain(rows[0].client_id);
  });

  it("by the client that an admin has registered", async () => {
    const place = await openPlace({
      at: { registers: false, clients: { "our-client": "our-secret" } },
      credentials: (issuer) => ({
        type: "user_oauth",
        issuer,
        clientId: "our-client",
        clientSecret: "our-secret",
      }),
    });
    await expectConnected(place);
    expect(place.authorization.authorizations[0]?.get("client_id")).toBe("our-client");
  });

  it("registers once more where the server has dropped its registration, and requests consent again", async () => {
    const place = await openPlace();
    const { authorization, serverId, ann } = place;
    const path = await consent(await beginConsent(ann.browser, serverId));
    authorization.forgetClients();
    ann.browser.leftFor = undefined;
    await ann.browser.goOn(await ann.browser.go(path));
    const again = await consent(ann.browser.leftFor ?? "");
    expect((await ann.browser.go(again)).text).toContain("Account connected.");
    expect(authorization.registrations).toHaveLength(2);
    expect((await call(ann.key)).result).toMatchObject({ content: [{ text: "written by ann" }] });
  });
});

describe("consent", () => {
  const refusedWith = async (place: Place, browser: OAuthMember["browser"], path: string, says: string) => {
    const page = await browser.go(path);
    expect(page.text).toContain(says);
    expect(place.authorization.tokenRequests).toEqual([]);
    const { rows } = await members.db.query("select 1 from connected_accounts where server_id = $1", [
      place.serverId,
    ]);
    expect(rows).toEqual([]);
  };
  const INVALID = "The authorization is invalid, expired or used.";

  it("survives a restart of the gateway", async () => {
    const place = await openPlace();
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    await gateway.restart();
    expect((await place.ann.browser.go(path)).text).toContain("Account connected.");
  });

  it("is refused with the state of another user", async () => {
    const place = await openPlace();
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    const bob = await members.add(place.tenant);
    await refusedWith(place, bob.browser, path, "This authorization was started by another user.");
  });

  it("is refused in another session of the same user", async () => {
    const place = await openPlace();
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    await refusedWith(place, await members.signIn(place.ann.userId, place.tenant.id), path, INVALID);
  });

  it("is refused without a session", async () => {
    const place = await openPlace();
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    place.ann.browser.cookies.clear();
    await refusedWith(place, place.ann.browser, path, "You are not signed in.");
  });

  it("is refused in another organization", async () => {
    const place = await openPlace();
    const { browser, userId } = place.ann;
    const other = await gateway.addTenant();
    await members.db.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'user')", [
      other.id,
      userId,
    ]);
    const path = await consent(await beginConsent(browser, place.serverId));
    const link = await browser.go(`/account/connections/${place.serverId}?organization=${other.id}`);
    await browser.submit(link, "/account/tenant");
    await refusedWith(place, browser, path, "was started in another organization");
  });

  it("is refused with a state that the gateway has not made", async () => {
    const place = await openPlace();
    await refusedWith(place, place.ann.browser, "/oauth/upstream/callback?code=a&state=t1.AAAA", INVALID);
  });

  it("is completed once", async () => {
    const place = await openPlace();
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    expect((await place.ann.browser.go(path)).text).toContain("Account connected.");
    expect((await place.ann.browser.go(path)).text).toContain(INVALID);
    expect(place.authorization.tokenRequests).toHaveLength(1);
  });

  it("is refused when the response names another issuer", async () => {
    const place = await openPlace();
    place.authorization.namedIssuer = "https://other.example.com";
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    await refusedWith(place, place.ann.browser, path, "does not come from the authorization server of notes");
  });

  it("is refused when the response names no issuer though the server always does", async () => {
    const place = await openPlace({ at: { sendsIssuer: true } });
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    const url = new URL(path, gateway.url);
    expect(url.searchParams.get("iss")).toBe(place.authorization.issuer);
    url.searchParams.delete("iss");
    await refusedWith(
      place,
      place.ann.browser,
      url.pathname + url.search,
      "does not come from the authorization server",
    );
  });

  it("can be refused by the user", async () => {
    const place = await openPlace();
    place.authorization.user = "";
    const path = await consent(await beginConsent(place.ann.browser, place.serverId));
    await refusedWith(place, place.ann.browser, path, "Access was not granted (access_denied).");
  });

  it.each(["<html>", "{}", '{"access_token":""}', '{"access_token":"a b","token_type":"Bearer"}', "[1]"])(
    "fails when the token endpoint answers %s",
    async (text) => {
      const place = await openPlace();
      place.authorization.takeover = (_, response) => {
        response.writeHead(200, { "content-type": "application/json" }).end(text);
        return true;
      };
      const path = await consent(await beginConsent(place.ann.browser, place.serverId));
      expect((await place.ann.browser.go(path)).text).toContain("did not issue a token");
      const { rows } = await members.db.query("select 1 from connected_accounts where server_id = $1", [
        place.serverId,
      ]);
      expect(rows).toEqual([]);
    },
  );
});
