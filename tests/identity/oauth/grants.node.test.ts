/** What a consent covers and how it ends, and what anonymous requests can make the authorization server do. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
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
} from "../../fixtures/oauth.ts";
import { connectPeople, PASSWORD, type TestPeople } from "../../fixtures/people.ts";
import { type Recorder, startRecorder } from "../../fixtures/recorder.ts";

const issued = z.object({ access_token: z.string() });

let gateway: TestGateway;
let people: TestPeople;
let upstream: Recorder;
let tenant: TestTenant;
let client: TestClient;
let tools: string;
let all: string;

beforeAll(async () => {
  upstream = await startRecorder();
  gateway = await startGateway(databaseOfThisRun());
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant({ servers: [{ name: "tools", url: upstream.url }] });
  client = await register(gateway.url, "Web client", "https://client.example/callback");
  tools = `${gateway.url}/mcp/tools`;
  all = `${gateway.url}/mcp`;
});
afterAll(async () => {
  await people.close();
  await gateway.close();
  await upstream.close();
});

async function newcomer(): Promise<TestBrowser> {
  const person = await people.add({ tenants: [{ id: tenant.id }] });
  const browser = new TestBrowser(gateway.url);
  await browser.signIn({ identifier: person.email, password: PASSWORD });
  return browser;
}

/** Each from a place of its own: wrong proofs from one place are soon not looked at any more. */
async function statusAt(url: string, token: string): Promise<number> {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "cf-connecting-ip": `2001:db8:${randomBytes(2).toString("hex")}:1::1`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Whether the token is accepted; the aggregated endpoint has further errors for a single ping. */
async function isTaken(url: string, token: string): Promise<boolean> {
  return ![401, 403].includes(await statusAt(url, token));
}

async function disconnect(browser: TestBrowser): Promise<void> {
  await browser.submit(await browser.go("/account/clients"), "/account/clients");
}

describe("a consent", () => {
  it("to one endpoint is none to all: not by leaving the resource out, nor by naming another one later", async () => {
    const browser = await newcomer();
    const first = await obtainTokens(browser, client, tools);
    expect(await statusAt(tools, first.access_token)).toBe(200);
    const request = authorizationRequest(client, { resource: undefined });
    const page = await browser.go(request.path);
    expect(page.url, "consent for all servers").toContain("/consent");
    expect(page.text).toContain(`Resource: ${all}`);

    const narrow = authorizationRequest(client, { resource: tools });
    const code = (await authorize(browser, narrow.path)).get("code") ?? "";
    const answer = await exchange(gateway.url, codeExchange(client, code, narrow.verifier, all));
    expect(answer.status).toBe(400);
  });

  it("that names no resource is for all servers, and its token for that endpoint", async () => {
    const browser = await newcomer();
    const request = authorizationRequest(client, { resource: undefined });
    const code = (await authorize(browser, request.path)).get("code") ?? "";
    const tries = codeExchange(client, code, request.verifier, tools);
    expect((await exchange(gateway.url, tries)).status).toBe(400);
    const again = authorizationRequest(client, { resource: undefined });
    const second = (await authorize(browser, again.path)).get("code") ?? "";
    const answer = await exchange(gateway.url, codeExchange(client, second, again.verifier, all));
    const { access_token: token } = issued.parse(await answer.json());
    expect(await isTaken(all, token)).toBe(true);
    expect(await statusAt(tools, token)).toBe(401);
  });

  it("to a second endpoint takes nothing from the first", async () => {
    const browser = await newcomer();
    const first = await obtainTokens(browser, client, tools);
    const second = await obtainTokens(browser, client, all);
    expect(await statusAt(tools, first.access_token)).toBe(200);
    expect(await isTaken(all, second.access_token)).toBe(true);
  });

  it("that is withdrawn stays so: an old access token is refused after connecting again", async () => {
    const browser = await newcomer();
    const wide = await obtainTokens(browser, client, tools, { scope: "proxy read offline_access" });
    expect(await statusAt(tools, wide.access_token)).toBe(200);
    const request = authorizationRequest(client, { resource: tools });
    const openCode = (await authorize(browser, request.path)).get("code") ?? "";
    await disconnect(browser);
    const early = await exchange(gateway.url, codeExchange(client, openCode, request.verifier, tools));
    const leaked = early.status === 200 ? issued.parse(await early.json()).access_token : "";
    const narrow = await obtainTokens(browser, client, tools, { scope: "proxy" });
    expect(await statusAt(tools, narrow.access_token)).toBe(200);
    expect(await statusAt(tools, wide.access_token), "the old token").toBe(401);
    expect(await statusAt(tools, leaked || "x.y.z"), "a token of a code from before").toBe(401);
    const refreshed = await exchange(gateway.url, {
      grant_type: "refresh_token",
      client_id: client.clientId,
      refresh_token: wide.refresh_token ?? "",
      resource: tools,
    });
    expect(refreshed.status).toBe(400);
  });
});

describe("a client on the person's own computer", () => {
  it("is requested each time, on any port, and never granted silently", async () => {
    const browser = await newcomer();
    const native = await register(gateway.url);
    await obtainTokens(browser, native, tools);
    for (const changes of [{}, { redirect_uri: REDIRECT.replace(":9", ":4711") }, { prompt: "none" }]) {
      browser.leftFor = undefined;
      const page = await browser.go(authorizationRequest(native, { resource: tools, ...changes }).path);
      expect(page.url, JSON.stringify(changes)).toContain("/consent");
      expect(browser.leftFor).toBeUndefined();
    }
  });
});

describe("an anonymous client", () => {
  it("makes the gateway neither fetch nor keep a client's document", async () => {
    let fetched = 0;
    const described = await startRecorder();
    described.behave((_request, response) => {
      fetched += 1;
      response.writeHead(404).end();
    });
    const clientOf = (at: number) => `${new URL(described.url).origin}/client-${at}.json`;
    const stranger = new TestBrowser(gateway.url);
    for (let at = 0; at < 10; at += 1) {
      const request = authorizationRequest({ clientId: clientOf(at), redirectUri: REDIRECT });
      const page = await stranger.go(request.path);
      expect(page.url).toContain("/sign-in?next=");
      const token = await exchange(gateway.url, {
        grant_type: "authorization_code",
        client_id: clientOf(at),
        code: "x",
        redirect_uri: REDIRECT,
        code_verifier: "v".repeat(43),
      });
      expect([400, 401]).toContain(token.status);
    }
    expect(fetched).toBe(0);
    const rows = await people.query("select 1 from oauth_client where client_id like $1", [
      `${new URL(described.url).origin}/%`,
    ]);
    expect(rows).toEqual([]);

    const person = await newcomer();
    for (let at = 0; at < 30; at += 1) {
      await person.go(authorizationRequest({ clientId: clientOf(at), redirectUri: REDIRECT }).path);
    }
    expect(fetched, "a person who is signed in causes so many").toBeGreaterThan(0);
    expect(fetched).toBeLessThan(30);
    await described.close();
  });

  it.each<[string, Record<string, unknown>]>([
    ["a name of 10 KB", { client_name: "n".repeat(10_000) }],
    [
      "500 redirect URIs",
      { redirect_uris: Array.from({ length: 500 }, (_, at) => `https://c.example/${at}`) },
    ],
    ["a redirect URI of 5 KB", { redirect_uris: [`https://c.example/${"x".repeat(5000)}`] }],
    ["a logo URI of 5 KB", { logo_uri: `https://c.example/${"x".repeat(5000)}` }],
    ["100 contacts", { contacts: Array.from({ length: 100 }, (_, at) => `${at}@c.example`) }],
  ])("registers no client with %s", async (_what, changes) => {
    const answer = await fetch(`${gateway.url}/api/auth/oauth2/register`, {
      method: "POST",
      headers: { "content-type": "application/json", "cf-connecting-ip": "2001:db8:99::1" },
      body: JSON.stringify({
        redirect_uris: ["https://c.example/"],
        token_endpoint_auth_method: "none",
        ...changes,
      }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "invalid_client_metadata" }]);
  });
});
