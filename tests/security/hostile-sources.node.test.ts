/**
 * Everything else that the gateway fetches, from a peer that tries to exhaust it: registry sources, identity providers,
 * client metadata documents, webhook receivers and trace collectors.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { discoverAuthorization } from "../../src/connected-accounts/discover-authorization.ts";
import { createOAuthFetch } from "../../src/connected-accounts/oauth-fetch.ts";
import { refreshTokens } from "../../src/connected-accounts/token-endpoint.ts";
import { fetchClientMetadata } from "../../src/identity/oauth/client-metadata.ts";
import { isBreachedPassword } from "../../src/identity/users/breached-passwords.ts";
import { TestBrowser } from "../fixtures/browser.ts";
import { DRIPPING_RESPONSES } from "../fixtures/dripping-responses.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { beginAttack, type HostilePeer, startHostilePeer } from "../fixtures/hostile-peer.ts";
import { HOSTILE_RESPONSES } from "../fixtures/hostile-responses.ts";
import { type LocalIdentityProvider, startIdentityProvider } from "../fixtures/identity-provider.ts";
import { type MemoryWatch, watchMemory } from "../fixtures/memory-watch.ts";
import { type OidcStandIn, startOidcStandIn } from "../fixtures/oidc.ts";
import { connectPeople, type TestPeople } from "../fixtures/people.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";
import { modern } from "../fixtures/wire.ts";

const MIB = 1024 * 1024;
/** The largest of these limits is 8 MiB, for a page of a registry; the rest are buffers of sockets on the way. */
const MAX_SENT_BYTES = 24 * MIB;
const MAX_GROWTH_MIB = 128;

let gateway: TestGateway;
let tenant: TestTenant;
let adminKey: string;
let people: TestPeople;
let provider: OidcStandIn;
let idp: LocalIdentityProvider;
let tinies: TinyServers;
let peer: HostilePeer;
let memory: MemoryWatch;

beforeAll(async () => {
  [provider, idp, tinies, peer] = await Promise.all([
    ...([startOidcStandIn(), startIdentityProvider(), startTinyServers(), startHostilePeer()] as const),
  ]);
  gateway = await startGateway(databaseOfThisRun(), { ...provider.variables, DNS_BASE_URL: peer.url });
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant();
  adminKey = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
  for (const { read } of SOURCES) await read();
  memory = watchMemory(gateway.pid);
});
afterAll(async () => {
  memory?.stop();
  const closing = [gateway, people, provider, idp, tinies, peer].map((each) => each?.close());
  await Promise.all(closing);
});

const created = z.looseObject({ id: z.string().default("") });

async function post(path: string, json: object = {}, key = adminKey): Promise<{ id: string; text: string }> {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(json),
  });
  const text = await response.text();
  return { ...created.parse(JSON.parse(text)), text };
}

let made = 0;
function uniqueName(): string {
  made += 1;
  return `source-${made}`;
}

async function syncRegistry(): Promise<string> {
  const source = { name: uniqueName(), url: peer.url, intervalMinutes: 60, isActive: true };
  const { id } = await post("/registry-sources", source);
  return (await post(`/registry-sources/${id}/sync`)).text;
}

async function testWebhook(): Promise<string> {
  const channels = [{ type: "webhook", url: `${peer.url}/hook` }];
  const alert = { name: uniqueName(), metric: "error_rate", threshold: 0.1, channels };
  const { id } = await post("/alerts", alert);
  return (await post(`/alerts/${id}/test`)).text;
}

async function exportTraces(): Promise<string> {
  const traced = await gateway.addTenant();
  await people.query("insert into system_configs (tenant_id, key, value) values ($1, $2, $3)", [
    traced.id,
    "telemetry.otlp.endpoint",
    JSON.stringify(peer.url),
  ]);
  const { name, url } = tinies.add(uniqueName(), { tools: ["hello"] });
  await traced.addServer({ name, url });
  const endpoint = { url: `${gateway.url}/mcp/${name}`, key: traced.apiKey };
  const before = peer.attacks.length;
  const answer = await modern(endpoint, "tools/call", { name: "hello", arguments: {} });
  // The export follows the response.
  if (peer.hostile !== undefined)
    await expect.poll(() => peer.attacks.length, { timeout: 20_000 }).toBeGreaterThan(before);
  return JSON.stringify(answer.result);
}

