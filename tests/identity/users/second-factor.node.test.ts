/** The second factor means a second factor: behind providers, before changes of credentials, and against guesses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { sha256Hex } from "../../../src/core/digest.ts";
import { clientPrefix } from "../../../src/core/limits/failed-auth-throttle.ts";
import { type Page, TestBrowser } from "../../fixtures/browser.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import { obtainTokens, register } from "../../fixtures/oauth.ts";
import { type OidcStandIn, startOidcStandIn } from "../../fixtures/oidc.ts";
import {
  connectPeople,
  nextTotp,
  PASSWORD,
  type TestPeople,
  type TestPerson,
} from "../../fixtures/people.ts";

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

const browser = () => new TestBrowser(gateway.url);
const cookieOf = (one: TestBrowser) => [...one.cookies].map(([name, value]) => `${name}=${value}`).join("; ");

async function signedIn(person: { email: string }): Promise<TestBrowser> {
  const one = browser();
  await one.signIn({ identifier: person.email, password: PASSWORD });
  return one;
}

const newPerson = () => people.add({ tenants: [{ id: tenant.id, role: "admin" }] });

let accounts = 5000;
function beAt(email: string, verified = true): void {
  accounts += 1;
  elsewhere.account = { id: accounts, login: `octo${accounts}`, name: "Octo Cat", email, verified };
}

/** Follows the provider's redirects, which the browser leaves for, back to the gateway. */
async function throughProvider(one: TestBrowser, from: Page, action: string): Promise<Page> {
  one.leftFor = undefined;
  await one.submit(from, action);
  const answer = await fetch(one.leftFor ?? "", { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  return one.go(back.pathname + back.search);
}

async function connectProvider(one: TestBrowser, person: TestPerson): Promise<void> {
  beAt(person.email);
  const page = await throughProvider(one, await one.go("/account/providers"), "/account/providers/github");
  expect(page.url).toBe(`${gateway.url}/account/providers`);
}

async function turnOnSecondFactor(one: TestBrowser): Promise<string> {
  const page = await one.go("/account/second-factor");
  const begun = await one.submit(page, "/account/second-factor/begin", { password: PASSWORD });
  const secret = /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(begun.text)?.[1] ?? "";
  const code = await nextTotp(secret);
  const done = await one.submit(begun, "/account/second-factor/confirm", { code, stored: "yes" });
  expect(done.text).toContain("Two-factor authentication is on.");
  return secret;
}

const auditOf = (person: TestPerson, ...actions: string[]) =>
  people.query(
    `select action, tenant_id, details->>'method' as method, details->>'secondFactor' as second_factor
     from audit_logs where user_id = $1 and action = any($2) order by sequence`,
    [person.id, actions],
  );

const ageSessions = (person: TestPerson) =>
  people.query("update session set created_at = now() - interval '16 minutes' where user_id = $1", [
    person.id,
  ]);

const post = (one: TestBrowser, path: string, json: unknown) =>
  fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: {
      origin: gateway.url,
      "content-type": "application/json",
      cookie: cookieOf(one),
      "cf-connecting-ip": one.ip,
    },
    body: JSON.stringify(json),
  });

describe("sign-in through a provider", () => {
  it("does not skip the second factor", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    await connectProvider(one, person);
    const secret = await turnOnSecondFactor(one);

    const two = browser();
    const asked = await throughProvider(two, await two.go("/sign-in"), "/sign-in/with/github");
    expect(asked.url).toContain("/sign-in/second-factor");
    expect((await two.go("/account")).url).toContain("/sign-in");
    expect((await post(two, "/api/v1/keys", { name: "x" })).status).toBe(401);
    const page = await two.go(asked.url);
    const wrong = await two.submit(page, "/sign-in/second-factor", { code: "000000" });
    expect(wrong.status).toBe(401);
    const entered = await two.submit(page, "/sign-in/second-factor", { code: await nextTotp(secret) });
    expect(entered.url).toBe(`${gateway.url}/admin`);
  });

  it("does not link an account silently because the addresses are the same", async () => {
    const person = await newPerson();
    beAt(person.email);
    const one = browser();
    const page = await throughProvider(one, await one.go("/sign-in"), "/sign-in/with/github");
    expect(page.url).toContain("/sign-in/error");
    expect(page.text).toContain("connect the provider under Account");
    expect((await one.go("/account")).url).toContain("/sign-in");
    const rows = await people.query("select provider_id from account where user_id = $1", [person.id]);
    expect(rows).toEqual([{ provider_id: "credential" }]);
  });
});

