/** REST, pages, sign-in, OAuth and the registry are limited and obey address rules as MCP does. */
import { createExecutionContext, env } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { owner } from "../support/database.ts";
import { routeTable } from "./route-table.ts";
import { type Answer, addTenant, call, read } from "./support.ts";

const app = createApp();
const POST_FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };

async function visit(path: string, ip: string, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set("cf-connecting-ip", ip);
  const request = new Request(`${env.PUBLIC_URL}${path}`, { ...init, headers });
  return read(await app.fetch(request, env, createExecutionContext()));
}

const limit = (tenantId: string, subject: string, count: number) =>
  owner.query(
    "insert into rate_limit_configs (tenant_id, subject_type, subject_id, limit_count) values ($1, 'role', $2, $3)",
    [tenantId, subject, count],
  );

const block = (tenantId: string, cidr: string) =>
  owner.query("insert into ip_rules (tenant_id, kind, cidr) values ($1, 'block', $2)", [tenantId, cidr]);

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);

async function repeat(times: number, ask: (time: number) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let time = 0; time < times; time += 1) answers.push(await ask(time));
  return answers;
}

describe("the REST API", () => {
  it("admits a key as often as the key may, and then answers 429 with the time to wait", async () => {
    const tenant = await addTenant("key-limit");
    const key = await tenant.addKey({ with: { rate_limit_per_hour: 5 } });
    const answers = await repeat(8, () => call("GET", "/me", { key: key.text }));
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    const [first, refused] = [answers[0], answers[7]];
    expect(first?.headers.get("ratelimit-policy")).toContain('"key-hour";q=5;w=3600');
    expect(refused?.headers.get("ratelimit")).toContain('"key-hour";r=0');
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused?.body).toMatchObject({ code: "too_many_requests", status: 429 });
  });

  it("lets the members of a group share its limit, until their membership expires", async () => {
    const tenant = await addTenant("group-limit");
    const [one, other, stranger] = [
      await tenant.addKey({ role: "user" }),
      await tenant.addKey({ role: "user" }),
      await tenant.addKey({ role: "user" }),
    ];
    const [group] = await owner.query(
      "insert into groups (tenant_id, name) values ($1, 'Guests') returning id",
      [tenant.id],
    );
    const past = new Date(Date.now() - 1000);
    for (const [userId, expiresAt] of [
      [one.userId, null],
      [other.userId, null],
      [stranger.userId, past],
    ]) {
      await owner.query(
        "insert into group_members (tenant_id, group_id, user_id, expires_at) values ($1, $2, $3, $4)",
        [tenant.id, group?.id, userId, expiresAt],
      );
    }
    await owner.query(
      "insert into rate_limit_configs (tenant_id, subject_type, subject_id, limit_count) values ($1, 'group', $2, 5)",
      [tenant.id, group?.id],
    );
    const keys = [one.text, other.text];
    const answers = await repeat(8, (time) => call("GET", "/me", { key: keys[time % 2] }));
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(answers[0]?.headers.get("ratelimit-policy")).toContain('"group-minute";q=5;w=60');
    const free = await call("GET", "/me", { key: stranger.text });
    expect(free.status).toBe(200);
    expect(free.headers.get("ratelimit-policy")).not.toContain("group-minute");
  });

  it("obeys the limit of a role, and never promises a reset later than one window", async () => {
    const tenant = await addTenant("role-limit");
    await limit(tenant.id, "user", 3);
    const key = await tenant.addKey({ role: "user" });
    const answers = await repeat(4, () => call("GET", "/me", { key: key.text }));
    expect(statuses(answers)).toEqual([200, 200, 200, 429]);
    for (const { headers } of answers) {
      const seconds = [...(headers.get("ratelimit") ?? "").matchAll(/"role-minute";r=\d+;t=(\d+)/g)];
      expect(seconds).toHaveLength(1);
      for (const [, t] of seconds) expect(Number(t)).toBeLessThanOrEqual(60);
    }
  });

  it("admits no more requests per minute than the tenant's plan", async () => {
    const tenant = await addTenant("plan-limit");
    await owner.query("update tenants set plan_limits = '{\"requestsPerMinute\": 3}' where id = $1", [
      tenant.id,
    ]);
    const keys = [await tenant.addKey(), await tenant.addKey()];
    const answers = await repeat(4, (time) => call("GET", "/me", { key: keys[time % 2]?.text }));
    expect(statuses(answers)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.headers.get("ratelimit")).toContain('"tenant-minute";r=0');
  });

  it("refuses a blocked address with 403 and lets others in", async () => {
    const tenant = await addTenant("blocked");
    await block(tenant.id, "198.18.7.0/24");
    const { text: key } = await tenant.addKey();
    const refused = await call("GET", "/me", { key, ip: "198.18.7.9" });
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toBe("Requests from this IP address are blocked.");
    expect((await call("GET", "/me", { key, ip: "198.18.8.9" })).status).toBe(200);
  });
});

