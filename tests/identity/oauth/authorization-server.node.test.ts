/** MCP clients: discovery, consent and tokens, and each of the ways to get in without a right that are known. */
import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "../../fixtures/browser.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import {
  authorizationRequest,
  authorize,
  codeExchange,
  exchange,
  obtainTokens,
  REDIRECT,
  register,
  type TestClient,
  type Tokens,
} from "../../fixtures/oauth.ts";
import { connectPeople, PASSWORD, type TestPeople, type TestPerson } from "../../fixtures/people.ts";
import { type Recorder, startRecorder } from "../../fixtures/recorder.ts";

let gateway: TestGateway;
let people: TestPeople;
let upstream: Recorder;
let tenant: TestTenant;
let client: TestClient;
let resource: string;

beforeAll(async () => {
  upstream = await startRecorder();
  gateway = await startGateway(databaseOfThisRun());
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant({ servers: [{ name: "tools", url: upstream.url }] });
  client = await register(gateway.url);
  resource = `${gateway.url}/mcp/tools`;
});
afterAll(async () => {
  await people.close();
  await gateway.close();
  await upstream.close();
});

const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
/** Each from a place of its own: wrong proofs from one place are soon not looked at any more. */
const somewhere = () => `2001:db8:${randomBytes(2).toString("hex")}:${randomBytes(2).toString("hex")}::1`;
const call = (token: string | undefined, url = resource) =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "cf-connecting-ip": somewhere(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: ping,
  });
const statusOf = async (token: string, url = resource) => {
  const answer = await call(token, url);
  await answer.body?.cancel();
  return answer.status;
};

async function signedIn(person: TestPerson): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway.url);
  await browser.signIn({ identifier: person.email, password: PASSWORD });
  return browser;
}

async function newcomer(): Promise<{ person: TestPerson; browser: TestBrowser }> {
  const person = await people.add({ tenants: [{ id: tenant.id }] });
  return { person, browser: await signedIn(person) };
}