describe("connecting a provider account", () => {
  it("is notified to the user by mail, and recorded", async () => {
    const person = await newPerson();
    await connectProvider(await signedIn(person), person);
    await expect
      .poll(async () => (await people.mailTo(person.email)).subject)
      .toBe("A GitHub account was connected to your account");
    const events = await people.query(
      "select event_type, details from security_events where user_id = $1 and event_type = 'account.linked'",
      [person.id],
    );
    expect(events).toEqual([{ event_type: "account.linked", details: { provider: "github" } }]);
    const audit = await people.query(
      "select action from audit_logs where user_id = $1 and action = 'account.linked'",
      [person.id],
    );
    expect(audit.length).toBe(1);
  });

  it("accepts an account of the same verified address that is no other user's", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    beAt("another@example.com");
    const other = await throughProvider(one, await one.go("/account/providers"), "/account/providers/github");
    expect(other.text).toContain("a different email address");
    beAt(person.email, false);
    const unchecked = await throughProvider(
      one,
      await one.go("/account/providers"),
      "/account/providers/github",
    );
    expect(unchecked.text).toContain("has not verified this email address");
  });

  it("ends when it is disconnected: the provider account signs in no more", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    await connectProvider(one, person);
    await one.submit(await one.go("/account/providers"), "/account/providers/github/disconnect");
    const two = browser();
    const page = await throughProvider(two, await two.go("/sign-in"), "/sign-in/with/github");
    expect(page.url).toContain("/sign-in/error");
    const [row] = await people.query('select auth_provider from "user" where id = $1', [person.id]);
    expect(row).toEqual({ auth_provider: null });
  });
});

describe("a sign-in that is not recent", () => {
  it("mints no key", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    const made = await post(one, "/api/v1/keys", { name: "fresh" });
    expect(made.status).toBe(201);
    const { key } = z.object({ key: z.object({ id: z.string() }) }).parse(await made.json());
    await ageSessions(person);
    const stale = await signedInAged(person);
    const refused = await post(stale, "/api/v1/keys", { name: "stale" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ missing: { authentication: "recent" } });
    expect((await post(stale, `/api/v1/keys/${key.id}/rotate`, {})).status).toBe(403);
    expect((await stale.go("/admin/keys/new")).url).toContain("again=yes");
  });

  it("changes neither the password nor the second factor nor connected accounts", async () => {
    const person = await newPerson();
    const stale = await signedInAged(person);
    for (const path of ["/account/password", "/account/second-factor", "/account/providers"]) {
      expect((await stale.go(path)).url, path).toContain("again=yes");
    }
    const changed = await post(stale, "/api/auth/change-password", {
      currentPassword: PASSWORD,
      newPassword: "another horse another battery",
    });
    expect([changed.status, await changed.json()]).toMatchObject([403, { code: "SIGN_IN_AGAIN" }]);
  });

  it("becomes recent by signing in again, with the second factor though the device is trusted", async () => {
    const person = await newPerson();
    const secret = await turnOnSecondFactor(await signedIn(person));
    const one = browser();
    const asked = await one.signIn({ identifier: person.email, password: PASSWORD });
    await one.submit(asked, "/sign-in/second-factor", { code: await nextTotp(secret), trust: "yes" });
    await ageSessions(person);
    const again = await one.go("/account/password");
    expect(again.text).toContain("Sign in again to continue");
    const page = await one.submit(again, "/sign-in", { identifier: person.email, password: PASSWORD });
    expect(page.url).toContain("/sign-in/second-factor");
    const done = await one.submit(page, "/sign-in/second-factor", { code: await nextTotp(secret) });
    expect(done.url).toBe(`${gateway.url}/account/password`);
  });
});

/** Sessions are cached by cookie in the isolate only, so the session is aged before its first REST request. */
async function signedInAged(person: TestPerson): Promise<TestBrowser> {
  const one = await signedIn(person);
  await ageSessions(person);
  return one;
}

