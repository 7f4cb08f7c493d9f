import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isBreachedPassword } from "../../../src/identity/users/breached-passwords.ts";
import { TestBrowser } from "../../fixtures/browser.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import { connectPeople, PASSWORD, type TestPeople } from "../../fixtures/people.ts";

const BREACHED = "staple horse battery correct";
const UNKNOWN = "another horse another battery";

const hashOf = (password: string) => createHash("sha1").update(password).digest("hex").toUpperCase();

/** A stand-in for the service: its requests, and its answers. */
let service: Server;
let origin: string;
const paths: string[] = [];
let answer: (response: ServerResponse) => void;

const listSuffixes = (lines: readonly string[]) => (response: ServerResponse) =>
  response.writeHead(200, { "content-type": "text/plain" }).end(lines.join("\r\n"));
const OTHERS = Array.from({ length: 800 }, (_, index) => `${String(index).padStart(35, "A")}:${index + 1}`);
const ofBreached = listSuffixes([...OTHERS, `${hashOf(BREACHED).slice(5)}:37`, `${"B".repeat(35)}:0`]);

beforeAll(async () => {
  service = createServer((request, response) => {
    paths.push(`${request.method} ${request.url} ${request.headers["add-padding"]}`);
    answer(response);
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const address = service.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterAll(() => new Promise((resolve) => service.close(resolve)));
afterEach(() => {
  paths.length = 0;
});

async function lookUp(password: string, breachedPasswordsUrl: string | undefined = origin) {
  const lines: string[] = [];
  const found = await isBreachedPassword(
    { breachedPasswordsUrl, fetch, isAllowedUrl: () => true, log: (line) => lines.push(line) },
    password,
  );
  return { found, lines };
}

describe("isBreachedPassword", () => {
  it("finds a listed password, and sends five characters of its hash", async () => {
    answer = ofBreached;
    expect(await lookUp(BREACHED)).toEqual({ found: true, lines: [] });
    expect(paths).toEqual([`GET /range/${hashOf(BREACHED).slice(0, 5)} true`]);
  });

  it("does not find an unlisted password, nor one that only pads the answer", async () => {
    answer = ofBreached;
    expect((await lookUp(UNKNOWN)).found).toBe(false);
    answer = listSuffixes([`${hashOf(UNKNOWN).slice(5)}:0`]);
    expect((await lookUp(UNKNOWN)).found).toBe(false);
  });

  it("looks nothing up without a service", async () => {
    expect(
      await isBreachedPassword(
        { breachedPasswordsUrl: undefined, fetch, isAllowedUrl: () => true, log: () => undefined },
        BREACHED,
      ),
    ).toBe(false);
    expect(paths).toEqual([]);
  });

  it.each<{ title: string; reply: (response: ServerResponse) => void; reason: RegExp }>([
    { title: "an error", reply: (response) => response.writeHead(503).end("busy"), reason: /status 503/ },
    {
      title: "a redirect",
      reply: (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      reason: /status 302/,
    },
    {
      title: "a giant",
      reply: (response) => response.writeHead(200).end("A".repeat(300_000)),
      reason: /larger|exceeds|limit|bytes/i,
    },
    { title: "silence", reply: () => undefined, reason: /abort|time/i },
  ])("accepts the password and logs it when the service answers with $title", async ({ reply, reason }) => {
    answer = reply;
    const { found, lines } = await lookUp(BREACHED);
    expect(found).toBe(false);
    expect(lines).toEqual([expect.stringMatching(reason)]);
    expect(lines[0]).not.toContain(BREACHED);
    expect(lines[0]).not.toContain(hashOf(BREACHED).slice(0, 6));
    service.closeAllConnections();
  });
});

describe("a breached password", () => {
  let gateway: TestGateway;
  let people: TestPeople;
  beforeAll(async () => {
    gateway = await startGateway(databaseOfThisRun(), { BREACHED_PASSWORDS_URL: origin });
    people = connectPeople(databaseOfThisRun().ownerUrl);
  });
  afterAll(async () => {
    await people?.close();
    await gateway?.close();
  });

  it("is rejected at a change, and signs in where it is the present one", async () => {
    answer = ofBreached;
    const tenant = await gateway.addTenant();
    const person = await people.add({ tenants: [{ id: tenant.id }] });
    const one = new TestBrowser(gateway.url);
    await one.signIn({ identifier: person.email, password: PASSWORD });
    expect(paths).toEqual([]);
    const page = await one.go("/account/password");
    const refused = await one.submit(page, "/account/password", { current: PASSWORD, password: BREACHED });
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining("known from a data breach"),
    ]);
    const changed = await one.submit(page, "/account/password", { current: PASSWORD, password: UNKNOWN });
    expect(changed.url).toContain("/account?done=password");
    expect(paths).toHaveLength(2);
  });

  it("is rejected when an invitation is accepted", async () => {
    answer = ofBreached;
    const tenant = await gateway.addTenant();
    const { page, one } = await openInvitation(tenant);
    const action = page.forms.find(({ fields }) => "password" in fields)?.action ?? "";
    const refused = await one.submit(page, action, { name: "New Person", password: BREACHED });
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining("known from a data breach"),
    ]);
  });

  async function openInvitation(tenant: TestTenant) {
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin"] });
    const email = `invited-${crypto.randomUUID()}@example.com`;
    const response = await fetch(`${gateway.url}/api/v1/invitations`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ email, role: "user" }),
    });
    expect(response.status).toBe(201);
    const one = new TestBrowser(gateway.url);
    return { one, page: await one.go((await people.mailTo(email)).link) };
  }
});