describe("a key that is used from an address that it is not for", () => {
  it("is answered 403 with the reason, and leaves one security event a minute", async () => {
    const tenant = await addTenant("bound");
    const key = await tenant.addKey({ with: { ip_allowlist: ["198.18.30.0/24"] } });
    const ask = (ip: string) => call("GET", "/me", { key: key.text, ip });
    expect((await ask("198.18.30.1")).status).toBe(200);
    for (let time = 0; time < 3; time += 1) {
      const refused = await ask("198.18.31.1");
      expect(refused.status).toBe(403);
      expect(refused.body.detail).toContain("not allowed from your IP address");
    }
    const events = () =>
      owner.query("select event_type, api_key_id, ip_address from security_events where tenant_id = $1", [
        tenant.id,
      ]);
    await vi.waitFor(async () =>
      expect(await events()).toEqual([
        { event_type: "key.address-refused", api_key_id: key.id, ip_address: "198.18.31.1" },
      ]),
    );
  });
});

describe("a signed-in person", () => {
  it("stays signed in for a lifetime from the last page, and is seen to be active", async () => {
    const tenant = await addTenant("sliding");
    const headers = await tenant.addOperator();
    const session = async () => {
      const [row] = await owner.query(
        "select expires_at > now() + interval '6 days' as moved, last_activity > now() - interval '1 minute' as active from session where tenant_id = $1",
        [tenant.id],
      );
      return row;
    };
    await owner.query("update session set last_activity = now() - interval '2 hours' where tenant_id = $1", [
      tenant.id,
    ]);
    const answer = await visit("/account", "198.18.40.1", { headers });
    expect(answer.status).toBe(200);
    expect(await session()).toEqual({ moved: true, active: true });
    const cookie = answer.headers.getSetCookie().find((each) => each.includes("session_token=")) ?? "";
    expect(cookie).toContain("Max-Age=604800");
    expect(cookie.split(";")[0]).toBe(headers.cookie);
    const again = await visit("/account", "198.18.40.1", { headers });
    expect(again.headers.getSetCookie().filter((each) => each.includes("session_token="))).toEqual([]);
  });

  it("signs in again after thirty days, however active the session was", async () => {
    const tenant = await addTenant("absolute");
    const headers = await tenant.addOperator();
    const age = (days: number) =>
      owner.query(
        `update session set created_at = now() - $2 * interval '1 day', expires_at = now() + interval '7 days',
           last_activity = now() - interval '2 hours' where tenant_id = $1`,
        [tenant.id, days],
      );
    await age(28);
    expect((await visit("/account", "198.18.40.3", { headers })).status).toBe(200);
    const [row] = await owner.query(
      "select expires_at < now() + interval '2 days 1 hour' as capped from session where tenant_id = $1",
      [tenant.id],
    );
    expect(row).toEqual({ capped: true });
    await age(30);
    const answer = await visit("/account", "198.18.40.3", { headers });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toContain("/sign-in");
  });

  it("who is impersonated is so no longer than it was meant", async () => {
    const tenant = await addTenant("impersonated");
    const headers = await tenant.addOperator();
    const admin = await tenant.addUser("admin");
    await owner.query(
      "update session set last_activity = now() - interval '2 hours', expires_at = now() + interval '1 hour', impersonated_by = $2 where tenant_id = $1",
      [tenant.id, admin],
    );
    expect((await visit("/account", "198.18.40.2", { headers })).status).toBe(200);
    const [row] = await owner.query(
      "select expires_at < now() + interval '2 hours' as kept, last_activity > now() - interval '1 minute' as active from session where tenant_id = $1",
      [tenant.id],
    );
    expect(row).toEqual({ kept: true, active: true });
  });
});