/** Signs in at the provider, and returns where it ends. */
async function signIn(attacked: RegExp): Promise<string> {
  const person = await people.add({ tenants: [{ id: tenant.id }] });
  provider.account = { id: 90_000 + made, login: "octo", name: "Octo", email: person.email, verified: true };
  provider.takeover = (path, response) => {
    if (peer.hostile === undefined || !attacked.test(path)) return false;
    peer.attacks.push(beginAttack(peer.hostile, response));
    return true;
  };
  const one = new TestBrowser(gateway.url);
  await one.submit(await one.go("/sign-in"), "/sign-in/with/github");
  const answer = await fetch(one.leftFor ?? "", { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  return (await one.go(back.pathname + back.search)).url;
}

async function lookUpDomain(): Promise<string> {
  const { id } = await post("/verified-domains", { domain: `${uniqueName()}.example.com` });
  return (await post(`/verified-domains/${id}/verify`)).text;
}

/** Begins a sign-in at the provider of an organization, and returns where it ends. */
async function discoverProvider(): Promise<string> {
  const domain = `${uniqueName()}-${tenant.slug}.example.com`;
  await post("/identity-providers", { name: uniqueName(), issuer: peer.url, clientId: "gateway" });
  await people.query(
    "insert into verified_domains (tenant_id, domain, token, verified_at) values ($1, $2, 't', now())",
    [tenant.id, domain],
  );
  const one = new TestBrowser(gateway.url);
  const choice = await one.submit(await one.go("/sign-in/sso"), "/sign-in/sso", {
    identifier: `a@${domain}`,
  });
  const isChoice = choice.forms.some(({ action }) => action === "/sign-in/sso");
  return (isChoice ? await one.submit(choice, "/sign-in/sso") : choice).url;
}

/**
 * Signs in at the provider of an organization, which answers itself up to the endpoint that the attacker has. A sign-in
 * that needs no user information does not end otherwise than with the attack.
 */
async function signInAtProvider(metadata: Readonly<Record<string, string>>): Promise<string> {
  const organization = await gateway.addTenant();
  const key = await organization.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
  const domain = `${uniqueName()}-${organization.slug}.example.com`;
  const { id: clientId, secret: clientSecret } = idp.client;
  const provider = { name: uniqueName(), issuer: idp.url, clientId, clientSecret, isJitEnabled: true };
  await post("/identity-providers", provider, key);
  await people.query(
    "insert into verified_domains (tenant_id, domain, token, verified_at) values ($1, $2, 't', now())",
    [organization.id, domain],
  );
  const email = `a@${domain}`;
  idp.claims = { sub: email, email_verified: true };
  idp.lies = { metadata: { userinfo_endpoint: `${idp.url}/userinfo`, ...metadata } };
  const one = new TestBrowser(gateway.url);
  await one.submit(await one.go("/sign-in/sso"), "/sign-in/sso", { identifier: email });
  const answer = await fetch(one.leftFor ?? "", { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  return (await one.go(back.pathname + back.search)).url;
}

async function readDocument(): Promise<string> {
  const clientId = "https://client.example.com/client.json";
  const found = await fetchClientMetadata(
    { fetch: (_, init) => fetch(`${peer.url}/client.json`, init), isAllowed: () => true, now: Date.now },
    clientId,
  );
  return JSON.stringify(found);
}

const lookUpPassword = async () =>
  String(
    await isBreachedPassword(
      { breachedPasswordsUrl: peer.url, fetch, isAllowedUrl: () => true, log: () => undefined },
      "correct horse battery staple",
    ),
  );

const oauthFetch = createOAuthFetch({ fetch, urlPolicy: { allowLoopback: true } });

/** Looks for the authorization server of a server that has connected accounts; all of its requests go to the peer. */
const discoverAccounts = () =>
  discoverAuthorization(
    { name: "peer", endpointUrl: `${peer.url}/mcp`, auth: { type: "user_oauth" } },
    oauthFetch,
  ).then(JSON.stringify, String);

const refreshAccount = async () =>
  JSON.stringify(
    await refreshTokens(
      {
        issuer: peer.url,
        tokenEndpoint: `${peer.url}/token`,
        client: { id: "gateway", secret: "secret", method: "client_secret_basic" },
      },
      "a refresh token",
      oauthFetch,
    ),
  );

interface Source {
  readonly name: string;
  /** Makes the gateway read from the peer. */
  read(): Promise<string>;
  /** What `read` returns when the peer attacks. */
  readonly expected: RegExp;
  /** The local provider whose behavior is set for one sign-in at a time. */
  readonly standIn?: string;
}

const SOURCES: readonly Source[] = [
  { name: "a registry source", read: syncRegistry, expected: /"state":"failed".*source-/ },
  { name: "a webhook receiver", read: testWebhook, expected: /"ok":(?:true|false)/ },
  { name: "a trace collector", read: exportTraces, expected: /hello/ },
  {
    name: "the token endpoint of an identity provider",
    read: () => signIn(/access_token$/),
    expected: /\/sign-in\/error/,
    standIn: "social",
  },
  {
    name: "the user-info endpoint of an identity provider",
    read: () => signIn(/\/user$/),
    expected: /\/sign-in\/error/,
    standIn: "social",
  },
  {
    name: "the provider of an organization",
    read: discoverProvider,
    expected: /error=sso_provider_unavailable/,
  },
  ...["token_endpoint", "jwks_uri", "userinfo_endpoint"].map((endpoint) => ({
    name: `the ${endpoint} of an organization's provider`,
    read: () => signInAtProvider({ [endpoint]: `${peer.url}/${endpoint}` }),
    expected: /error=sso_failed/,
    standIn: "organization",
  })),
  { name: "a DNS resolver", read: lookUpDomain, expected: /The DNS resolver did not respond/ },
  {
    name: "the authorization server of connected accounts",
    read: discoverAccounts,
    expected: /has no authorization server with metadata/,
  },
  {
    name: "the token endpoint of connected accounts",
    read: refreshAccount,
    expected: /"kind":"(?:unavailable|denied)"/,
  },
  { name: "a breached-password service", read: lookUpPassword, expected: /^false$/ },
  { name: "a client metadata document", read: readDocument, expected: /^"(?:invalid|unreachable)"$/ },
];

describe.each(SOURCES)("$name", ({ read, expected }) => {
  it.each(HOSTILE_RESPONSES)(
    "is read within its limits when it sends $name",
    async (hostile) => {
      peer.attacks.length = 0;
      peer.hostile = hostile;
      const text = await read().finally(() => {
        peer.hostile = undefined;
      });
      expect(text).toMatch(expected);
      expect(peer.attacks.length).toBeGreaterThan(0);
      for (const attack of peer.attacks) {
        await attack.ended;
        expect(attack.sentBytes()).toBeLessThan(MAX_SENT_BYTES);
      }
    },
    60_000,
  );
});

/** The sign-ins at one local provider follow each other, and the rest is read at once: all of them mostly wait. */
describe("every source that drips", () => {
  it.each(DRIPPING_RESPONSES)(
    "is ended by a total time when it sends $name",
    async (hostile) => {
      peer.attacks.length = 0;
      peer.hostile = hostile;
      const busy = new Map<string, Promise<string>>();
      const reading = SOURCES.map(async ({ name, read, expected, standIn = name }) => {
        const result = (busy.get(standIn) ?? Promise.resolve()).then(read);
        busy.set(standIn, result);
        const text = await result;
        return expected.test(text) ? [] : [`${name}: ${text}`];
      });
      const faults = await Promise.all(reading).finally(() => {
        peer.hostile = undefined;
      });
      expect(faults.flat(), faults.flat().join("; ")).toEqual([]);
      expect(peer.attacks.length).toBeGreaterThanOrEqual(SOURCES.length);
      await Promise.all(peer.attacks.map(({ ended }) => ended));
    },
    240_000,
  );
});

it("the memory of the runtime stays within 128 MiB above idle during all of it", () => {
  expect(memory.growthMiB()).toBeLessThan(MAX_GROWTH_MIB);
});