describe("guessing a password", () => {
  const guess = (path: string, ip: string, body: Record<string, string>) =>
    fetch(`${gateway.url}/api/auth${path}`, {
      method: "POST",
      headers: { origin: gateway.url, "content-type": "application/json", "cf-connecting-ip": ip },
      body: JSON.stringify(body),
    });

  /** The first waits are shorter than a busy machine may take for the next guess, so the wait that began is made longer. */
  async function prolongWait(what: "login" | "password", person: TestPerson, ip: string): Promise<void> {
    const prolonged = await people.query(
      `update auth_attempts set blocked_until = now() + interval '1 hour'
       where key = $1 and blocked_until is not null returning key`,
      [await sha256Hex(`${what} pair ${person.id} ${clientPrefix(ip)}`)],
    );
    expect(prolonged, "a wait has begun").toHaveLength(1);
  }

  it("is not freed by a member that the endpoint does not read, nor by moving inside a /64", async () => {
    const name = `guessed${Date.now()}`;
    const person = await people.add({ tenants: [{ id: tenant.id }], username: name });
    const statuses: number[] = [];
    for (let at = 0; at < 12; at += 1) {
      if (at === 6) await prolongWait("login", person, "2001:db8:5:6::1");
      const email = `${crypto.randomUUID()}@example.com`;
      const body = { username: name, email, password: `guess number ${at}` };
      const answer = await guess("/sign-in/username", `2001:db8:5:6::${at + 1}`, body);
      statuses.push(answer.status);
    }
    expect(statuses.slice(6)).toEqual(Array(6).fill(429));
    const byEmail = await guess("/sign-in/email", "2001:db8:5:6::ff", {
      email: person.email,
      password: PASSWORD,
    });
    expect(byEmail.status, "the same account by its address").toBe(429);
  });

  it("of a person who is signed in is limited too", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    const statuses: number[] = [];
    for (let at = 0; at < 10; at += 1) {
      if (at === 6) await prolongWait("password", person, one.ip);
      const answer = await post(one, "/api/auth/change-password", {
        currentPassword: `guess number ${at}`,
        newPassword: "another horse another battery",
      });
      statuses.push(answer.status);
    }
    expect(statuses.slice(0, 6)).toEqual(Array(6).fill(400));
    expect(statuses.slice(6)).toEqual(Array(4).fill(429));
    const [page] = [await one.go("/account/second-factor")];
    const blocked = await one.submit(page, "/account/second-factor/begin", { password: PASSWORD });
    expect(blocked.status).toBe(429);
  });
});

describe("anonymous posts without a form of ours", () => {
  it("make a bounded number of security events", async () => {
    const ip = "2001:db8:77:1::1";
    for (let at = 0; at < 200; at += 1) {
      const answer = await fetch(`${gateway.url}/sign-in`, {
        method: "POST",
        headers: {
          origin: gateway.url,
          "content-type": "application/x-www-form-urlencoded",
          "cf-connecting-ip": ip,
        },
        body: "identifier=a&password=b",
      });
      // Refused for its form, and after a while for its address.
      expect([403, 429]).toContain(answer.status);
    }
    const [row] = await people.query(
      "select count(*)::int as rows, max((details->>'occurrences')::int) as most from security_events where ip_address = $1",
      [ip],
    );
    // One row for each doubling, of the refusals that the limit of the address let through.
    expect(row?.rows).toBeLessThanOrEqual(14);
    expect(row?.most).toBeGreaterThan(16);
  });
});

describe("a path to go on to after signing in", () => {
  it.each([
    "/.//evil.example/x",
    "//evil.example",
    "/%2e//evil.example",
    "/x/..//evil.example",
    "/\\evil.example",
  ])("never leads to another site: %s", async (next) => {
    const person = await newPerson();
    const page = await browser().signIn({ identifier: person.email, password: PASSWORD }, next);
    expect(page.url).toBe(`${gateway.url}/admin`);
  });
});

