/** Passkeys in a real browser with a virtual authenticator: adding one, signing in with it, and what is refused. */
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, connectChromium } from "../fixtures/chromium.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { connectPeople, PASSWORD, type TestPeople, type TestPerson } from "../fixtures/people.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let people: TestPeople;
let browser: Browser;

describe.skipIf(chromiumPath === undefined)("a passkey", () => {
  beforeAll(async () => {
    const database = databaseOfThisRun();
    // WebAuthn takes no IP address for the name of a site.
    [gateway, browser] = await Promise.all([startGateway(database, {}, {}, "localhost"), connectChromium()]);
    tenant = await gateway.addTenant();
    people = connectPeople(database.ownerUrl);
  });
  afterAll(() => Promise.all([people?.close(), browser?.close(), gateway?.close()]));

  const addPerson = () => people.add({ tenants: [{ id: tenant.id, role: "admin" }] });

  interface Device {
    readonly page: Page;
    readonly cdp: CDPSession;
    readonly authenticator: string;
  }

  async function openDevice(): Promise<Device> {
    const context = await browser.newContext();
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { page, cdp, authenticator: authenticatorId };
  }

  async function signInWithPassword({ page }: Device, { email }: TestPerson): Promise<void> {
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByLabel("Email or username").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  }

  async function addPasskey({ page }: Device, name: string): Promise<void> {
    await page.goto(`${gateway.url}/account/passkeys`);
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Create passkey" }).click();
    await page.getByText("Passkey added.").waitFor();
  }

  /** A new person's device with a passkey of theirs. */
  async function openDeviceWithPasskey(): Promise<Device & { readonly person: TestPerson }> {
    const person = await addPerson();
    const device = await openDevice();
    await signInWithPassword(device, person);
    await addPasskey(device, "Laptop");
    return { ...device, person };
  }

  const stopVerifyingUsers = ({ cdp, authenticator }: Device) =>
    cdp.send("WebAuthn.setUserVerified", { authenticatorId: authenticator, isUserVerified: false });

  async function openPasskeySignIn({ page }: Device): Promise<void> {
    await page.context().clearCookies();
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  }

  async function startPasskeySignIn(device: Device): Promise<void> {
    await openPasskeySignIn(device);
    await device.page.getByRole("button", { name: "Use passkey" }).click();
  }

  const actionsOf = async ({ id }: TestPerson) =>
    (
      await people.query(
        `select action, details->>'method' as method from audit_logs where user_id = $1 order by sequence`,
        [id],
      )
    ).map(({ action, method }) => (method === null ? String(action) : `${action} by ${method}`));

  it("is added, signs in past the second factor, is listed with its use, and is removed", async () => {
    const device = await openDeviceWithPasskey();
    const { page, person } = device;
    // A second factor, which a password would have to be followed by.
    await people.query(`update "user" set two_factor_enabled = true where id = $1`, [person.id]);

    await startPasskeySignIn(device);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.goto(`${gateway.url}/account/passkeys`);
    await page.getByRole("listitem").filter({ hasText: "Laptop" }).getByText("last used").waitFor();

    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("No passkeys yet").waitFor();
    await startPasskeySignIn(device);
    await page.getByText("This passkey is unknown here.").waitFor();
    expect(await actionsOf(person)).toEqual([
      "user.signed-in by password",
      "passkey.added",
      "user.signed-in by passkey",
      "passkey.removed",
    ]);
  });

  it("counts as the second factor that an organization requires, and a password alone does not", async () => {
    const device = await openDeviceWithPasskey();
    const { page, person } = device;
    const strict = await gateway.addTenant();
    await people.query(
      `update tenants set settings = settings || '{"secondFactorFrom": "2020-01-01T00:00:00Z"}' where id = $1`,
      [strict.id],
    );
    await people.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'admin')", [
      ...[strict.id, person.id],
    ]);
    await people.query(`update "user" set tenant_id = $1 where id = $2`, [strict.id, person.id]);
    await page.context().clearCookies();
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByLabel("Email or username").fill(person.email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("requires two-factor authentication. Set it up to continue").waitFor();

    await startPasskeySignIn(device);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.goto(`${gateway.url}/admin/servers`);
    await page.getByRole("heading", { level: 1, name: "Servers" }).waitFor();
  });

  it("does not sign in without a check of the user by the authenticator", async () => {
    const device = await openDeviceWithPasskey();
    await stopVerifyingUsers(device);
    await startPasskeySignIn(device);
    await device.page.getByText("No passkey was used.").waitFor();
    await device.page.goto(`${gateway.url}/admin`);
    await device.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  });

  it("is refused when the page requires less than the server does", async () => {
    const device = await openDeviceWithPasskey();
    await stopVerifyingUsers(device);
    await openPasskeySignIn(device);
    // As a page under an attacker's control would: the answer comes without the flag of a verified user.
    await device.page.locator("form[data-passkey]").evaluate((form) => {
      const options = JSON.parse(form.dataset.options ?? "{}");
      form.dataset.options = JSON.stringify({ ...options, userVerification: "discouraged" });
    });
    await device.page.getByRole("button", { name: "Use passkey" }).click();
    await device.page.getByText("The authenticator did not verify you.").waitFor();
  });

  it("is refused a second time: its challenge serves once", async () => {
    const device = await openDeviceWithPasskey();
    const { page } = device;
    const [sent] = await Promise.all([
      page.waitForRequest((request) => request.url().endsWith("/sign-in/passkey/finish")),
      startPasskeySignIn(device),
    ]);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const replayed = await fetch(sent.url(), {
      method: "POST",
      headers: await sent.allHeaders(),
      body: sent.postData() ?? "",
      redirect: "manual",
    });
    expect(replayed.status).toBe(400);
    expect(await replayed.text()).toContain("The request has expired.");
  });

  it("takes a recent sign-in to be added", async () => {
    const person = await addPerson();
    const device = await openDevice();
    await signInWithPassword(device, person);
    await people.query("update session set created_at = now() - interval '16 minutes' where user_id = $1", [
      person.id,
    ]);
    await device.page.goto(`${gateway.url}/account/passkeys`);
    await device.page.getByText("This change requires a recent sign-in.").waitFor();
  });
});
