/** How people come to be here: the setup link, invitations, and accounts elsewhere. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createShutdown } from "../../../scripts/run/shutdown.ts";
import { startThrowAwayDatabase } from "../../../scripts/run/throw-away-database.ts";
import { type Page, TestBrowser } from "../../fixtures/browser.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import { type OidcStandIn, startOidcStandIn } from "../../fixtures/oidc.ts";
import { connectPeople, PASSWORD, type TestPeople, type TestPerson } from "../../fixtures/people.ts";

let gateway: TestGateway;
let people: TestPeople;
let tenant: TestTenant;
let elsewhere: OidcStandIn;

beforeAll(async () => {
  elsewhere = await startOidcStandIn();
  gateway = await startGateway(databaseOfThisRun(), elsewhere.variables);
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant();
});
afterAll(async () => {
  await people.close();
  await gateway.close();
  await elsewhere.close();
});

const browser = (origin = gateway.url) => new TestBrowser(origin);
const signedIn = async (person: { email: string }) => {
  const one = browser();
  await one.signIn({ identifier: person.email, password: PASSWORD });
  return one;
};
const api = async (who: TestBrowser, method: string, path: string, json?: unknown) => {
  const answer = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: {
      origin: gateway.url,
      "if-match": "*",
      cookie: [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      ...(json !== undefined && { "content-type": "application/json" }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
};
const someone = () => `someone-${crypto.randomUUID().slice(0, 8)}@example.com`;

describe("the first start", () => {
  it("makes the first admin by the link in the log, once, and only by it", async () => {
    const shutdown = createShutdown();
    const database = await startThrowAwayDatabase(shutdown);
    const fresh = await startGateway(database);
    try {
      const one = browser(fresh.url);
      expect((await one.go("/sign-in")).url).toBe(`${fresh.url}/setup`);
      await one.go("/sign-in");
      const links = [...readFileSync(fresh.logFile, "utf8").matchAll(/\/setup\?token=[\w-]{43}/g)];
      expect(links.length, "one link, however many look").toBe(1);
      const answers = {
        name: "First",
        email: "first@example.com",
        password: PASSWORD,
        tenantName: "Acme",
        tenantSlug: "acme",
      };
      const wrong = await one.submit(await one.go(`/setup?token=${"w".repeat(43)}`), "/setup", answers);
      expect(wrong.status).toBe(403);
      const page = await one.go(links[0]?.[0] ?? "");
      const weak = await one.submit(page, "/setup", { ...answers, password: "short" });
      expect(weak.status).toBe(400);
      const named = await one.submit(page, "/setup", { ...answers, password: "First-Acme-2026" });
      expect([named.status, named.text]).toEqual([400, expect.stringContaining("known names")]);
      const done = await one.submit(page, "/setup", answers);
      expect(done.url).toBe(`${fresh.url}/sign-in`);
      expect((await browser(fresh.url).submit(page, "/setup", answers)).status).toBe(403);
      await one.signIn({ identifier: "first@example.com", password: PASSWORD });
      expect(JSON.parse((await one.go("/api/v1/me")).text)).toMatchObject({ role: "admin" });
      expect((await one.go("/api/v1/tenants")).status).toBe(200);
      expect((await one.go("/setup")).url).toBe(`${fresh.url}/admin`);
    } finally {
      await fresh.close();
      await shutdown.run(0);
    }
  });
});

describe("an invitation", () => {
  let admin: TestPerson;
  let desk: TestBrowser;
  beforeAll(async () => {
    admin = await people.add({ tenants: [{ id: tenant.id, role: "admin" }] });
    desk = await signedIn(admin);
  });

  const invite = async (email: string, role = "user") => {
    const answer = await api(desk, "POST", "/invitations", { email, role });
    expect(answer.status).toBe(201);
    expect(JSON.stringify(answer.body)).not.toContain("token");
    return { id: String(answer.body.id), ...(await people.mailTo(email)) };
  };

  it("makes an account of the address, in the tenant, in the role, once", async () => {
    const email = someone();
    const { link, subject } = await invite(email, "readonly");
    expect(subject).toContain(tenant.slug);
    const one = browser();
    const page = await one.go(link);
    expect(page.text).toContain(email);
    const weak = await one.submit(page, "/invitation/new", { name: "New", password: "welcome123456" });
    expect([weak.status, weak.text]).toEqual([400, expect.stringContaining("too common")]);
    const joined = await one.submit(page, "/invitation/new", { name: "New", password: PASSWORD });
    // Accepting signs in.
    expect(joined.url).toBe(`${gateway.url}/admin`);
    expect(JSON.parse((await one.go("/api/v1/me")).text)).toMatchObject({
      tenantId: tenant.id,
      role: "readonly",
    });
    expect((await browser().go(link)).status).toBe(400);
    const [row] = await people.query('select role from "user" where email = $1', [email]);
    expect(row?.role, "a tenant's role is not the gateway's").toBe("user");
  });

  it("is taken by one of many who come at once", async () => {
    const { link } = await invite(someone());
    const page = await browser().go(link);
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const one = browser();
        return one.submit(await one.go(link), "/invitation/new", { name: "Racer", password: PASSWORD });
      }).map((answer) => answer.catch(() => page)),
    );
    expect(answers.filter(({ url }) => url === `${gateway.url}/admin`).length).toBe(1);
  });

  it("stays open while the plan of the organization has no room, of several accepted at once too", async () => {
    const small = await gateway.addTenant();
    const inviter = await people.add({ tenants: [{ id: small.id, role: "admin" }] });
    const theirDesk = await signedIn(inviter);
    const links: string[] = [];
    for (const email of [someone(), someone(), someone()]) {
      expect((await api(theirDesk, "POST", "/invitations", { email })).status).toBe(201);
      links.push((await people.mailTo(email)).link);
    }
    const allow = (more: number) =>
      people.query(
        `update tenants set plan_limits = jsonb_build_object('members', $2::int + (
           select count(*) from tenant_members where tenant_id = tenants.id)) where id = $1`,
        [small.id, more],
      );
    const accept = async (link: string) => {
      const one = browser();
      return one.submit(await one.go(link), "/invitation/new", { name: "New", password: PASSWORD });
    };
    await allow(1);
    const pages = await Promise.all(links.map(accept));
    const rejected = links.filter((_, index) => pages[index]?.url !== `${gateway.url}/admin`);
    expect(rejected).toHaveLength(2);
    expect(pages.filter(({ text }) => text.includes("as many members as its plan allows"))).toHaveLength(2);
    await allow(2);
    for (const link of rejected) expect((await accept(link)).url).toBe(`${gateway.url}/admin`);
  });

  it("is for the holder of the address, also when forwarded", async () => {
    const person = await people.add();
    const { link } = await invite(person.email);
    const other = await signedIn(await people.add());
    const page = await other.go(link);
    expect(page.text).toContain("was sent to a different email");
    const form = { token: new URL(link, gateway.url).searchParams.get("token") ?? "" };
    const token = page.forms.find(({ action }) => action === "/sign-out")?.fields.form_token ?? "";
    const forced = await other.go("/invitation", { method: "POST", form: { ...form, form_token: token } });
    expect(forced.status).toBe(400);
    const one = browser();
    const asked = await one.go(link);
    expect(asked.text).toContain("Sign in to join");
    const back = await one.signIn({ identifier: person.email, password: PASSWORD }, link);
    const joined = await one.submit(back, "/invitation");
    expect(joined.url).toBe(`${gateway.url}/admin`);
    expect(joined.text).toContain(tenant.slug);
  });

  it("is sent again with a new link, and withdrawn", async () => {
    const email = someone();
    const first = await invite(email);
    expect((await api(desk, "POST", "/invitations", { email })).status).toBe(409);
    expect((await api(desk, "POST", `/invitations/${first.id}/resend`)).body).toMatchObject({ sentCount: 2 });
    const second = await people.mailTo(email);
    expect(second.link).not.toBe(first.link);
    expect((await browser().go(first.link)).status).toBe(400);
    expect((await browser().go(second.link)).status).toBe(200);
    expect((await api(desk, "DELETE", `/invitations/${first.id}`)).status).toBe(204);
    expect((await browser().go(second.link)).status).toBe(400);
  });

  it("is rejected by the holder of its link, once", async () => {
    const { link, id } = await invite(someone());
    const one = browser();
    const rejected = await one.submit(await one.go(link), "/invitation/reject");
    expect([rejected.status, rejected.text]).toEqual([200, expect.stringContaining("Invitation rejected.")]);
    expect((await browser().go(link)).status).toBe(400);
    expect((await api(desk, "GET", `/invitations/${id}`)).body).toMatchObject({ status: "rejected" });
    const [entry] = (await api(desk, "GET", `/audit-logs?resourceId=${id}&action=invitation.rejected`)).body
      .items;
    expect(entry).toMatchObject({ success: true });
    expect((await api(desk, "POST", `/invitations/${id}/resend`)).status).toBe(404);
  });

  it("is not rejected by another user to whom it was forwarded", async () => {
    const { link, id } = await invite(someone());
    const other = await signedIn(await people.add());
    const page = await other.go(link);
    expect(page.forms.some(({ action }) => action === "/invitation/reject")).toBe(false);
    const token = page.forms.find(({ action }) => action === "/sign-out")?.fields.form_token ?? "";
    const form = { token: new URL(link, gateway.url).searchParams.get("token") ?? "", form_token: token };
    expect((await other.go("/invitation/reject", { method: "POST", form })).status).toBe(400);
    expect((await api(desk, "GET", `/invitations/${id}`)).body).toMatchObject({ status: "pending" });
  });

  it("expires", async () => {
    const { link, id } = await invite(someone());
    await people.query("update tenant_invitations set expires_at = now() where id = $1", [id]);
    expect((await browser().go(link)).status).toBe(400);
  });

  it("cannot be guessed at leisure", async () => {
    const guesser = browser();
    const statuses: number[] = [];
    for (let guess = 0; guess < 13; guess += 1) {
      statuses.push((await guesser.go(`/invitation?token=guess-${guess}`)).status);
    }
    expect(statuses.at(-1)).toBe(429);
    const events = await people.query("select event_type from security_events where ip_address = $1", [
      guesser.ip,
    ]);
    expect(events.map(({ event_type }) => event_type)).toContain("invitation.blocked");
  });

  it("finds no room beyond the plan", async () => {
    const small = await gateway.addTenant();
    await people.query(`update tenants set plan_limits = '{"members": 1}' where id = $1`, [small.id]);
    const one = await signedIn(await people.add({ tenants: [{ id: small.id, role: "admin" }] }));
    expect((await api(one, "POST", "/invitations", { email: someone() })).status).toBe(409);
  });
});

describe("members", () => {
  it("keep at least one admin of the tenant", async () => {
    const own = await gateway.addTenant();
    const first = await people.add({ tenants: [{ id: own.id, role: "admin" }] });
    const second = await people.add({ tenants: [{ id: own.id }] });
    const one = await signedIn(first);
    expect((await api(one, "PATCH", `/members/${first.id}`, { role: "user" })).status).toBe(409);
    expect((await api(one, "DELETE", `/members/${first.id}`)).status).toBe(409);
    expect((await api(one, "PATCH", `/members/${second.id}`, { role: "admin" })).status).toBe(200);
    expect((await api(one, "PATCH", `/members/${first.id}`, { role: "user" })).status).toBe(200);
    expect((await api(one, "PATCH", `/members/${first.id}`, { role: "admin" })).status).toBe(403);
  });
});

describe("a tenant", () => {
  it("is created, suspended and archived by operators only", async () => {
    const runner = await people.add({ isOperator: true });
    const operator = await signedIn(runner);
    const slug = `made-${crypto.randomUUID().slice(0, 8)}`;
    const made = await api(operator, "POST", "/tenants", { name: "Made", slug, planLimits: { members: 5 } });
    expect(made).toMatchObject({ status: 201, body: { slug, status: "active", planLimits: { members: 5 } } });
    expect((await api(operator, "POST", "/tenants", { name: "Again", slug })).status).toBe(409);
    const { id } = made.body;
    const rules = await people.query(
      "select metric, channels->0->>'to' as email from performance_alerts where tenant_id = $1 order by metric",
      [id],
    );
    expect(rules.map(({ metric }) => metric)).toEqual([
      ...["budget_used", "error_rate", "key_quota", "server_breaker", "server_health"],
    ]);
    expect(new Set(rules.map(({ email }) => email))).toEqual(new Set([runner.email]));
    const person = await people.add({ tenants: [{ id, role: "admin" }] });
    const one = await signedIn(person);
    expect((await api(one, "POST", `/tenants/${id}/suspend`)).status).toBe(403);
    expect((await api(one, "GET", "/tenant")).status).toBe(200);

    expect((await api(operator, "POST", `/tenants/${id}/suspend`)).body).toMatchObject({
      status: "suspended",
    });
    const until = Date.now() + 1100;
    let status = 0;
    do ({ status } = await api(one, "GET", "/tenant"));
    while (status === 200 && Date.now() < until);
    expect(status).toBe(401);
    expect((await one.go("/account")).text).toContain("(suspended)");
    expect((await api(operator, "POST", `/tenants/${id}/resume`)).body).toMatchObject({ status: "active" });
    expect((await api(operator, "POST", `/tenants/${id}/archive`)).body).toMatchObject({
      status: "archived",
    });
    expect((await api(operator, "POST", `/tenants/${id}/resume`)).status).toBe(409);
    const audit = await people.query(
      "select action from audit_logs where tenant_id = $1 and success and action like 'tenants.%' order by timestamp",
      [id],
    );
    expect(audit.map(({ action }) => action)).toEqual([
      "tenants.create",
      "tenants.suspend",
      "tenants.resume",
      "tenants.archive",
    ]);
  });

  it("changes its own name and settings, and neither its weight nor its plan", async () => {
    const own = await gateway.addTenant();
    const one = await signedIn(await people.add({ tenants: [{ id: own.id, role: "admin" }] }));
    const changed = await api(one, "PATCH", "/tenant", {
      name: "Renamed",
      timeZone: "Europe/Vienna",
      settings: { legacyKeys: false },
    });
    expect(changed.body).toMatchObject({
      name: "Renamed",
      timeZone: "Europe/Vienna",
      settings: { legacyKeys: false, anonymousAccess: false },
    });
    for (const json of [
      { weight: 9 },
      { planLimits: {} },
      { status: "active" },
      { timeZone: "Mars/Olympus" },
    ]) {
      expect((await api(one, "PATCH", "/tenant", json)).status).toBe(400);
    }
  });
});

describe("an account elsewhere", () => {
  const providers = ["github", "google", "microsoft"] as const;
  let count = 0;
  const be = (email: string, verified = true) => {
    count += 1;
    elsewhere.account = { id: 1000 + count, login: `octo${count}`, name: "Octo Cat", email, verified };
  };
  /** The stand-in is another site: the browser leaves, and comes back with what it brings. */
  const through = async (one: TestBrowser, from: Page, action: string): Promise<Page> => {
    one.leftFor = undefined;
    await one.submit(from, action);
    const answer = await fetch(one.leftFor ?? "", { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    expect(back.origin).toBe(gateway.url);
    return one.go(back.pathname + back.search);
  };

  it.each(providers)("at %s signs in the person who has connected it", async (provider) => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    be(person.email);
    const desk = await signedIn(person);
    await through(desk, await desk.go("/account/providers"), `/account/providers/${provider}`);
    const one = browser();
    const page = await through(one, await one.go("/sign-in"), `/sign-in/with/${provider}`);
    expect(page.url).toBe(`${gateway.url}/admin`);
    expect(page.text).toContain(person.email);
    const [row] = await people.query('select auth_provider, auth_provider_id from "user" where id = $1', [
      person.id,
    ]);
    expect(row).toEqual({ auth_provider: provider, auth_provider_id: String(elsewhere.account.id) });
    const [account] = await people.query(
      "select access_token from account where user_id = $1 and provider_id = $2",
      [person.id, provider],
    );
    expect(String(account?.access_token), "kept sealed").not.toMatch(/^[0-9a-f-]{36}$/);
  });

  it("refuses users who are not invited, and addresses that are not verified", async () => {
    be(someone());
    const one = browser();
    expect((await through(one, await one.go("/sign-in"), "/sign-in/with/github")).url).toContain(
      "/sign-in/error",
    );
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    be(person.email, false);
    const two = browser();
    expect((await through(two, await two.go("/sign-in"), "/sign-in/with/github")).url).toContain(
      "/sign-in/error",
    );
    expect((await two.go("/account")).url).toContain("/sign-in");
  });

  it("joins by an invitation to its address, and by none to another's", async () => {
    const desk = await signedIn(await people.add({ tenants: [{ id: tenant.id, role: "admin" }] }));
    const email = someone();
    await api(desk, "POST", "/invitations", { email });
    const { link } = await people.mailTo(email);
    be(someone());
    const stranger = browser();
    expect((await through(stranger, await stranger.go(link), "/sign-in/with/github")).url).toContain(
      "/sign-in/error",
    );
    be(email);
    const one = browser();
    const page = await through(one, await one.go(link), "/sign-in/with/github");
    expect(page.url).toContain("/invitation?token=");
    const joined = await one.submit(page, "/invitation");
    expect(joined.text).toContain(tenant.slug);
  });

  it("is not taken from an answer that was begun in another browser", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    be(person.email);
    const attacker = browser();
    await attacker.submit(await attacker.go("/sign-in"), "/sign-in/with/github");
    const answer = await fetch(attacker.leftFor ?? "", { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    const victim = browser();
    const page = await victim.go(back.pathname + back.search);
    expect(page.url).toContain("/sign-in/error");
    expect((await victim.go("/account")).url).toContain("/sign-in");
  });
});

describe("a user's own account", () => {
  it("has a name and a username, by which its user signs in, and a session shows how it began", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id, role: "user" }] });
    const one = await signedIn(person);
    const username = `Grace.${crypto.randomUUID().slice(0, 8)}`;
    const wrong = await one.submit(await one.go("/account/profile"), "/account/profile", {
      name: "Grace",
      username: "a b",
    });
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining("must have 3 to 64 letters")]);
    const saved = await one.submit(wrong, "/account/profile", { name: "Grace Example", username });
    expect(saved.text).toContain("Profile saved.");
    expect(saved.text).toContain("Grace Example");
    const again = browser();
    await again.signIn({ identifier: username.toUpperCase(), password: PASSWORD });
    expect((await again.go("/account/profile")).text).toContain(username);
    expect((await again.go("/account/sessions")).text).toContain("<td>password</td>");
    const other = await signedIn(await people.add());
    const taken = await other.submit(await other.go("/account/profile"), "/account/profile", {
      name: "Eve",
      username: username.toLowerCase(),
    });
    expect([taken.status, taken.text]).toEqual([422, expect.stringContaining("This username is taken.")]);
  });
});
