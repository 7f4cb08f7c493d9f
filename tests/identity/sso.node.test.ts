/** Single sign-on against a provider with forged answers: which accounts it signs in, to which organization, and every known attack. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Page, TestBrowser } from "../fixtures/browser.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import {
  type Claims,
  type Lies,
  type LocalIdentityProvider,
  startIdentityProvider,
} from "../fixtures/identity-provider.ts";
import { connectPeople, nextTotp, PASSWORD, type TestPeople } from "../fixtures/people.ts";

let gateway: TestGateway;
let people: TestPeople;
let idp: LocalIdentityProvider;

beforeAll(async () => {
  idp = await startIdentityProvider();
  gateway = await startGateway(databaseOfThisRun(), { DNS_BASE_URL: idp.url });
  people = connectPeople(databaseOfThisRun().ownerUrl);
});
afterAll(() => Promise.all([people.close(), gateway.close(), idp.close()]));
afterEach(() => {
  idp.lies = {};
});

/** Where a provider would have the gateway look: its machine's metadata, private networks, and what is no web address. */
const INTERNAL_URLS = [
  "http://169.254.169.254/latest/meta-data/",
  "https://10.0.0.1/jwks",
  "https://[fd00::1]/jwks",
  "https://keys.internal/jwks",
  "http://example.com/jwks",
  "file:///etc/passwd",
  "data:application/json,{}",
];

const adminKeys = new WeakMap<TestTenant, Promise<string>>();

function adminKeyOf(tenant: TestTenant): Promise<string> {
  const key = adminKeys.get(tenant) ?? tenant.addKey({ role: "admin", scopes: ["admin"] });
  adminKeys.set(tenant, key);
  return key;
}

