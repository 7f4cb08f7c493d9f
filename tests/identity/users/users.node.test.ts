/** People at the screen, through the gateway's own pages: signing in, the second factor, mails, sessions, joining. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "../../fixtures/browser.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import { authorizationRequest, register } from "../../fixtures/oauth.ts";
import { connectPeople, nextTotp, PASSWORD, type TestPeople } from "../../fixtures/people.ts";

const NEW_PASSWORD = "another horse another battery";

let gateway: TestGateway;
let people: TestPeople;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant();
});
afterAll(async () => {
  await people.close();
  await gateway.close();
});

const browser = () => new TestBrowser(gateway.url);
const signedIn = async (person: { email: string }) => {
  const one = browser();
  const page = await one.signIn({ identifier: person.email, password: PASSWORD });
  expect(page.url).toBe(`${gateway.url}/admin`);
  return one;
};

describe("signing in", () => {
  it("by address or by name leads to the overview, in the person's tenant", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }], username: `u${Date.now()}` });
    const [row] = await people.query('select username from "user" where id = $1', [person.id]);
    for (const identifier of [person.email, person.email.toUpperCase(), String(row?.username)]) {
      const page = await browser().signIn({ identifier, password: PASSWORD });
      expect(page.url, identifier).toBe(`${gateway.url}/admin`);
      expect(page.text).toContain(tenant.slug);
    }
  });

  it("with a wrong password and with an unknown user has the same response", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const wrong = await browser().signIn({ identifier: person.email, password: "not the password" });
    const unknownUser = await browser().signIn({
      identifier: "unknown@example.com",
      password: "not the password",
    });
    expect([wrong.status, unknownUser.status]).toEqual([401, 401]);
    expect(wrong.text).toContain("Incorrect email or password");
    expect(unknownUser.text).toContain("Incorrect email or password");
  });

  it("is for users who are active and not banned", async () => {
    const off = await people.add({ tenants: [{ id: tenant.id }] });
    await people.query('update "user" set is_active = false where id = $1', [off.id]);
    expect((await browser().signIn({ identifier: off.email, password: PASSWORD })).status).toBe(403);
    const barred = await people.add({ tenants: [{ id: tenant.id }] });
    await people.query(
      `update "user" set banned = true, ban_expires = now() + interval '1 hour' where id = $1`,
      [barred.id],
    );
    expect((await browser().signIn({ identifier: barred.email, password: "wrong password" })).status).toBe(
      401,
    );
    expect((await browser().signIn({ identifier: barred.email, password: PASSWORD })).status).toBe(403);
    const events = await people.query("select event_type from security_events where user_id = $1", [
      barred.id,
    ]);
    expect(events).toEqual([{ event_type: "login.banned" }]);
    await people.query(`update "user" set ban_expires = now() - interval '1 hour' where id = $1`, [
      barred.id,
    ]);
    expect((await browser().signIn({ identifier: barred.email, password: PASSWORD })).status).toBe(200);
  });

  it("replaces a hash of better-auth's own kind by ours", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const { hashPassword } = await import("better-auth/crypto");
    const of = "update account set password = $2 where user_id = $1";
    await people.query(of, [person.id, await hashPassword(PASSWORD)]);
    await signedIn(person);
    const [row] = await people.query("select password from account where user_id = $1", [person.id]);
    expect(row?.password).toMatch(/^scrypt\$16384\$8\$5\$/);
    await signedIn(person);
  });
});

describe("guessing passwords", () => {
  it("is slowed after a few failures and written down, while the owner elsewhere still comes in", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const guesser = browser();
    const statuses: number[] = [];
    for (let guess = 0; guess < 8; guess += 1) {
      statuses.push((await guesser.signIn({ identifier: person.email, password: `guess ${guess}` })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
    expect((await guesser.signIn({ identifier: person.email, password: PASSWORD })).status).toBe(429);
    await signedIn(person);
    const events = await people.query(
      "select event_type from security_events where ip_address = $1 order by id",
      [guesser.ip],
    );
    expect(events.map((event) => event.event_type)).toEqual([
      ...Array<string>(6).fill("login.failed"),
      "login.blocked",
    ]);
  });

  it("in many requests at once gets no further", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const guesser = browser();
    const page = await guesser.go("/sign-in");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, guess) =>
        guesser.submit(page, "/sign-in", { identifier: person.email, password: `guess ${guess}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(6);
  });
});

describe("a second factor", () => {
  it("is required once it is enabled, accepts a backup code once, and trusts a device", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = await signedIn(person);
    const begun = await one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
      password: PASSWORD,
    });
    const secret = /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(begun.text)?.[1] ?? "";
    const codes = (/<pre id="backup-codes">([^<]+)<\/pre>/.exec(begun.text)?.[1] ?? "").split("\n");
    expect(codes.length).toBe(10);
    const confirmed = await one.submit(begun, "/account/second-factor/confirm", {
      code: await nextTotp(secret),
      stored: "yes",
    });
    expect(confirmed.text).toContain("Two-factor authentication is on.");

    const two = browser();
    const asked = await two.signIn({ identifier: person.email, password: PASSWORD });
    expect(asked.url).toContain("/sign-in/second-factor");
    expect((await two.go("/account")).url).toContain("/sign-in");
    const refused = await two.submit(asked, "/sign-in/second-factor", { code: "000000" });
    expect(refused.status).toBe(401);
    const entered = await two.submit(asked, "/sign-in/second-factor", {
      code: await nextTotp(secret),
      trust: "yes",
    });
    expect(entered.url).toBe(`${gateway.url}/admin`);

    await two.submit(entered, "/sign-out");
    expect((await two.signIn({ identifier: person.email, password: PASSWORD })).url).toBe(
      `${gateway.url}/admin`,
    );

    const withCode = async () => {
      const three = browser();
      const page = await three.signIn({ identifier: person.email, password: PASSWORD });
      return three.submit(page, "/sign-in/second-factor", { code: codes[0] ?? "" });
    };
    expect((await withCode()).url).toBe(`${gateway.url}/admin`);
    expect((await withCode()).status).toBe(401);
  });

  it("cannot be guessed: a handful of codes, then the sign-in begins anew, and it is written down", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = await signedIn(person);
    const begun = await one.submit(await one.go("/account/second-factor"), "/account/second-factor/begin", {
      password: PASSWORD,
    });
    const secret = /<pre id="totp-secret">([A-Z2-7=]+)<\/pre>/.exec(begun.text)?.[1] ?? "";
    await one.submit(begun, "/account/second-factor/confirm", {
      code: await nextTotp(secret),
      stored: "yes",
    });
    const guesser = browser();
    const page = await guesser.signIn({ identifier: person.email, password: PASSWORD });
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      const code = String(guess).padStart(6, "0");
      statuses.push((await guesser.submit(page, "/sign-in/second-factor", { code })).status);
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(
      (await guesser.submit(page, "/sign-in/second-factor", { code: await nextTotp(secret) })).status,
    ).not.toBe(200);
    const [events] = await people.query(
      "select count(*)::int as n from security_events where ip_address = $1 and event_type like 'second-factor.%'",
      [guesser.ip],
    );
    expect(Number(events?.n)).toBeGreaterThanOrEqual(6);
  });
});

describe("mails", () => {
  it("reset a forgotten password once, and end every session", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const old = await signedIn(person);
    const one = browser();
    const asked = await one.submit(await one.go("/forgot-password"), "/forgot-password", {
      email: person.email,
    });
    expect(asked.text).toContain("a reset link has been sent");
    const unknown = await one.submit(await one.go("/forgot-password"), "/forgot-password", {
      email: "unknown@example.com",
    });
    expect(unknown.text).toContain("a reset link has been sent");
    const { link } = await people.mailTo(person.email);
    const page = await one.go(link);
    const [mailbox = ""] = person.email.split("@");
    for (const password of ["password123456", `${mailbox}2026`, `${tenant.slug}-${mailbox}`]) {
      const weak = await one.submit(page, "/reset-password", { password });
      expect([weak.status, weak.text], password).toEqual([400, expect.stringContaining("Use a passphrase")]);
    }
    const done = await one.submit(page, "/reset-password", { password: NEW_PASSWORD });
    expect(done.text).toContain("All sessions were signed out");
    expect((await one.submit(page, "/reset-password", { password: NEW_PASSWORD })).status).toBe(400);
    expect((await old.go("/account")).url).toContain("/sign-in");
    expect((await one.signIn({ identifier: person.email, password: PASSWORD })).status).toBe(401);
    expect((await one.signIn({ identifier: person.email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it("are not needed to change a password, which must not be predictable either", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = await signedIn(person);
    const page = await one.go("/account/password");
    const change = (password: string) =>
      one.submit(page, "/account/password", { current: PASSWORD, password });
    const weak = await change("qwertyuiop123");
    expect([weak.status, weak.text]).toEqual([400, expect.stringContaining("too common")]);
    expect((await change(NEW_PASSWORD)).url).toContain("/account?done=password");
  });

  it("are shown in the outbox of development", async () => {
    const page = await browser().go("/dev/mailbox");
    expect(page.text).toContain("Reset your password");
  });
});

describe("sessions", () => {
  it("are listed and ended one by one, at once", async () => {
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const [one, two] = [await signedIn(person), await signedIn(person)];
    const page = await one.go("/account/sessions");
    expect(page.forms.filter(({ action }) => action === "/account/sessions").length).toBe(1);
    await one.submit(page, "/account/sessions");
    expect((await two.go("/account")).url).toContain("/sign-in");
    expect((await one.go("/account")).url).toBe(`${gateway.url}/account`);
  });

  it("look at one tenant, and switch", async () => {
    const other = await gateway.addTenant();
    const person = await people.add({ tenants: [{ id: tenant.id, role: "admin" }, { id: other.id }] });
    const one = await signedIn(person);
    const me = async () => (await one.go("/api/v1/me")).text;
    expect(JSON.parse(await me())).toMatchObject({ tenantId: tenant.id, role: "admin", via: "session" });
    await one.submit(await one.go("/account"), "/account/tenant");
    expect(JSON.parse(await me())).toMatchObject({ tenantId: other.id, role: "user" });
    const foreign = await gateway.addTenant();
    const page = await one.go("/account");
    expect((await one.submit(page, "/account/tenant", { tenant: foreign.id })).status).toBe(404);
  });
});

describe("impersonation", () => {
  it("is for operators, shows a banner, ends where it began, and is recorded", async () => {
    const operator = await people.add({ tenants: [{ id: tenant.id }], isOperator: true });
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = await signedIn(operator);
    const act = (who: TestBrowser, userId: string, reason?: string) =>
      fetch(`${gateway.url}/api/auth/admin/impersonate-user`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          origin: gateway.url,
          cookie: [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        },
        body: JSON.stringify({ userId, reason }),
      });
    const unknownUser = await signedIn(person);
    expect((await act(unknownUser, operator.id, "curiosity")).status).toBe(403);
    expect((await act(one, person.id)).status).toBe(400);
    expect((await act(one, person.id, " ")).status).toBe(400);
    const answer = await act(one, person.id, "ticket 4711");
    expect(answer.status).toBe(200);
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      one.cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const page = await one.go("/account");
    expect(page.text).toContain(`You are impersonating ${person.email}`);
    const client = await register(gateway.url);
    const request = authorizationRequest(client, { resource: `${gateway.url}/mcp` });
    expect((await one.go(request.path)).text).toContain("Applications cannot be authorized");
    const back = await one.submit(page, "/account/impersonation/stop");
    expect(back.text).toContain(operator.email);
    const audit = await people.query(
      `select action, user_id, resource_id, impersonator_id, details->>'reason' as reason from audit_logs
       where action like 'impersonation.%' and $1 in (user_id, impersonator_id) order by timestamp`,
      [operator.id],
    );
    expect(audit).toMatchObject([
      {
        action: "impersonation.started",
        user_id: operator.id,
        resource_id: person.id,
        reason: "ticket 4711",
      },
      { action: "impersonation.ended" },
    ]);
  });
});

describe("a ban", () => {
  it("ends sessions at once, is written down with its reason, and ends by itself", async () => {
    const operator = await signedIn(await people.add({ tenants: [{ id: tenant.id }], isOperator: true }));
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = await signedIn(person);
    const answer = await fetch(`${gateway.url}/api/auth/admin/ban-user`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: gateway.url,
        cookie: [...operator.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
      body: JSON.stringify({ userId: person.id, banReason: "spam", banExpiresIn: 3600 }),
    });
    expect(answer.status).toBe(200);
    expect((await one.go("/account")).url).toContain("/sign-in");
    expect((await browser().signIn({ identifier: person.email, password: PASSWORD })).status).toBe(403);
    const [audit] = await people.query(
      "select details from audit_logs where action = 'user.banned' and resource_id = $1",
      [person.id],
    );
    expect(audit?.details).toEqual({ reason: "spam" });
    await people.query(`update "user" set ban_expires = now() - interval '1 second' where id = $1`, [
      person.id,
    ]);
    await signedIn(person);
  });
});

describe("a gateway's log", () => {
  it("holds no secret of all this", () => {
    const log = readFileSync(gateway.logFile, "utf8");
    expect(log).not.toContain(PASSWORD);
    expect(log).not.toContain(NEW_PASSWORD);
  });
});