describe("discovery", () => {
  it.each([
    ["/mcp", "/mcp"],
    ["/mcp/tools", "/mcp/tools"],
    ["/t/acme/mcp", "/t/acme/mcp"],
    ["/t/acme/mcp/tools", "/t/acme/mcp/tools"],
    ["", "/mcp"],
  ])("names the endpoint at %s and its authorization server", async (inserted, path) => {
    const answer = await fetch(`${gateway.url}/.well-known/oauth-protected-resource${inserted}`);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(await answer.json()).toMatchObject({
      resource: gateway.url + path,
      authorization_servers: [gateway.url],
      scopes_supported: ["proxy"],
    });
  });

  it("names nothing that is no endpoint", async () => {
    for (const path of ["/admin", "/mcp/", "/mcp/a/b", "/t/acme"]) {
      expect((await fetch(`${gateway.url}/.well-known/oauth-protected-resource${path}`)).status, path).toBe(
        404,
      );
    }
  });

  it.each(["oauth-authorization-server", "openid-configuration"])(
    "describes the server at %s",
    async (name) => {
      const answer = await fetch(`${gateway.url}/.well-known/${name}`);
      const metadata = (await answer.json()) as Record<string, unknown>;
      expect(metadata).toMatchObject({
        issuer: gateway.url,
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        registration_endpoint: `${gateway.url}/api/auth/oauth2/register`,
        grant_types_supported: ["authorization_code", "refresh_token"],
      });
    },
  );

  it("begins at the challenge", async () => {
    const none = await call(undefined);
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toBe(
      `Bearer resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp/tools", scope="proxy"`,
    );
    const wrong = await call("x.y.z");
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

describe("a client that a person has allowed", () => {
  it("is shown with its redirect URI and its scopes, and acts in the chosen tenant", async () => {
    const other = await gateway.addTenant();
    const person = await people.add({ tenants: [{ id: other.id }, { id: tenant.id }] });
    const browser = await signedIn(person);
    const request = authorizationRequest(client, { resource });
    const page = await browser.go(request.path);
    expect(page.text).toContain("Test client");
    expect(page.text).toContain("127.0.0.1:9");
    expect(page.text).toContain("Call MCP servers and tools on your behalf");
    expect(page.text).toContain(resource);
    const tokens = await obtainTokens(browser, client, resource, { consent: { tenant: tenant.id } });
    expect(tokens).toMatchObject({ scope: "proxy offline_access", expires_in: 3600 });
    expect(await statusOf(tokens.access_token)).toBe(200);
    expect(upstream.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it("gets `iss` and `state` back, also when the person refuses", async () => {
    const { browser } = await newcomer();
    const allowed = await authorize(browser, authorizationRequest(client, { resource }).path);
    expect(allowed.get("iss")).toBe(gateway.url);
    expect(allowed.get("state")).toBe("the-state");
    const { browser: other } = await newcomer();
    const page = await other.go(authorizationRequest(client, { resource }).path);
    const deny = page.forms.filter(({ action }) => action === "/consent").at(-1);
    await other.goOn(await other.go("/consent", { method: "POST", form: { ...deny?.fields } }));
    const refused = new URL(other.leftFor ?? "").searchParams;
    expect(refused.get("error")).toBe("access_denied");
    expect(refused.get("iss")).toBe(gateway.url);
  });

  it("need not be allowed twice, but anew for another endpoint or a wider scope", async () => {
    const { browser } = await newcomer();
    const web = await register(gateway.url, "Web client", "https://client.example/callback");
    await obtainTokens(browser, web, resource);
    const again = await browser.go(authorizationRequest(web, { resource }).path);
    expect(again.url).toContain("https://client.example/callback?code=");
    const elsewhere = authorizationRequest(web, { resource: `${gateway.url}/mcp` });
    expect((await browser.go(elsewhere.path)).url).toContain("/consent");
    const wider = authorizationRequest(web, { resource, scope: "proxy read" });
    expect((await browser.go(wider.path)).url).toContain("/consent");
  });

  it("is disconnected by the person, and out within a second", async () => {
    const { browser } = await newcomer();
    const tokens = await obtainTokens(browser, client, resource);
    expect(await statusOf(tokens.access_token)).toBe(200);
    const page = await browser.go("/account/clients");
    expect(page.text).toContain("Test client");
    await browser.submit(page, "/account/clients");
    await outWithinASecond(tokens);
    expect((await refresh(tokens)).status).toBe(400);
  });

  it.each([
    ["is banned", `update "user" set banned = true where id = $1`],
    ["leaves the tenant", "delete from tenant_members where user_id = $1"],
    ["is signed out", "delete from session where user_id = $1"],
  ])("is rejected within a minute even without a notification that the user %s", async (_what, statement) => {
    const { browser, person } = await newcomer();
    const tokens = await obtainTokens(browser, client, resource);
    await people.query(statement, [person.id]);
    expect(await statusOf(tokens.access_token)).toBe(401);
  });

  it("steps up: the refusal of a token without the scope names the required one", async () => {
    const { browser } = await newcomer();
    const tokens = await obtainTokens(browser, client, resource, { scope: "read" });
    const answer = await call(tokens.access_token);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer error="insufficient_scope", scope="proxy", resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp/tools"`,
    );
  });

  it("at a tenant's own address acts in that tenant and no other", async () => {
    const other = await gateway.addTenant({ servers: [{ name: "tools", url: upstream.url }] });
    const person = await people.add({ tenants: [{ id: tenant.id }, { id: other.id }] });
    const browser = await signedIn(person);
    const own = `${gateway.url}/t/${other.slug}/mcp/tools`;
    const page = await browser.go(authorizationRequest(client, { resource: own }).path);
    expect(page.text).not.toContain(`value="${tenant.id}"`);
    const tokens = await obtainTokens(browser, client, own);
    expect(await statusOf(tokens.access_token, own)).toBe(200);
    const open = `${gateway.url}/t/${tenant.slug}/mcp/tools`;
    expect(await statusOf(tokens.access_token, open)).toBe(401);
  });
});

const refresh = (tokens: Tokens) =>
  exchange(gateway.url, {
    grant_type: "refresh_token",
    client_id: client.clientId,
    refresh_token: tokens.refresh_token ?? "",
    resource,
  });

async function outWithinASecond(tokens: Tokens): Promise<void> {
  const until = Date.now() + 1100;
  let status = await statusOf(tokens.access_token);
  while (status !== 401 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    status = await statusOf(tokens.access_token);
  }
  expect(status).toBe(401);
}

describe("a client that describes itself at its address", () => {
  it("is named with the host that vouches for it, and connects without registering", async () => {
    let fetched = 0;
    const described = await startRecorder();
    const { origin, host } = new URL(described.url);
    const clientId = `${origin}/client.json`;
    described.behave((request, response) => {
      fetched += 1;
      const document = { client_id: clientId, client_name: "Editor", redirect_uris: [REDIRECT] };
      const headers = { "content-type": "application/json", "cache-control": "max-age=600" };
      response.writeHead(request.url === "/client.json" ? 200 : 404, headers).end(JSON.stringify(document));
    });
    const itself = { clientId, redirectUri: REDIRECT };
    const { browser } = await newcomer();
    const page = await browser.go(authorizationRequest(itself, { resource }).path);
    expect(page.text).toContain("Editor");
    expect(page.text).toContain(`published by ${host}`);
    const tokens = await obtainTokens(browser, itself, resource);
    expect(await statusOf(tokens.access_token)).toBe(200);
    expect(fetched).toBe(1);
    const elsewhere = authorizationRequest({ ...itself, redirectUri: "https://evil.example/" }, { resource });
    browser.leftFor = undefined;
    await browser.go(elsewhere.path);
    expect(browser.leftFor).toBeUndefined();
    const unknown = { clientId: `${origin}/other.json`, redirectUri: REDIRECT };
    expect((await browser.go(authorizationRequest(unknown, { resource }).path)).url).toContain(
      "/sign-in/error",
    );
    await described.close();
  });
});

describe("registration", () => {
  it("can be disabled, and is then not advertised", async () => {
    const closed = await startGateway(databaseOfThisRun(), { OAUTH_DYNAMIC_REGISTRATION: "off" });
    try {
      await expect(register(closed.url)).rejects.toThrow("registration: 403");
      const metadata = await (await fetch(`${closed.url}/.well-known/oauth-authorization-server`)).json();
      expect(metadata).not.toHaveProperty("registration_endpoint");
    } finally {
      await closed.close();
    }
  });

  it("takes no client whose answers would go astray", async () => {
    for (const uri of [
      "http://evil.example/",
      "javascript:alert(1)",
      "data:text/html,x",
      "https://user@evil.example/",
    ]) {
      await expect(register(gateway.url, "Bad", uri), uri).rejects.toThrow("registration: 400");
    }
  });

  it("cannot fill the database at leisure", async () => {
    const ask = () =>
      fetch(`${gateway.url}/api/auth/oauth2/register`, {
        method: "POST",
        headers: { "content-type": "application/json", "cf-connecting-ip": "198.51.100.254" },
        body: JSON.stringify({ redirect_uris: [REDIRECT], token_endpoint_auth_method: "none" }),
      });
    const statuses: number[] = [];
    for (let made = 0; made < 23; made += 1) statuses.push((await ask()).status);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe("codes and refresh tokens", () => {
  it("need the verifier, the redirect address and the client that they were made for", async () => {
    const { browser } = await newcomer();
    const others = await register(gateway.url, "Another");
    const tries: [string, (right: Record<string, string>) => Record<string, string>][] = [
      ["verifier", (right) => ({ ...right, code_verifier: "w".repeat(43) })],
      ["no verifier", ({ code_verifier: _, ...right }) => right],
      ["redirect", (right) => ({ ...right, redirect_uri: "http://127.0.0.1:9/other" })],
      ["client", (right) => ({ ...right, client_id: others.clientId })],
      ["resource", (right) => ({ ...right, resource: `${gateway.url}/mcp` })],
    ];
    for (const [what, spoil] of tries) {
      const request = authorizationRequest(client, { resource });
      const code = (await authorize(browser, request.path)).get("code") ?? "";
      const right = codeExchange(client, code, request.verifier, resource);
      const answer = await exchange(gateway.url, spoil(right));
      expect([400, 401], what).toContain(answer.status);
    }
  });

  it("a code that comes a second time ends what came of the first", async () => {
    const { browser, person } = await newcomer();
    const tokens = await obtainTokens(browser, client, resource);
    expect(await statusOf(tokens.access_token)).toBe(200);
    const again = await exchange(gateway.url, codeExchange(client, tokens.code, tokens.verifier, resource));
    expect(again.status).toBe(400);
    await outWithinASecond(tokens);
    expect((await refresh(tokens)).status).toBe(400);
    expect(await eventsOf(person)).toContain("oauth.code-replayed");
  });

  it("a refresh token works once; an old one that comes again ends the whole grant", async () => {
    const { browser, person } = await newcomer();
    const first = await obtainTokens(browser, client, resource);
    const rotated = await refresh(first);
    expect(rotated.status).toBe(200);
    const second = (await rotated.json()) as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await statusOf(second.access_token)).toBe(200);
    // A client that lost the response may repeat the request, for a few seconds.
    const retried = (await (await refresh(first)).json()) as Tokens;
    expect(retried.refresh_token).toBe(second.refresh_token);
    await people.query(
      "update oauth_refresh_token set rotation_replay_expires_at = now() where user_id = $1",
      [person.id],
    );
    expect((await refresh(first)).status).toBe(400);
    expect((await refresh(second)).status).toBe(400);
    await outWithinASecond(second);
    expect(await eventsOf(person)).toContain("oauth.refresh-token-reused");
  });

  it("an access token can be revoked by its client, and only by it", async () => {
    const { browser } = await newcomer();
    const tokens = await obtainTokens(browser, client, resource);
    expect(await statusOf(tokens.access_token)).toBe(200);
    const revoke = (clientId: string) =>
      fetch(`${gateway.url}/api/auth/oauth2/revoke`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ token: tokens.access_token, client_id: clientId }),
      });
    const other = await register(gateway.url, "Another");
    expect((await revoke(other.clientId)).status).toBe(200);
    expect(await statusOf(tokens.access_token)).toBe(200);
    expect((await revoke(client.clientId)).status).toBe(200);
    await outWithinASecond(tokens);
  });

  const eventsOf = async (person: TestPerson) =>
    (await people.query("select event_type from security_events where user_id = $1", [person.id])).map(
      ({ event_type }) => event_type,
    );
});

describe("an access token is refused", () => {
  let tokens: Tokens;
  let claims: Record<string, unknown>;
  let header: Record<string, unknown>;
  beforeAll(async () => {
    const { browser } = await newcomer();
    tokens = await obtainTokens(browser, client, resource);
    const [first = "", second = ""] = tokens.access_token.split(".");
    header = JSON.parse(Buffer.from(first, "base64url").toString());
    claims = JSON.parse(Buffer.from(second, "base64url").toString());
  });
  afterEach(async () => {
    expect(await statusOf(tokens.access_token), "the right token still works").toBe(200);
  });

  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const es256 = (head: object, body: object, key: Parameters<typeof sign>[2]) => {
    const text = `${encode(head)}.${encode(body)}`;
    const options = { key: key as never, dsaEncoding: "ieee-p1363" as const };
    return `${text}.${sign("sha256", Buffer.from(text), options).toString("base64url")}`;
  };

  it("for another endpoint of the same gateway", async () => {
    expect(await statusOf(tokens.access_token, `${gateway.url}/mcp`)).toBe(401);
    expect(await statusOf(tokens.access_token, `${gateway.url}/api/v1/me`)).not.toBe(200);
  });

  it("without a signature (alg none), in any spelling", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      expect(await statusOf(`${encode({ ...header, alg })}.${encode(claims)}.`)).toBe(401);
      expect(await statusOf(`${encode({ ...header, alg })}.${encode(claims)}.AA`)).toBe(401);
    }
  });

  it("signed with the public key as if it were a secret (HS256)", async () => {
    const { keys } = (await (await fetch(`${gateway.url}/api/auth/jwks`)).json()) as { keys: object[] };
    for (const secret of [JSON.stringify(keys[0]), Buffer.from(JSON.stringify({ keys })).toString()]) {
      const text = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
      const mac = createHmac("sha256", secret).update(text).digest("base64url");
      expect(await statusOf(`${text}.${mac}`)).toBe(401);
    }
  });

  it("signed with a foreign key, under the name of ours or included in the token", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = publicKey.export({ format: "jwk" });
    expect(await statusOf(es256(header, claims, privateKey))).toBe(401);
    expect(await statusOf(es256({ ...header, jwk }, claims, privateKey))).toBe(401);
    expect(await statusOf(es256({ ...header, jku: `${upstream.url}/jwks` }, claims, privateKey))).toBe(401);
    expect(await statusOf(es256({ ...header, kid: "../../etc/passwd" }, claims, privateKey))).toBe(401);
  });

  it("with claims that were changed afterwards", async () => {
    const [first = "", , third = ""] = tokens.access_token.split(".");
    expect(await statusOf(`${first}.${encode({ ...claims, scope: "admin" })}.${third}`)).toBe(401);
  });

  describe("although our own key signed it", () => {
    let key: ReturnType<typeof createPrivateKey>;
    beforeAll(async () => {
      const { symmetricDecrypt } = await import("better-auth/crypto");
      const [row] = await people.query("select private_key from jwks where id = $1", [header.kid]);
      const data = JSON.parse(String(row?.private_key)) as string;
      const jwk = await symmetricDecrypt({ key: "only-for-tests-only-for-tests-only-for-tests", data });
      key = createPrivateKey({ key: JSON.parse(jwk), format: "jwk" });
    });

    const seconds = () => Math.floor(Date.now() / 1000);
    it.each<[string, () => { head?: object; body: object }, number]>([
      ["(control: with nothing wrong it is taken)", () => ({ body: {} }), 200],
      ["expired", () => ({ body: { exp: seconds() - 60 } }), 401],
      ["not yet valid", () => ({ body: { nbf: seconds() + 60 } }), 401],
      ["without an end", () => ({ body: { exp: undefined } }), 401],
      ["of another issuer", () => ({ body: { iss: "https://elsewhere.example" } }), 401],
      ["for another audience", () => ({ body: { aud: "https://elsewhere.example/mcp" } }), 401],
      ["for no audience", () => ({ body: { aud: undefined } }), 401],
      ["for an audience that only begins like ours", () => ({ body: { aud: `${resource}/x` } }), 401],
      ["as an ID token", () => ({ head: { typ: "JWT" }, body: {} }), 401],
      ["for a tenant that the person did not allow", () => ({ body: { tenant: crypto.randomUUID() } }), 401],
      ["for a client without consent", () => ({ body: { client_id: "another" } }), 401],
      ["for another person", () => ({ body: { sub: "another" } }), 401],
    ])("%s", async (_what, changes, status) => {
      const { head, body } = changes();
      expect(await statusOf(es256({ ...header, ...head }, { ...claims, ...body }, key))).toBe(status);
    });
  });
});

describe("an authorization request is refused", () => {
  it.each<[string, Record<string, string | undefined>]>([
    ["without PKCE", { code_challenge: undefined, code_challenge_method: undefined }],
    ["with plain PKCE", { code_challenge_method: "plain" }],
    ["for a resource that is not ours", { resource: "https://elsewhere.example/mcp" }],
    ["for a resource that is no endpoint", { resource: "/admin" }],
    ["for a scope that there is not", { scope: "everything" }],
    ["for a token at once", { response_type: "token" }],
  ])("%s, and reports it to the client or not at all", async (_what, changes) => {
    const { browser } = await newcomer();
    const wanted = changes.resource === "/admin" ? `${gateway.url}/admin` : (changes.resource ?? resource);
    const answer = await authorize(
      browser,
      authorizationRequest(client, { ...changes, resource: wanted }).path,
    );
    expect(answer.get("code")).toBeNull();
    expect(answer.get("error")).not.toBeNull();
  });

  it.each([
    ["another host", "https://evil.example/callback"],
    ["another path", "http://127.0.0.1:9/callback/../evil"],
    ["a longer path", `${REDIRECT}/x`],
    ["a user in front", "http://127.0.0.1:9@evil.example/callback"],
    ["a fragment", `${REDIRECT}#x`],
    ["script", "javascript:alert(1)"],
  ])("with a redirect address of %s, and the browser stays here", async (_what, uri) => {
    const { browser } = await newcomer();
    browser.leftFor = undefined;
    const page = await browser.go(authorizationRequest(client, { resource, redirect_uri: uri }).path);
    expect(browser.leftFor).toBeUndefined();
    expect(page.url.startsWith(gateway.url)).toBe(true);
    expect(page.url).not.toContain("/consent");
  });

  it("that is forged for the consent page, or that was signed for another user", async () => {
    const { browser } = await newcomer();
    const query = authorizationRequest(client, { resource }).path.split("?")[1] ?? "";
    expect((await browser.go(`/consent?${query}`)).status).toBe(400);
    const page = await browser.go(`/api/auth/oauth2/authorize?${query}`);
    const spoiled = page.url.replace("scope=proxy", "scope=admin");
    expect(spoiled).not.toBe(page.url);
    expect((await browser.go(spoiled)).status).toBe(400);
  });
});
