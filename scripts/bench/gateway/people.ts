// Signed-in users and the access tokens of their clients, for cases that do not use API keys.
import { TestBrowser } from "../../../tests/fixtures/browser.ts";
import type { TestTenant } from "../../../tests/fixtures/gateway.ts";
import { obtainTokens, register } from "../../../tests/fixtures/oauth.ts";
import { connectPeople } from "../../../tests/fixtures/people.ts";
import type { World } from "./world.ts";

/** The browser of an admin of this tenant. */
export async function signedIn(world: World, tenant: TestTenant): Promise<TestBrowser> {
  const people = connectPeople(world.database.ownerUrl);
  try {
    const { email, password } = await people.add({ tenants: [{ id: tenant.id, role: "admin" }] });
    const browser = new TestBrowser(world.gateway.url);
    await browser.signIn({ identifier: email, password });
    return browser;
  } finally {
    await people.close();
  }
}

export const cookieOf = ({ cookies }: TestBrowser) =>
  Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");

export async function accessToken(world: World, tenant: TestTenant): Promise<string> {
  const browser = await signedIn(world, tenant);
  const client = await register(world.gateway.url);
  const tokens = await obtainTokens(browser, client, `${world.gateway.url}/mcp`);
  return tokens.access_token;
}
