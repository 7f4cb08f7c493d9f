/** The official SDK's client connects through a real browser: it finds its way by itself, and a person allows it. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { chromiumPath, connectChromium } from "../fixtures/chromium.ts";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, joinGateway, type TestTenant } from "../fixtures/gateway.ts";
import { connectPeople, PASSWORD, type TestPeople } from "../fixtures/people.ts";
import { sdkClient } from "../fixtures/sdk-client.ts";

describe.skipIf(chromiumPath === undefined)("the SDK's client", () => {
  let browser: Browser;
  let upstream: Started;
  let gateway: ReturnType<typeof joinGateway>;
  let url: string;
  let people: TestPeople;
  let tenant: TestTenant;

  beforeAll(async () => {
    [browser, upstream] = await Promise.all([connectChromium(), startEverything()]);
    url = inject("gatewayUrl");
    gateway = joinGateway(url, databaseOfThisRun().ownerUrl);
    people = connectPeople(databaseOfThisRun().ownerUrl);
    tenant = await gateway.addTenant({ servers: [{ name: "everything", url: upstream.url }] });
  });
  afterAll(async () => {
    await people.close();
    await Promise.all([browser.close(), gateway.leave(), upstream.close()]);
  });

  it.each(["/mcp", "/mcp/everything"])(
    "connects to %s: registers, is allowed, lists tools, refreshes, is disconnected",
    async (path) => {
      const person = await people.add({ tenants: [{ id: tenant.id }] });
      const context = await browser.newContext();
      const page = await context.newPage();
      const refused: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") refused.push(message.text());
      });
      const application = await sdkClient({ url: url + path, name: "Notebook" });
      const client = await application.connect(async (address) => {
        await page.goto(address);
        await page.getByLabel("Email or username").fill(person.email);
        await page.getByLabel("Password").fill(PASSWORD);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("heading", { name: "Authorize Notebook" }).waitFor();
        expect(await page.locator("main").innerText()).toContain("an application on this computer");
        await page.getByRole("button", { name: "Authorize", exact: true }).click();
        await page.getByRole("heading", { name: "You may close this page" }).waitFor();
      });
      expect(application.registrations()).toBe(1);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("test_simple_text");
      await client.close();

      // A token that no longer holds is renewed without the person.
      application.spoilAccessToken();
      const before = application.tokens()?.refresh_token;
      expect(before).toBeDefined();
      const unknownUser = () => Promise.reject(new Error("no person is needed"));
      const again = await application.connect(unknownUser);
      expect(application.tokens()?.refresh_token).not.toBe(before);
      expect((await again.listTools()).tools.length).toBe(tools.length);
      await again.close();

      await page.goto(`${url}/account/clients`);
      await page.getByText("Notebook").waitFor();
      await page.getByRole("button", { name: "Disconnect" }).click();
      await page.getByText("No connected applications").waitFor();
      await expect(application.connect(unknownUser)).rejects.toThrow("no person is needed");
      // What the content security policy forbids shows up here.
      expect(refused).toEqual([]);
      await application.close();
      await context.close();
    },
  );
});