describe("setting up the second factor", () => {
  it("keeps the QR code and the backup codes after a wrong code, and until they are stored", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    const begun = await one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
      password: PASSWORD,
    });
    const shown = (page: Page) => ({
      code: /<path d="(M[^"]+)"/.exec(page.text)?.[1],
      secret: /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(page.text)?.[1],
      codes: /<pre id="backup-codes">([^<]+)<\/pre>/.exec(page.text)?.[1],
    });
    const first = shown(begun);
    expect(first.codes?.split("\n")).toHaveLength(10);
    expect(first.code).toBeDefined();

    const wrong = await one.submit(begun, "/account/second-factor/confirm", {
      code: "000000",
      stored: "yes",
    });
    expect(wrong.status).toBe(401);
    expect(shown(wrong)).toEqual(first);
    const notStored = await one.submit(wrong, "/account/second-factor/confirm", {
      code: await nextTotp(first.secret ?? ""),
    });
    expect(notStored.status).toBe(422);
    expect(shown(notStored)).toEqual(first);
    const done = await one.submit(notStored, "/account/second-factor/confirm", {
      code: await nextTotp(first.secret ?? ""),
      stored: "yes",
    });
    expect(done.text).toContain("Two-factor authentication is on.");
  });

  it("does not take the setup of another session", async () => {
    const [mine, other] = [await signedIn(await newPerson()), await signedIn(await newPerson())];
    const begin = async (one: TestBrowser) =>
      one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
        password: PASSWORD,
      });
    const theirs = await begin(other);
    const sealed = theirs.forms.find(({ action }) => action === "/account/second-factor/confirm");
    const answer = await mine.submit(await begin(mine), "/account/second-factor/confirm", {
      setup: sealed?.fields.setup ?? "",
      code: "123456",
      stored: "yes",
    });
    expect(answer.url).toBe(`${gateway.url}/account/second-factor`);
    expect(answer.text).not.toContain("backup-codes");
  });
});

describe("a code of an authenticator app", () => {
  it("completes one of several sign-ins that present it at once, and none later", async () => {
    const person = await newPerson();
    const secret = await turnOnSecondFactor(await signedIn(person));
    const asked = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const one = browser();
        return { one, page: await one.signIn({ identifier: person.email, password: PASSWORD }) };
      }),
    );
    const code = await nextTotp(secret);
    const present = ({ one, page }: (typeof asked)[number]) =>
      one.submit(page, "/sign-in/second-factor", { code });
    const answers = await Promise.all(asked.slice(0, 3).map(present));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, 401, 401]);
    const later = await Promise.all(asked.slice(3).map(present));
    expect(later[0]?.status).toBe(401);
    const events = await people.query(
      "select description from security_events where user_id = $1 and event_type = 'second-factor.failed'",
      [person.id],
    );
    expect(events).toHaveLength(3);
    expect(events[0]).toEqual({ description: "The two-factor code had been used already." });
  });

  it("that turned the second factor on does not sign in", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    const begun = await one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
      password: PASSWORD,
    });
    const secret = /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(begun.text)?.[1] ?? "";
    const code = await nextTotp(secret);
    await one.submit(begun, "/account/second-factor/confirm", { code, stored: "yes" });
    const two = browser();
    const asked = await two.signIn({ identifier: person.email, password: PASSWORD });
    expect((await two.submit(asked, "/sign-in/second-factor", { code })).status).toBe(401);
    const next = await two.submit(asked, "/sign-in/second-factor", { code: await nextTotp(secret) });
    expect(next.url).toBe(`${gateway.url}/admin`);
  });
});

describe("the audit log of the organization", () => {
  it("has each completed sign-in with its method, and each change of the second factor", async () => {
    const person = await newPerson();
    const one = await signedIn(person);
    const secret = await turnOnSecondFactor(one);
    const two = browser();
    const challenge = await two.signIn({ identifier: person.email, password: PASSWORD });
    expect(await auditOf(person, "user.signed-in")).toHaveLength(1);
    await two.submit(challenge, "/sign-in/second-factor", { code: await nextTotp(secret), trust: "yes" });
    await two.submit(await two.go("/account"), "/sign-out");
    await two.signIn({ identifier: person.email, password: PASSWORD });
    const settings = await two.go("/account/second-factor");
    await two.submit(settings, "/account/second-factor/codes", { password: PASSWORD });
    await two.submit(settings, "/account/second-factor/end", { password: PASSWORD });
    const rows = await auditOf(
      person,
      "user.signed-in",
      "second-factor.enabled",
      "second-factor.codes-replaced",
      "second-factor.disabled",
    );
    expect(rows).toEqual(
      [
        ["user.signed-in", "password", null],
        ["second-factor.enabled", null, null],
        ["user.signed-in", "authenticator app", null],
        ["user.signed-in", "password", "trusted device"],
        ["second-factor.codes-replaced", null, null],
        ["second-factor.disabled", null, null],
      ].map(([action, method, second]) => ({ action, tenant_id: tenant.id, method, second_factor: second })),
    );
    const history = (await two.go("/account/sessions")).text;
    expect(history).toContain("password, trusted device");
    expect(history).toContain("authenticator app");
  });
});

