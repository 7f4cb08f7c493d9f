/** Single sign-on in a real browser: set up on the admin pages, used at a certified OpenID Connect provider. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { chromiumPath, connectChromium } from "../fixtures/chromium.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { type LocalIdentityProvider, startIdentityProvider } from "../fixtures/identity-provider.ts";
import { type RealProvider, startOidcProvider } from "../fixtures/oidc-provider.ts";
import { walkPages } from "../fixtures/pages.ts";
import { connectPeople, PASSWORD, type TestPeople, type TestPerson } from "../fixtures/people.ts";

const made = z.looseObject({ id: z.string() });
const admins = ["admin"] as const;
const PATH = "/admin/members/provisioning";

walkPages({
  name: "single sign-on",
  pages: [
    { path: PATH, heading: "Identity providers", for: admins, picture: "identity-providers" },
    { path: `${PATH}/new`, heading: "Create identity provider", for: admins },
    { path: `${PATH}/{provider}`, heading: "Okta", for: admins, picture: "identity-provider" },
    { path: `${PATH}/{provider}/delete`, heading: "Delete Okta?", for: admins },
    { path: `${PATH}/domains`, heading: "Domains", for: admins, picture: "domains" },
    { path: `${PATH}/domains/new`, heading: "Create verified domain", for: admins },
    { path: `${PATH}/domains/{domain}`, heading: "walk.example.com", for: admins, picture: "domain" },
    { path: `${PATH}/scim`, heading: "SCIM tokens", for: admins, picture: "scim-tokens" },
    { path: `${PATH}/scim/new`, heading: "Create SCIM token", for: admins },
  ],
  stories(stage) {
    it("creates a SCIM token, shows it once and deletes it", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}${PATH}/scim/new`);
        await page.getByLabel("Name").fill("Okta provisioning");
        await page.getByRole("button", { name: "Create SCIM token" }).click();
        const token = await page.locator("#secret").innerText();
        const users = () =>
          fetch(`${stage().gateway.url}/scim/v2/Users`, { headers: { authorization: `Bearer ${token}` } });
        expect((await users()).status).toBe(200);
        await page.getByRole("link", { name: "Done" }).click();
        expect(await page.content()).not.toContain(token);
        await page.getByRole("row").filter({ hasText: "Okta provisioning" }).getByRole("checkbox").check();
        await page.getByRole("button", { name: "Delete" }).click();
        await page.getByText("1 SCIM token deleted.").waitFor();
        expect((await users()).status).toBe(401);
      }));
  },
  async prepare({ rest }) {
    const issuer = "https://example.okta.com";
    const provider = { name: "Okta", issuer, clientId: "0oa1", clientSecret: "secret" };
    return {
      provider: made.parse(await rest("POST", "/identity-providers", provider)).id,
      domain: made.parse(await rest("POST", "/verified-domains", { domain: "walk.example.com" })).id,
    };
  },
});

describe.skipIf(chromiumPath === undefined)("single sign-on at a real provider", () => {
  const domain = `b-${randomUUID().slice(0, 8)}.example.com`;
  let gateway: TestGateway;
  let tenant: TestTenant;
  let people: TestPeople;
  let browser: Browser;
  let dns: LocalIdentityProvider;
  let provider: RealProvider;
  let admin: TestPerson;

  beforeAll(async () => {
    [dns, provider, browser] = await Promise.all([
      startIdentityProvider(),
      startOidcProvider(domain),
      connectChromium(),
    ]);
    gateway = await startGateway(databaseOfThisRun(), { DNS_BASE_URL: dns.url });
    tenant = await gateway.addTenant();
    people = connectPeople(databaseOfThisRun().ownerUrl);
    admin = await people.add({ tenants: [{ id: tenant.id, role: "admin" }], email: `admin@${domain}` });
  });
  afterAll(() =>
    Promise.all([people?.close(), browser?.close(), gateway?.close(), dns?.close(), provider?.close()]),
  );

  async function openPage(): Promise<Page> {
    const context = await browser.newContext();
    context.setDefaultTimeout(10_000);
    return context.newPage();
  }

  async function signInWithPassword(page: Page, { email }: TestPerson): Promise<void> {
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByLabel("Email or username").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  async function signInAtProvider(page: Page, name: string): Promise<void> {
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByLabel("Email or username").fill(`${name}@${domain}`);
    await page.getByRole("button", { name: "Continue with single sign-on" }).click();
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  }

  it("is set up, verified, used by a new member, and required", async () => {
    const page = await openPage();
    await signInWithPassword(page, admin);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();

    await page.goto(`${gateway.url}${PATH}/new`);
    await page.getByLabel("Name", { exact: true }).fill("Local provider");
    await page.getByLabel("Issuer").fill(provider.issuer);
    await page.getByLabel("Client ID").fill(provider.client.id);
    await page.getByLabel("Client secret").fill(provider.client.secret);
    await page.getByLabel("Create members when they sign in").check();
    await page.getByRole("button", { name: "Create", exact: false }).last().click();
    await page.getByRole("link", { name: "Local provider" }).click();
    const redirectPath = await page.locator("code", { hasText: "/api/auth/sso/callback/" }).innerText();
    provider.register(gateway.url + redirectPath);

    await page.goto(`${gateway.url}${PATH}/domains/new`);
    await page.getByLabel("Domain").fill(domain);
    await page.getByRole("button", { name: "Create", exact: false }).last().click();
    await page.getByRole("link", { name: domain }).click();
    const value = await page.locator("code", { hasText: "mcp-gateway-verification=" }).innerText();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("has no TXT record").waitFor();
    dns.txt.set(`_mcp-gateway.${domain}`, [`"${value}"`]);
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("Domain verified.").waitFor();

    const other = await openPage();
    await signInAtProvider(other, "nora");
    const [member] = await people.query(
      `select m.role, u.name from tenant_members m join "user" u on u.id = m.user_id where u.email = $1`,
      [`nora@${domain}`],
    );
    expect(member).toEqual({ role: "user", name: "Name of nora" });

    await page.getByLabel("Require single sign-on").check();
    await page.getByLabel("Break-glass account").selectOption({ value: admin.id });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Changes saved.").waitFor();
    const colleague = await people.add({ tenants: [{ id: tenant.id }], email: `carl@${domain}` });
    const third = await openPage();
    await signInWithPassword(third, colleague);
    await third.getByText("Your organization requires single sign-on.").waitFor();
    await signInAtProvider(third, "carl");
    await signInWithPassword(await openPage(), admin);
  });
});