async function call(tenant: TestTenant, method: string, path: string, json?: unknown) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await adminKeyOf(tenant)}`,
      "content-type": "application/json",
      "if-match": "*",
    },
    body: json === undefined ? null : JSON.stringify(json),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : made.parse(JSON.parse(text)) };
}

const made = z.looseObject({ id: z.string().optional(), token: z.string().optional() });

interface Organization {
  readonly tenant: TestTenant;
  readonly domain: string;
  readonly domainId: string;
  readonly providerId: string;
}

async function addProvider(tenant: TestTenant, more: object = {}): Promise<string> {
  const { status, body } = await call(tenant, "POST", "/identity-providers", {
    ...{ name: `IdP ${randomUUID()}`, issuer: idp.url, clientId: idp.client.id },
    ...{ clientSecret: idp.client.secret, isJitEnabled: true, ...more },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return String(body.id);
}

async function verifyDomain(tenant: TestTenant, domain: string): Promise<string> {
  const { body } = await call(tenant, "POST", "/verified-domains", { domain });
  idp.txt.set(`_mcp-gateway.${domain}`, [`"mcp-gateway-verification=${body.token}"`]);
  expect((await call(tenant, "POST", `/verified-domains/${body.id}/verify`)).status).toBe(200);
  return String(body.id);
}

/** A tenant with a provider and a domain of its own. */
async function addOrganization(more: object = {}): Promise<Organization> {
  const tenant = await gateway.addTenant();
  const domain = `d-${randomUUID().slice(0, 8)}.example.com`;
  const [providerId, domainId] = [await addProvider(tenant, more), await verifyDomain(tenant, domain)];
  return { tenant, domain, domainId, providerId };
}

const browser = () => new TestBrowser(gateway.url);

/** From the sign-in page to the provider; returns the address of its callback. */
async function reachCallback(one: TestBrowser, email: string, next = "/account"): Promise<URL> {
  one.leftFor = undefined;
  const page = await one.go(`/sign-in/sso?${new URLSearchParams({ next })}`);
  const after = await one.submit(page, "/sign-in/sso", { identifier: email });
  if (one.leftFor === undefined) throw new Error(`not led to a provider:\n${after.text}`);
  const answer = await fetch(one.leftFor, { redirect: "manual" });
  return new URL(answer.headers.get("location") ?? "");
}

interface Attempt {
  readonly claims: Claims;
  readonly lies?: Lies;
  readonly one?: TestBrowser;
  readonly email?: string;
  readonly next?: string;
}

async function signIn({ claims, lies = {}, one = browser(), email, next }: Attempt): Promise<Page> {
  idp.claims = { sub: randomUUID(), ...claims };
  idp.lies = lies;
  const callback = await reachCallback(one, email ?? String(claims.email), next);
  return one.go(callback.pathname + callback.search);
}

const errorOf = ({ url }: Page) => new URL(url).searchParams.get("error");
const userOf = async (email: string) =>
  (await people.query(`select id, tenant_id from "user" where email = $1`, [email]))[0];
const membershipsOf = (email: string) =>
  people.query(
    `select m.tenant_id, m.role from tenant_members m join "user" u on u.id = m.user_id where u.email = $1`,
    [email],
  );

describe("single sign-on", () => {
  it("creates a member with the default role, and finds the same member again by the subject alone", async () => {
    const { tenant, domain } = await addOrganization({ defaultRole: "readonly" });
    const claims = { sub: randomUUID(), email: `new@${domain}`, email_verified: true, name: "New Person" };
    const page = await signIn({ claims });
    expect(page.text).toContain("New Person");
    expect(await membershipsOf(claims.email)).toEqual([{ tenant_id: tenant.id, role: "readonly" }]);
    const again = await signIn({ claims: { ...claims, email: `renamed@${domain}` } });
    expect(again.text).toContain(`new@${domain}`);
    expect(await userOf(`renamed@${domain}`)).toBeUndefined();
  });

  it("creates no more members than the plan of the organization allows", async () => {
    const { tenant, domain } = await addOrganization();
    const known = { sub: randomUUID(), email: `known@${domain}`, email_verified: true };
    await signIn({ claims: known });
    await people.query(
      `update tenants set plan_limits = jsonb_build_object('members', (
         select count(*) from tenant_members where tenant_id = tenants.id)) where id = $1`,
      [tenant.id],
    );
    const page = await signIn({ claims: { email: `late@${domain}`, email_verified: true } });
    expect(errorOf(page)).toBe("sso_member_limit");
    expect(page.text).toContain("as many members as its plan allows");
    expect(await userOf(`late@${domain}`)).toBeUndefined();
    expect((await signIn({ claims: known })).url).toBe(`${gateway.url}/account`);
  });

  it("connects a member of the domain who has a password, and audits the sign-in", async () => {
    const { tenant, domain } = await addOrganization({ isJitEnabled: false });
    const person = await people.add({ tenants: [{ id: tenant.id }], email: `old@${domain}` });
    const page = await signIn({ claims: { email: person.email } });
    expect(page.url).toBe(`${gateway.url}/account`);
    const audit = await people.query(
      `select action, details->>'method' as method from audit_logs where user_id = $1 order by sequence`,
      [person.id],
    );
    expect(audit).toEqual([
      { action: "account.linked", method: null },
      { action: "user.signed-in", method: "single sign-on" },
    ]);
  });

  it("requires the second factor, unless the provider proved one that the organization trusts", async () => {
    const { tenant, domain } = await addOrganization({ trustedAmr: ["mfa"] });
    const person = await people.add({ tenants: [{ id: tenant.id }], email: `two@${domain}` });
    const one = browser();
    await one.signIn({ identifier: person.email, password: PASSWORD });
    const begun = await one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
      password: PASSWORD,
    });
    const secret = /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(begun.text)?.[1] ?? "";
    await one.submit(begun, "/account/second-factor/confirm", {
      code: await nextTotp(secret),
      stored: "yes",
    });

    const sub = randomUUID();
    const asked = browser();
    const challenge = await signIn({ claims: { sub, email: person.email, amr: ["pwd"] }, one: asked });
    expect(challenge.text).toContain("Enter the code from your authenticator app");
    await asked.submit(challenge, "/sign-in/second-factor", { code: await nextTotp(secret) });
    const [session] = await people.query(
      "select identity_provider_id is not null as sso, tenant_id from session where user_id = $1 order by created_at desc limit 1",
      [person.id],
    );
    expect(session).toEqual({ sso: true, tenant_id: tenant.id });

    const trusted = await signIn({ claims: { sub, email: person.email, amr: ["pwd", "mfa"] } });
    expect(trusted.url).toBe(`${gateway.url}/account`);
  });

  it("selects the provider by the domain of the email address, and reports an unknown one", async () => {
    const one = browser();
    const page = await one.submit(await one.go("/sign-in/sso"), "/sign-in/sso", {
      identifier: "someone@nowhere.example.org",
    });
    expect(page.status).toBe(400);
    expect(page.text).toContain("No organization uses single sign-on for nowhere.example.org.");
  });

  it("offers a choice where the organization has several providers", async () => {
    const { tenant, domain } = await addOrganization();
    await addProvider(tenant);
    const one = browser();
    const page = await one.submit(await one.go("/sign-in/sso"), "/sign-in/sso", {
      identifier: `a@${domain}`,
    });
    expect(page.forms.filter(({ action }) => action === "/sign-in/sso")).toHaveLength(2);
  });
});

describe("an identity provider cannot", () => {
  it("take over an account by an email address outside its verified domains (nOAuth)", async () => {
    const { domain } = await addOrganization();
    const victim = await people.add({ tenants: [{ id: (await gateway.addTenant()).id }] });
    const page = await signIn({
      claims: { email: victim.email, email_verified: true },
      email: `x@${domain}`,
    });
    expect(errorOf(page)).toBe("sso_domain_unverified");
    expect(
      await people.query("select 1 from account where user_id = $1 and provider_id like 'sso:%'", [
        victim.id,
      ]),
    ).toEqual([]);
  });

  it("take over an account by an address that it has not verified (nOAuth)", async () => {
    const { tenant, domain } = await addOrganization();
    const victim = await people.add({ tenants: [{ id: tenant.id }], email: `boss@${domain}` });
    const page = await signIn({ claims: { email: victim.email, email_verified: false } });
    expect(errorOf(page)).toBe("sso_email_unverified");
  });

  it("give the account of a former colleague to the new owner of the address", async () => {
    const { domain } = await addOrganization();
    const email = `shared@${domain}`;
    await signIn({ claims: { sub: "first", email } });
    expect(errorOf(await signIn({ claims: { sub: "second", email } }))).toBe("sso_account_conflict");
  });

  it("sign in an operator of the gateway", async () => {
    const { domain } = await addOrganization();
    await people.add({ isOperator: true, email: `root@${domain}` });
    expect(errorOf(await signIn({ claims: { email: `root@${domain}` } }))).toBe("sso_operator");
  });

  it("open another organization of the same person", async () => {
    const { tenant, domain } = await addOrganization();
    const other = await gateway.addTenant();
    const person = await people.add({
      tenants: [{ id: other.id, role: "admin" }, { id: tenant.id }],
      email: `both@${domain}`,
    });
    const one = browser();
    await signIn({ claims: { email: person.email }, one });
    const [session] = await people.query("select tenant_id from session where user_id = $1", [person.id]);
    expect(session?.tenant_id).toBe(tenant.id);
    const switched = await one.submit(await one.go("/account"), "/account/tenant", { tenant: other.id });
    expect(errorOf(switched)).toBe("sso_required");
    // Nor add what would open it later.
    const passkey = await one.go("/account/passkeys");
    const begun = await one.submit(passkey, "/account/passkeys/begin", { name: "mine" });
    expect(begun.text).toContain("Sign-in methods cannot be changed in a session of single sign-on.");
  });

  it("sign in to another organization by its own redirect URI (a provider of tenant A in tenant B)", async () => {
    const [a, b] = [await addOrganization(), await addOrganization()];
    idp.claims = { sub: randomUUID(), email: `x@${a.domain}` };
    const one = browser();
    const callback = await reachCallback(one, `x@${a.domain}`);
    const page = await one.go(callback.pathname.replace(a.providerId, b.providerId) + callback.search);
    expect(errorOf(page)).toBe("sso_state_invalid");
    const foreign = await signIn({ claims: { email: `x@${b.domain}` }, email: `x@${a.domain}` });
    expect(errorOf(foreign)).toBe("sso_domain_unverified");
  });

  it.each<[string, Lies]>([
    ["answer in the name of another issuer in the callback (mix-up)", { iss: "https://other.example.com" }],
    [
      "answer in the name of another issuer in the token (mix-up)",
      { token: { iss: "https://o.example.com" } },
    ],
    ["answer with a token for another audience", { token: { aud: "another-client" } }],
    ["answer with a token of another sign-in (nonce replay)", { token: { nonce: "of-an-earlier-sign-in" } }],
    ["answer with an expired token", { token: { exp: Math.floor(Date.now() / 1000) - 3600 } }],
    ["answer with an unsigned token (alg none)", { sign: "none" }],
    ["answer with a token signed by the client secret (HS256 confusion)", { sign: "client-secret" }],
    ["answer with a token signed by a foreign key", { sign: "foreign-key" }],
    ["answer with a token without a subject", { token: { sub: "" } }],
    [
      "send the code exchange into a private network (SSRF)",
      { metadata: { token_endpoint: "http://10.0.0.1/token" } },
    ],
    ...INTERNAL_URLS.flatMap((url): [string, Lies][] => [
      [`have its keys fetched from ${url} (SSRF)`, { metadata: { jwks_uri: url } }],
      [
        `have its user information fetched from ${url} (SSRF)`,
        { metadata: { userinfo_endpoint: url }, token: { email: undefined } },
      ],
    ]),
  ])("%s", async (_, lies) => {
    const { domain, tenant } = await addOrganization();
    const email = `x@${domain}`;
    idp.claims = { sub: randomUUID(), email };
    const one = browser();
    const callback = await reachCallback(one, email);
    idp.lies = lies;
    if (lies.iss !== undefined) callback.searchParams.set("iss", lies.iss);
    const page = await one.go(callback.pathname + callback.search);
    expect(errorOf(page)).toBe("sso_failed");
    expect(await userOf(email)).toBeUndefined();
    const events = await people.query(
      "select event_type from security_events where tenant_id = $1 and event_type = 'sso.refused'",
      [tenant.id],
    );
    expect(events).toHaveLength(1);
  });

  it("pose as another issuer in its discovery document", async () => {
    const { domain } = await addOrganization();
    idp.lies = { metadata: { issuer: "https://other.example.com" } };
    const one = browser();
    const page = await one.submit(await one.go("/sign-in/sso"), "/sign-in/sso", {
      identifier: `x@${domain}`,
    });
    expect(errorOf(page)).toBe("sso_provider_unavailable");
  });

  it("sign in while it is disabled, and its sessions end with it", async () => {
    const { tenant, domain, providerId } = await addOrganization();
    const email = `off@${domain}`;
    const one = browser();
    await signIn({ claims: { email }, one });
    const pending = browser();
    idp.claims = { sub: randomUUID(), email: `late@${domain}` };
    const callback = await reachCallback(pending, email);
    expect(
      (await call(tenant, "PATCH", `/identity-providers/${providerId}`, { isActive: false })).status,
    ).toBe(200);
    expect(errorOf(await pending.go(callback.pathname + callback.search))).toBe("sso_provider_unavailable");
    expect(new URL((await one.go("/account")).url).pathname).toBe("/sign-in");
  });

  it("revive a removed member (just-in-time membership), whom an invitation does bring back", async () => {
    const { tenant, domain } = await addOrganization();
    const known = { sub: randomUUID(), email: `gone@${domain}` };
    await signIn({ claims: known });
    const neverHere = await people.add({ tenants: [{ id: tenant.id }], email: `pw@${domain}` });
    const removed = await userOf(known.email);
    expect((await call(tenant, "DELETE", `/members/${removed?.id}`)).status).toBe(204);
    expect((await call(tenant, "DELETE", `/members/${neverHere.id}`)).status).toBe(204);
    expect(errorOf(await signIn({ claims: known }))).toBe("sso_former_member");
    expect(errorOf(await signIn({ claims: { email: neverHere.email } }))).toBe("sso_former_member");
    await people.query("insert into tenant_members (tenant_id, user_id) values ($1, $2)", [
      tenant.id,
      removed?.id,
    ]);
    expect((await signIn({ claims: known })).url).toBe(`${gateway.url}/account`);
  });

  it("create members where just-in-time membership is off", async () => {
    const { domain } = await addOrganization({ isJitEnabled: false });
    expect(errorOf(await signIn({ claims: { email: `x@${domain}` } }))).toBe("sso_not_member");
  });
});

describe("a callback is refused", () => {
  it("a second time (state, code and PKCE replay)", async () => {
    const { domain } = await addOrganization();
    idp.claims = { sub: randomUUID(), email: `x@${domain}` };
    const one = browser();
    const callback = await reachCallback(one, `x@${domain}`);
    const cookies = new Map(one.cookies);
    expect((await one.go(callback.pathname + callback.search)).url).toBe(`${gateway.url}/account`);
    const thief = browser();
    for (const [name, value] of cookies) thief.cookies.set(name, value);
    expect(errorOf(await thief.go(callback.pathname + callback.search))).toBe("sso_state_invalid");
  });

  it("in a browser that did not begin the sign-in (login CSRF)", async () => {
    const { domain } = await addOrganization();
    idp.claims = { sub: randomUUID(), email: `x@${domain}` };
    const callback = await reachCallback(browser(), `x@${domain}`);
    const victim = browser();
    expect(errorOf(await victim.go(callback.pathname + callback.search))).toBe("sso_state_invalid");
  });

  it("with a state that the gateway did not issue", async () => {
    const { domain } = await addOrganization();
    idp.claims = { sub: randomUUID(), email: `x@${domain}` };
    idp.lies = { state: "made-up" };
    const one = browser();
    const callback = await reachCallback(one, `x@${domain}`);
    expect(errorOf(await one.go(callback.pathname + callback.search))).toBe("sso_state_invalid");
  });

  it.each(["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "/.//evil.example.com"])(
    "as an open redirect to %s",
    async (next) => {
      const { domain } = await addOrganization();
      const page = await signIn({ claims: { email: `x@${domain}` }, next });
      expect(new URL(page.url).origin).toBe(gateway.url);
    },
  );
});

describe("a domain", () => {
  it("is verified by its DNS record only, and a claim of another organization blocks no other", async () => {
    const [squatter, owner] = [await gateway.addTenant(), await gateway.addTenant()];
    const domain = `d-${randomUUID().slice(0, 8)}.example.com`;
    const claimed = await call(squatter, "POST", "/verified-domains", { domain });
    const refused = await call(squatter, "POST", `/verified-domains/${claimed.body.id}/verify`);
    expect(refused.status).toBe(409);
    expect(String(refused.body.detail)).toContain(`_mcp-gateway.${domain}`);
    const ownerDomain = await verifyDomain(owner, domain);
    expect(ownerDomain).not.toBe(claimed.body.id);
    // Even with the record, a second organization cannot have it.
    idp.txt.set(`_mcp-gateway.${domain}`, [`"mcp-gateway-verification=${claimed.body.token}"`]);
    const second = await call(squatter, "POST", `/verified-domains/${claimed.body.id}/verify`);
    expect(second.status).toBe(409);
    expect(String(second.body.detail)).toContain("verified by another organization");
  });
});

describe("required single sign-on", () => {
  const password = (email: string, one = browser()) => one.signIn({ identifier: email, password: PASSWORD });

  it("ends other sessions and refuses passwords, except of the break-glass account and of other domains", async () => {
    const { tenant, domain, domainId } = await addOrganization();
    const member = await people.add({ tenants: [{ id: tenant.id }], email: `m@${domain}` });
    const admin = await people.add({ tenants: [{ id: tenant.id, role: "admin" }], email: `a@${domain}` });
    const guest = await people.add({ tenants: [{ id: tenant.id }] });
    const one = browser();
    await password(member.email, one);
    const require = (more: object) =>
      call(tenant, "PATCH", `/verified-domains/${domainId}`, { isSsoRequired: true, ...more });
    expect((await require({})).status).toBe(400);
    expect((await require({ breakGlassUserId: member.id })).status).toBe(400);
    expect((await require({ breakGlassUserId: admin.id })).status).toBe(200);
    expect(new URL((await one.go("/account")).url).pathname).toBe("/sign-in");
    expect((await password(member.email)).text).toContain("Your organization requires single sign-on.");
    expect((await password(admin.email)).url).toBe(`${gateway.url}/admin`);
    expect((await password(guest.email)).url).toBe(`${gateway.url}/admin`);
    expect((await signIn({ claims: { email: member.email } })).url).toBe(`${gateway.url}/account`);
  });

  it("cannot be set for a domain that is not verified", async () => {
    const tenant = await gateway.addTenant();
    const claimed = await call(tenant, "POST", "/verified-domains", { domain: "claimed.example.com" });
    const admin = await people.add({ tenants: [{ id: tenant.id, role: "admin" }] });
    const values = { isSsoRequired: true, breakGlassUserId: admin.id };
    expect((await call(tenant, "PATCH", `/verified-domains/${claimed.body.id}`, values)).status).toBe(400);
  });

  it("keeps a session of another organization out of this one", async () => {
    const { tenant, domain, domainId } = await addOrganization();
    const other = await gateway.addTenant();
    const admin = await people.add({ tenants: [{ id: tenant.id, role: "admin" }], email: `a@${domain}` });
    const person = await people.add({ tenants: [{ id: other.id }], email: `n@${domain}` });
    const one = browser();
    await password(person.email, one);
    const values = { isSsoRequired: true, breakGlassUserId: admin.id };
    await call(tenant, "PATCH", `/verified-domains/${domainId}`, values);
    await people.query("insert into tenant_members (tenant_id, user_id) values ($1, $2)", [
      tenant.id,
      person.id,
    ]);
    const switched = await one.submit(await one.go("/account"), "/account/tenant", { tenant: tenant.id });
    expect(errorOf(switched)).toBe("sso_required");
  });
});
