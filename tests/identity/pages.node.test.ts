/** Attacks by foreign pages and links on the gateway's own: forged forms, session fixation, redirects, framing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "../fixtures/browser.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { connectPeople, PASSWORD, type TestPeople, type TestPerson } from "../fixtures/people.ts";

let gateway: TestGateway;
let people: TestPeople;
let tenant: TestTenant;
let person: TestPerson;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  people = connectPeople(databaseOfThisRun().ownerUrl);
  tenant = await gateway.addTenant();
  person = await people.add({ tenants: [{ id: tenant.id }] });
});
afterAll(async () => {
  await people.close();
  await gateway.close();
});

const SESSION = "gateway.session_token";
const login = () => ({ identifier: person.email, password: PASSWORD });
const signedIn = async () => {
  const browser = new TestBrowser(gateway.url);
  await browser.signIn(login());
  return browser;
};

describe("a session", () => {
  it("is a new one at every sign-in, whatever cookie was there (fixation)", async () => {
    const attacker = await signedIn();
    const planted = attacker.cookies.get(SESSION) ?? "";
    const victim = new TestBrowser(gateway.url);
    victim.cookies.set(SESSION, planted);
    await victim.submit(await victim.go("/account"), "/sign-out");
    victim.cookies.set(SESSION, "chosen-by-somebody.else");
    await victim.signIn(login());
    expect(victim.cookies.get(SESSION)).not.toBe(planted);
    expect(victim.cookies.get(SESSION)).not.toContain("chosen");
  });

  it("does not outlive its sign-out, even with the cookie kept", async () => {
    const browser = await signedIn();
    const kept = browser.cookies.get(SESSION) ?? "";
    await browser.submit(await browser.go("/account"), "/sign-out");
    const thief = new TestBrowser(gateway.url);
    thief.cookies.set(SESSION, kept);
    expect((await thief.go("/account")).url).toContain("/sign-in");
  });

  it("clears what the browser stored of the pages when it is signed out", async () => {
    const browser = await signedIn();
    const { forms } = await browser.go("/account");
    const token = forms.find(({ action }) => action === "/sign-out")?.fields.form_token ?? "";
    const answer = await fetch(`${gateway.url}/sign-out`, {
      method: "POST",
      redirect: "manual",
      headers: {
        origin: gateway.url,
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
      body: new URLSearchParams({ form_token: token }),
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("clear-site-data")).toBe('"cache", "storage"');
  });

  it("is not to be had by changing a letter", async () => {
    const browser = await signedIn();
    const cookie = browser.cookies.get(SESSION) ?? "";
    const [token = "", signature = ""] = decodeURIComponent(cookie).split(".");
    for (const forged of [
      `${token}x.${signature}`,
      `${token}.${signature.replace(/./, (letter) => (letter === "A" ? "B" : "A"))}`,
      token,
      ".",
      "%",
    ]) {
      const thief = new TestBrowser(gateway.url);
      thief.cookies.set(SESSION, encodeURIComponent(forged).replace("%25", "%"));
      expect((await thief.go("/account")).url, forged).toContain("/sign-in");
    }
  });

  it("is for pages: no MCP endpoint takes the cookie", async () => {
    const browser = await signedIn();
    const answer = await browser.go("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(401);
  });
});

describe("a form", () => {
  const post = (browser: TestBrowser, form: Record<string, string>, headers: Record<string, string> = {}) =>
    browser.go("/account/tenant", { method: "POST", form, headers });

  it("is refused without its token, with another's, or from another's page (CSRF)", async () => {
    const browser = await signedIn();
    const other = await signedIn();
    const tokenOf = async (one: TestBrowser) =>
      (await one.go("/account")).forms.find(({ action }) => action === "/sign-out")?.fields.form_token ?? "";
    const [own, theirs] = [await tokenOf(browser), await tokenOf(other)];
    const right = { tenant: tenant.id, form_token: own };
    expect((await post(browser, { tenant: tenant.id })).status).toBe(403);
    expect((await post(browser, { ...right, form_token: theirs })).status).toBe(403);
    expect((await post(browser, right, { origin: "https://evil.example" })).status).toBe(403);
    expect((await post(browser, right, { origin: "null" })).status).toBe(403);
    expect((await post(browser, right, { "content-type": "text/plain" })).status).toBe(403);
    expect((await post(browser, right)).status).toBe(200);
    const events = await people.query(
      "select count(*)::int as n from security_events where event_type = 'csrf.rejected' and user_id = $1",
      [person.id],
    );
    expect(events[0]?.n).toBe(5);
  });

  it("of before the sign-in does not work after it", async () => {
    const browser = new TestBrowser(gateway.url);
    const before = await browser.go("/sign-in");
    await browser.signIn(login());
    const token = before.forms[0]?.fields.form_token ?? "";
    expect((await post(browser, { tenant: tenant.id, form_token: token })).status).toBe(403);
  });

  it("to sign in from another's page is refused (login CSRF)", async () => {
    const browser = new TestBrowser(gateway.url);
    const form = { ...login(), next: "/account" };
    expect((await browser.go("/sign-in", { method: "POST", form })).status).toBe(403);
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  it("cannot be bypassed by REST, which checks the origin", async () => {
    const browser = await signedIn();
    const [row] = await people.query("select id from session where user_id = $1 limit 1", [person.id]);
    const call = (origin?: string) =>
      fetch(`${gateway.url}/api/v1/sessions/${row?.id}`, {
        method: "DELETE",
        headers: {
          cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
          ...(origin !== undefined && { origin }),
        },
      });
    expect((await call()).status).toBe(403);
    expect((await call("https://evil.example")).status).toBe(403);
  });

  it("cannot be got around by better-auth's own endpoints", async () => {
    const browser = await signedIn();
    const call = (origin: string) =>
      fetch(`${gateway.url}/api/auth/change-password`, {
        method: "POST",
        headers: {
          origin,
          "content-type": "application/json",
          cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        },
        body: JSON.stringify({ currentPassword: "wrong", newPassword: "another password" }),
      });
    expect((await call("https://evil.example")).status).toBe(403);
    expect((await call(gateway.url)).status).toBe(400);
  });
});

describe("the way on after signing in", () => {
  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%0d%0aset-cookie:x=1",
    "http:evil.example",
  ])("never leads elsewhere: %s (open redirect)", async (next) => {
    const browser = new TestBrowser(gateway.url);
    const page = await browser.signIn(login(), next);
    expect(browser.leftFor).toBeUndefined();
    expect(page.url.startsWith(`${gateway.url}/`)).toBe(true);
    expect(page.refresh).toBeUndefined();
    expect([...browser.cookies.keys()]).not.toContain("x");
  });

  it("is kept as given where it is ours", async () => {
    const browser = new TestBrowser(gateway.url);
    const page = await browser.signIn(login(), "/account/sessions?x=1");
    expect(page.url).toBe(`${gateway.url}/account/sessions?x=1`);
  });

  it("is not taken from the form either", async () => {
    const browser = new TestBrowser(gateway.url);
    const page = await browser.submit(await browser.go("/sign-in"), "/sign-in", {
      ...login(),
      next: "https://evil.example/",
    });
    expect(page.url).toBe(`${gateway.url}/admin`);
  });
});

describe("every page", () => {
  it.each(["/sign-in", "/forgot-password", "/reset-password?token=x", "/invitation?token=x", "/account"])(
    "%s runs no script in itself, fits in no frame and stays in no cache",
    async (path) => {
      const browser = await signedIn();
      if (path === "/sign-in") browser.cookies.clear();
      const page = await browser.go(path);
      const policy = page.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(page.headers.get("cache-control")).toBe("no-store");
      expect(page.text).not.toMatch(/<script(?! src="\/assets\/)|<style|\sstyle=|\son\w+=/i);
    },
  );

  it("shows what people are called as text", async () => {
    const nasty = await people.add({ tenants: [{ id: tenant.id }] });
    await people.query(`update "user" set name = '<img src=x onerror=alert(1)>' where id = $1`, [nasty.id]);
    const browser = new TestBrowser(gateway.url);
    await browser.signIn({ identifier: nasty.email, password: PASSWORD });
    const raw = await fetch(`${gateway.url}/account`, {
      headers: { cookie: `${SESSION}=${browser.cookies.get(SESSION)}` },
    });
    expect(await raw.text()).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  it("is requested under the gateway's own name", async () => {
    const elsewhere = gateway.url.replace("127.0.0.1", "localhost");
    const answer = await fetch(`${elsewhere}/sign-in?next=%2Faccount`, { redirect: "manual" });
    expect(answer.headers.get("location")).toBe(`${gateway.url}/sign-in?next=%2Faccount`);
  });
});

describe("better-auth's endpoints that are not exposed", () => {
  it.each([
    ["POST", "/sign-up/email"],
    ["GET", "/token"],
    ["POST", "/admin/create-user"],
    ["POST", "/admin/set-role"],
    ["POST", "/admin/set-user-password"],
    ["POST", "/oauth2/create-client"],
    ["POST", "/admin/oauth2/create-client"],
    ["POST", "/admin/oauth2/resources"],
    ["POST", "/update-session"],
    ["POST", "/delete-user"],
  ])("%s %s is not there", async (method, path) => {
    const browser = await signedIn();
    const answer = await browser.go(`/api/auth${path}`, {
      method,
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(404);
  });
});