describe("an admin who resets the second factor of a member", () => {
  it("needs a recent sign-in; ends the member's sessions and trusted devices; is recorded and notified", async () => {
    const [member, admin] = [await newPerson(), await newPerson()];
    const theirs = await signedIn(member);
    await turnOnSecondFactor(theirs);
    const one = await signedIn(admin);
    const path = `/admin/members/${member.id}/reset-second-factor`;
    await ageSessions(admin);
    expect((await one.go(path)).url).toContain("again=yes");
    const rest = await post(one, `/api/v1/users/${member.id}/reset-second-factor`, {});
    expect(rest.status).toBe(403);
    const fresh = await signedIn(admin);
    const form = await fresh.go(path);
    const unconfirmed = await fresh.submit(form, path, { confirm: "somebody@example.com" });
    expect(unconfirmed.status).toBe(422);
    const confirmField = Object.keys(form.forms.find(({ action }) => action === path)?.fields ?? {});
    const done = await fresh.submit(form, path, { [confirmField.at(-1) ?? "name"]: member.email });
    expect(done.text).toContain("was reset.");

    expect((await theirs.go("/account")).url).toContain("/sign-in");
    const again = await browser().signIn({ identifier: member.email, password: PASSWORD });
    expect(again.url).toBe(`${gateway.url}/admin`);
    const audit = await people.query(
      "select resource_id from audit_logs where user_id = $1 and action = 'users.reset-second-factor' and success",
      [admin.id],
    );
    expect(audit).toEqual([{ resource_id: member.id }]);
    await expect
      .poll(async () => (await people.mailTo(member.email)).subject)
      .toBe("Two-factor authentication was reset by an admin");
    const twice = await post(fresh, `/api/v1/users/${member.id}/reset-second-factor`, {});
    expect(twice.status).toBe(409);
  });
});

describe("an organization that requires two-factor authentication", () => {
  it("reminds its members first, then lets them only set it up, on pages and REST", async () => {
    const strict = await gateway.addTenant();
    const person = await people.add({ tenants: [{ id: strict.id, role: "admin" }] });
    const require = (from: string) =>
      people.query(
        "update tenants set settings = settings || jsonb_build_object('secondFactorFrom', $2::text) where id = $1",
        [strict.id, from],
      );
    await require("2099-01-01T00:00:00Z");
    const one = await signedIn(person);
    expect((await one.go("/admin/servers")).text).toContain("requires two-factor authentication from");
    expect((await post(one, "/api/v1/keys", { name: "before" })).status).toBe(201);

    await require("2020-01-01T00:00:00Z");
    const sent = await one.go("/admin/servers");
    expect(sent.url).toBe(`${gateway.url}/account/second-factor`);
    expect(sent.text).toContain("requires two-factor authentication. Set it up to continue");
    const refused = await post(one, "/api/v1/keys", { name: "after" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ missing: { authentication: "second-factor" } });
    await turnOnSecondFactor(one);
    expect((await one.go("/admin/servers")).url).toBe(`${gateway.url}/admin/servers`);
  });

  it("accepts the tokens of a session whose second factor its provider has proved, and no other's", async () => {
    const strict = await gateway.addTenant();
    const person = await people.add({ tenants: [{ id: strict.id }] });
    const one = await signedIn(person);
    const resource = `${gateway.url}/mcp`;
    const tokens = await obtainTokens(one, await register(gateway.url), resource, {
      consent: { tenant: strict.id },
    });
    const listTools = () =>
      fetch(resource, {
        method: "POST",
        headers: {
          ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
          authorization: `Bearer ${tokens.access_token}`,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
      });
    expect((await listTools()).status).not.toBe(401);
    await people.query(
      `update tenants set settings = settings || '{"secondFactorFrom": "2020-01-01T00:00:00Z"}' where id = $1`,
      [strict.id],
    );
    await strict.revokeKey(await strict.addKey({ scopes: ["write"] }));
    await expect.poll(async () => (await listTools()).status, { timeout: 5000 }).toBe(401);
    await people.query("update session set is_second_factor_proved = true where user_id = $1", [person.id]);
    await strict.revokeKey(await strict.addKey({ scopes: ["write"] }));
    await expect.poll(async () => (await listTools()).status, { timeout: 5000 }).not.toBe(401);
  });
});