describe("a page", () => {
  it("costs one token, however often it calls the REST API within the process", async () => {
    const tenant = await addTenant("page-limit");
    await limit(tenant.id, "admin", 3);
    const headers = await tenant.addOperator();
    const answers = await repeat(4, () => visit("/admin/servers", "198.18.1.1", { headers }));
    expect(statuses(answers)).toEqual([200, 200, 200, 429]);
    expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answers[3]?.body).toContain("<html");
  });

  it("is refused to a blocked address", async () => {
    const tenant = await addTenant("page-blocked");
    await block(tenant.id, "198.18.9.0/24");
    const headers = await tenant.addOperator();
    expect((await visit("/admin", "198.18.9.1", { headers })).status).toBe(403);
  });
});

describe("a request without a credential", () => {
  beforeAll(async () => {
    const headers = await (await addTenant("operators")).addOperator();
    const json = { kind: "block", cidr: "198.19.77.0/24" };
    expect((await call("POST", "/system/ip-rules", { headers, json })).status).toBe(201);
    // Isolates go by a new rule within a second.
    await vi.waitFor(async () => expect((await visit("/nowhere", "198.19.77.5")).status).toBe(403), 2000);
  });

  it("to sign in or for a token is metered by address, all of an IPv6 network as one", async () => {
    const ask = (ip: string) => visit("/api/auth/oauth2/token", ip, POST_FORM);
    const answers = await repeat(63, (time) => ask(`2001:db8:7:7::${time.toString(16)}`));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(3);
    const refused = answers.at(-1);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused?.headers.get("ratelimit-policy")).toContain('"authentication-minute";q=60;w=60');
    expect(refused?.headers.get("access-control-allow-origin")).toBe("*");
    expect((await ask("2001:db8:7:8::1")).status).not.toBe(429);
    expect((await visit("/sign-in", "2001:db8:7:7::1", { method: "POST" })).status).toBe(429);
    expect((await visit("/sign-in", "2001:db8:7:7::1")).status).toBe(200);
  });

  it.each([
    ["/sign-in", {}],
    ["/.well-known/oauth-authorization-server", {}],
    ["/api/auth/oauth2/token", POST_FORM],
    ["/api/v1/openapi.json", {}],
    ["/api/v1/me", {}],
    ["/nowhere", {}],
    ["/r/nobodys/v0.1/servers", {}],
  ])("to %s is refused to an address that the whole system blocks", async (path, init) => {
    const answer = await visit(path, "198.19.77.5", init);
    expect(answer.status).toBe(403);
    expect((await visit(path, "198.19.78.5", init)).status).not.toBe(403);
  });

  it("to a public registry obeys the address rules of its tenant", async () => {
    const tenant = await addTenant("public-registry");
    const slug = `public-${crypto.randomUUID().slice(0, 8)}`;
    await owner.query(
      `update tenants set slug = $1, settings = settings || '{"publicRegistry": true}' where id = $2`,
      [slug, tenant.id],
    );
    await block(tenant.id, "198.18.20.0/24");
    expect((await visit(`/r/${slug}/v0.1/servers`, "198.18.21.1")).status).toBe(200);
    expect((await visit(`/r/${slug}/v0.1/servers`, "198.18.20.1")).status).toBe(403);
  });
});

/** What is not metered without a credential, with the reason. */
const UNMETERED: Readonly<Record<string, string>> = {
  "/healthz": "a constant, for load balancers",
  "/": "a redirect or a constant",
};

describe("a request without a credential", () => {
  const routes = routeTable().map(({ method, path }, index) => ({
    method: method === "ALL" ? "GET" : method,
    path,
    ip: `100.90.${index >> 8}.${index & 255}`,
  }));

  it.each(routes)("is metered by its address on $method $path", async ({ method, path, ip }) => {
    const concrete = path.replace(/:\w+(\{[^}]*\})?/g, () => crypto.randomUUID());
    const answer = await visit(concrete, ip, { method });
    const isMetered = answer.headers.has("ratelimit-policy");
    expect(isMetered, `${answer.status}`).toBe(UNMETERED[path] === undefined);
  });
});
