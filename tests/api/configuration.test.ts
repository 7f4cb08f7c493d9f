/** The configuration as a file: an export has all items, and applying it creates its items once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { owner } from "../support/database.ts";
import { runs } from "../support/runs.ts";
import { addTenant, call } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the file contains.
type Json = any;

async function installation(label = "configuration") {
  const tenant = await addTenant(label);
  const { text: key } = await tenant.addKey();
  const post = (path: string, json: object) => call("POST", `/configuration/${path}`, { key, json });
  const exported = async (): Promise<Json> => (await call("GET", "/configuration", { key })).body;
  const apply = async (document: Json, secrets: Json = {}) => {
    const plan = await post("plan", { document, secrets });
    if (plan.status !== 200) return plan;
    return post("apply", { document, secrets, hash: plan.body.hash });
  };
  return { tenant, key, post, exported, apply };
}

const FULL = {
  version: 1,
  servers: [
    {
      name: "weather",
      endpointUrl: "https://weather.example.com/mcp",
      tags: ["b", "a"],
      auth: { type: "bearer", secret: "WEATHER" },
    },
    { name: "shop", endpointUrl: "wss://shop.example.com/mcp", transportType: "websocket", weight: 3 },
  ],
  groups: [
    { name: "Engineering", externalId: "eng" },
    { name: "Support", description: "Second level." },
  ],
  accessControls: [
    {
      subject: { type: "role", id: "user" },
      objectType: "tool",
      server: "shop",
      objectPattern: "drop_*",
      effect: "deny",
      startTime: "08:00",
      endTime: "18:00",
    },
    {
      subject: { type: "group", id: "Engineering" },
      objectType: "server",
      server: "weather",
      effect: "allow",
    },
  ],
  routingRules: [
    { name: "all", conditions: { tools: ["*"] }, targetServers: ["weather", "shop"], priority: 1 },
  ],
  toolsets: [
    {
      slug: "support",
      title: "Support",
      members: [{ kind: "tool", server: "shop", pattern: "search_*" }, { kind: "prompt" }],
      overrides: [{ kind: "tool", server: "shop", name: "search_orders", alias: "find_orders" }],
    },
  ],
  toolsetBindings: [
    { subjectType: "role", subjectId: "readonly", toolset: "support" },
    { subjectType: "group", subjectId: "Support", toolset: "support" },
  ],
  rateLimits: [
    { subjectType: "role", subjectId: "user", limitCount: 10 },
    { subjectType: "group", subjectId: "Support", limitCount: 20, server: "shop" },
  ],
  budgets: [{ name: "Support", subjectType: "group", subjectId: "Support", period: "month", amount: 900 }],
  ipRules: [
    { kind: "block", cidr: "192.0.2.1" },
    { kind: "allow", cidr: "2001:DB8::/32" },
  ],
  requestQueues: [{ server: "shop", maxSize: 5 }],
  configs: [
    { key: "greeting", value: { text: "Hello" } },
    { key: "smtp.password", secret: "SMTP" },
  ],
  featureFlags: [{ key: "beta", name: "Beta", percentage: 10 }],
  maintenanceWindows: [
    { title: "Night", server: "shop", startsAt: "2026-01-01T00:00:00+01:00", endsAt: "2026-01-01T04:00:00Z" },
  ],
  announcements: [{ title: "Hi", body: "There", startsAt: "2026-01-01T00:00:00Z" }],
  alerts: [{ name: "Slow", metric: "latency_p95", threshold: 1, server: "weather" }],
  retentionPolicies: [{ tableName: "audit_logs", retentionDays: 400 }],
};
const SECRETS = { WEATHER: "token-of-the-weather", SMTP: "smtp-password" };

describe("a configuration file", () => {
  it("makes everything at once, and the second time nothing", async () => {
    const { apply, exported, tenant } = await installation();
    const first = await apply(FULL, SECRETS);
    expect(first.body).toMatchObject({ applied: 23 });
    expect((await apply(FULL, SECRETS)).body).toMatchObject({ applied: 0 });
    expect((await apply(FULL)).body).toMatchObject({ applied: 0 });
    const document = await exported();
    expect(document.servers[1]).toEqual({ ...FULL.servers[0], tags: ["b", "a"] });
    expect(document.ipRules).toEqual([
      { kind: "allow", cidr: "2001:db8::/32" },
      { kind: "block", cidr: "192.0.2.1/32" },
    ]);
    expect(document.maintenanceWindows[0].startsAt).toBe("2025-12-31T23:00:00.000Z");
    expect(document.configs[1]).toEqual({ key: "smtp.password", secret: "CONFIG_SMTP_PASSWORD" });
    const written = JSON.stringify([document, first.body, await tenant.audit()]);
    for (const secret of Object.values(SECRETS)) expect(written).not.toContain(secret);
    const actions = (await tenant.audit()).map(({ action }) => action);
    expect(actions).toHaveLength(23);
    expect(actions).toContain("routing-rules.create");
  });

  it("shows what it would change, and applies only that", async () => {
    const { apply, post, exported } = await installation();
    await apply(FULL, SECRETS);
    const document = { ...(await exported()), featureFlags: [{ key: "beta", name: "Beta 2" }], alerts: [] };
    const plan = await post("plan", { document });
    expect(plan.body.changes).toEqual([
      {
        section: "featureFlags",
        action: "update",
        name: "Beta 2",
        before: { key: "beta", name: "Beta", percentage: 10 },
        after: { key: "beta", name: "Beta 2" },
      },
      expect.objectContaining({ section: "alerts", action: "delete", name: "Slow" }),
    ]);
    expect((await post("apply", { document, hash: "0".repeat(64) })).status).toBe(409);
    await apply({
      version: 1,
      alerts: [{ name: "Slow", metric: "latency_p99", threshold: 1, server: "weather" }],
    });
    expect((await post("apply", { document, hash: plan.body.hash })).status).toBe(409);
    expect((await apply(document)).body.applied).toBe(2);
    expect((await exported()).featureFlags).toEqual([{ key: "beta", name: "Beta 2" }]);
  });

  it("calls groups by their names, and keeps those that rules and limits name", async () => {
    const { apply, exported, key, post } = await installation();
    await apply(FULL, SECRETS);
    const { groups, accessControls, rateLimits, toolsets, toolsetBindings } = await exported();
    expect(groups).toEqual(FULL.groups);
    expect(accessControls).toContainEqual(
      expect.objectContaining({ subject: { type: "group", id: "Engineering" } }),
    );
    expect(rateLimits).toContainEqual(
      expect.objectContaining({ subjectType: "group", subjectId: "Support" }),
    );
    expect(toolsetBindings).toEqual([FULL.toolsetBindings[1], FULL.toolsetBindings[0]]);
    const paths = async (document: Json) =>
      (await apply({ version: 1, ...document })).body.errors?.map(({ path, message }: Json) => [
        path,
        message,
      ]);
    expect(await paths({ groups: [] })).toEqual([
      [
        "/document/groups",
        "must contain Engineering: an access rule, a rate limit, a budget or a toolset binding names the group",
      ],
      [
        "/document/groups",
        "must contain Support: an access rule, a rate limit, a budget or a toolset binding names the group",
      ],
    ]);
    expect(await paths({ groups: [], rateLimits })).toContainEqual([
      "/document/rateLimits/0/subjectId",
      "unknown group: Support",
    ]);
    expect(
      await paths({ accessControls: [{ ...accessControls[0], subject: { type: "group", id: "x" } }] }),
    ).toEqual([["/document/accessControls/0/subject/id", "unknown group: x"]]);
    expect(await paths({ toolsets: [] })).toEqual([
      ["/document/toolsets", "must contain Support: a toolset binding names the toolset"],
    ]);
    expect(await paths({ toolsets: [], toolsetBindings })).toContainEqual([
      "/document/toolsetBindings/0/toolset",
      "unknown toolset: support",
    ]);
    expect(toolsets).toHaveLength(1);
    const { body: list } = await call("GET", "/groups?sort=name", { key });
    await owner.query("update groups set source = 'scim' where id = $1", [list.items[0].id]);
    // A provisioned group is in no file, and can be named by one.
    const left = {
      ...{ version: 1, groups: [FULL.groups[1]], accessControls, rateLimits, toolsetBindings },
      budgets: FULL.budgets,
    };
    expect((await post("plan", { document: left })).body).toMatchObject({ changes: [] });
    const none = { groups: [], accessControls: [], rateLimits: [], budgets: [], toolsetBindings: [] };
    expect((await apply({ ...left, ...none })).body.applied).toBe(8);
    expect((await call("GET", "/groups", { key })).body.items).toHaveLength(1);
  });

  it("leaves alone what it does not name, and takes rules away with their server", async () => {
    const { apply, exported } = await installation();
    await apply(FULL, SECRETS);
    expect((await apply({ version: 1 })).body.applied).toBe(0);
    const { servers, requestQueues: _, ...rest } = await exported();
    const without = { ...rest, servers: servers.filter(({ name }: Json) => name !== "shop") };
    const refused = await apply(without);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map(({ path }: Json) => path)).toEqual([
      "/document/accessControls/1/server",
      "/document/routingRules/0/targetServers/1",
      "/document/toolsets/0/members/0/server",
      "/document/toolsets/0/overrides/0/server",
      "/document/rateLimits/0/server",
      "/document/maintenanceWindows/0/server",
    ]);
  });

  it("distinguishes a new secret from the old one, and requires a missing one", async () => {
    const { apply, post, tenant } = await installation();
    const lacking = await post("plan", { document: FULL });
    expect(lacking.body.errors.map(({ path }: Json) => path)).toEqual(
      ["/document/servers/1/auth/secret", "/document/configs/1/secret"].map((path) =>
        path.replace("servers/1", "servers/0"),
      ),
    );
    await apply(FULL, SECRETS);
    const sealed = async () =>
      owner.query("select auth_config, updated_at from mcp_servers where tenant_id = $1 order by name", [
        tenant.id,
      ]);
    const before = await sealed();
    const plan = await post("plan", { document: FULL, secrets: { ...SECRETS, WEATHER: "another" } });
    expect(plan.body.changes).toEqual([
      expect.objectContaining({ section: "servers", name: "weather", secret: true }),
    ]);
    expect((await apply(FULL, { ...SECRETS, WEATHER: "another" })).body.applied).toBe(1);
    const after = await sealed();
    expect(after[0]).toEqual(before[0]);
    expect(after[1]?.auth_config.sealed).not.toBe(before[1]?.auth_config.sealed);
    const renamed = {
      ...FULL,
      servers: [{ ...FULL.servers[0], auth: { type: "bearer", secret: "OTHER" } }, FULL.servers[1]],
    };
    expect((await apply(renamed)).body.applied).toBe(1);
    expect((await sealed())[1]?.auth_config).toEqual({ ...after[1]?.auth_config, reference: "OTHER" });
  });

  it("takes OAuth clients of servers, with their secret by reference", async () => {
    const { apply, exported, post, tenant } = await installation();
    const issuer = "https://login.example.com/";
    const at = (name: string) => ({ name, endpointUrl: `https://${name}.example.com/mcp` });
    const servers = [
      {
        ...at("accounts"),
        auth: { type: "user_oauth", issuer, clientId: "c", scopes: ["a", "b"], secret: "ACCOUNTS" },
      },
      { ...at("registers"), auth: { type: "user_oauth", provider: "github" } },
      { ...at("robots"), auth: { type: "client_credentials", issuer, clientId: "c", secret: "ROBOTS" } },
      { ...at("tokens"), auth: { type: "user_secret", headerName: "x-api-key" } },
      { ...at("unaccounted"), auth: { type: "identity_jwt", audience: "urn:notes" } },
      {
        ...at("unexchanged"),
        auth: { type: "token_exchange", issuer, clientId: "c", exchange: "on_behalf_of", audience: "a" },
      },
    ];
    const document = { version: 1, servers };
    const secrets = { ACCOUNTS: "secret-of-accounts", ROBOTS: "secret-of-robots" };
    const lacking = await post("plan", { document });
    expect(lacking.body.errors.map(({ path }: Json) => path)).toEqual([
      "/document/servers/0/auth/secret",
      "/document/servers/2/auth/secret",
    ]);
    expect((await apply(document, secrets)).body.applied).toBe(6);
    expect((await exported()).servers).toEqual(servers);
    const unchanged = await post("plan", { document });
    expect(unchanged.body.changes).toEqual([]);
    const plan = await post("plan", { document, secrets: { ...secrets, ROBOTS: "another" } });
    expect(plan.body.changes).toEqual([expect.objectContaining({ name: "robots", secret: true })]);
    const rows = await owner.query("select auth_config::text as text from mcp_servers where tenant_id = $1", [
      tenant.id,
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/secret-of/);
    // The secret of one client is not that of another.
    const [first] = servers;
    const moved = {
      ...document,
      servers: [{ ...first, auth: { ...first?.auth, issuer: "https://other.example.com/" } }],
    };
    expect((await post("plan", { document: moved })).body.errors).toEqual([
      expect.objectContaining({ path: "/document/servers/0/auth/secret" }),
    ]);
  });

  it.each<[string, object, string]>([
    [
      "a server at a private address",
      { servers: [{ name: "x", endpointUrl: "https://10.0.0.1/" }] },
      "/document/servers/0/endpointUrl",
    ],
    [
      "a member that is none",
      { featureFlags: [{ key: "a", name: "A", colour: "red" }] },
      "/document/featureFlags/0/",
    ],
    [
      "two of one name",
      {
        featureFlags: [
          { key: "a", name: "A" },
          { key: "a", name: "B" },
        ],
      },
      "/document/featureFlags/1",
    ],
    ["an unknown server", { requestQueues: [{ server: "nowhere" }] }, "/document/requestQueues/0/server"],
    [
      "a window that ends before it begins",
      {
        maintenanceWindows: [
          { title: "x", startsAt: "2026-01-02T00:00:00Z", endsAt: "2026-01-01T00:00:00Z" },
        ],
      },
      "/document/maintenanceWindows/0/endsAt",
    ],
    [
      "a tenant's setting that is none",
      { tenant: { settings: { accessDefault: "maybe" } } },
      "/document/tenant/settings/accessDefault",
    ],
  ])("with %s is refused whole, and the place is named", async (_, sections, path) => {
    const { post } = await installation();
    const answer = await post("plan", { document: { version: 1, ...sections } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it("is a readable text, the same every time", async () => {
    const { apply, exported, key } = await installation();
    await apply(FULL, SECRETS);
    const text = async () => {
      const { env, createExecutionContext } = await import("cloudflare:test");
      const { createApp } = await import("../../src/app.ts");
      const headers = { authorization: `Bearer ${key}` };
      const request = new Request(`${env.PUBLIC_URL}/api/v1/configuration?format=yaml`, { headers });
      return (await createApp().fetch(request, env, createExecutionContext())).text();
    };
    expect(await text()).toBe(await text());
    expect(parse(await text())).toEqual(await exported());
    expect(await text()).toContain("servers:\n  - name: shop\n    endpointUrl: wss://shop.example.com/mcp\n");
  });
});

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const unique = <T>(item: fc.Arbitrary<T>, by: (value: T) => unknown) =>
  fc.uniqueArray(item, { selector: by, maxLength: 3 });
const moment = fc.date({
  min: new Date("2026-01-01T00:00:00Z"),
  max: new Date("2027-01-01T00:00:00Z"),
  noInvalidDate: true,
});
const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((value) => value.trim() === value && !value.includes("\0") && value.isWellFormed());

const documents = unique(word, (name) => name).chain((servers) =>
  fc.record(
    {
      version: fc.constant(1),
      servers: fc.tuple(
        ...servers.map((name) =>
          fc.record(
            {
              name: fc.constant(name),
              endpointUrl: fc.constant(`https://${name}.example.com/mcp`),
              description: text,
              weight: fc.nat({ max: 9 }),
              tags: fc.uniqueArray(word, { maxLength: 3 }),
            },
            { requiredKeys: ["name", "endpointUrl"] },
          ),
        ),
      ),
      accessControls: fc.array(
        fc.record(
          {
            subject: fc.record({ type: fc.constant("role"), id: fc.constantFrom("user", "admin") }),
            objectType: fc.constantFrom("tool", "resource"),
            objectPattern: fc.constantFrom("*", "a*", "{a,b}"),
            effect: fc.constantFrom("allow", "deny"),
            daysOfWeek: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
            validFrom: moment.map((at) => at.toISOString()),
          },
          { requiredKeys: ["subject", "objectType", "effect"] },
        ),
        { maxLength: 4 },
      ),
      routingRules:
        servers.length === 0
          ? fc.constant([])
          : unique(
              fc.record(
                {
                  name: word,
                  targetServers: fc.subarray(servers, { minLength: 1 }),
                  conditions: fc.record(
                    { percentage: fc.integer({ min: 0, max: 100 }) },
                    { requiredKeys: [] },
                  ),
                  priority: fc.nat({ max: 200 }),
                },
                { requiredKeys: ["name", "targetServers"] },
              ),
              ({ name }) => name,
            ),
      configs: unique(
        fc.record({
          key: word,
          value: fc
            .jsonValue({ maxDepth: 2 })
            .filter(
              (value) =>
                value !== null &&
                !/\\u0000|\\ud[89a-f]|"__proto__"/i.test(JSON.stringify(value)) &&
                JSON.stringify(value).isWellFormed(),
            ),
        }),
        ({ key }) => key,
      ),
      featureFlags: unique(
        fc.record(
          {
            key: word,
            name: text,
            isEnabled: fc.boolean(),
            percentage: fc.integer({ min: 0, max: 100 }),
            userIds: fc.array(word, { maxLength: 2 }),
          },
          { requiredKeys: ["key", "name"] },
        ),
        ({ key }) => key,
      ),
      announcements: fc.array(
        fc.record({ title: word, body: text, startsAt: moment.map((at) => at.toISOString()) }),
        { maxLength: 3 },
      ),
      alerts: fc.array(
        fc.record(
          {
            name: word,
            metric: fc.constantFrom("error_rate", "latency_p95", "requests"),
            threshold: fc.double({ min: -1e6, max: 1, noNaN: true }),
            server: fc.constantFrom(...(servers.length === 0 ? [null] : servers)),
          },
          { requiredKeys: ["name", "metric", "threshold"] },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ["version", "servers"] },
  ),
);

it.each(["1", "true", "null", "[1]", '"x"', "{}"])("keeps the text %s a text", async (value) => {
  const { apply, exported } = await installation();
  const document = { version: 1, servers: [], configs: [{ key: "text", value }] };
  expect((await apply(document)).status).toBe(200);
  expect((await exported()).configs).toEqual([{ key: "text", value }]);
  expect((await apply(document)).body).toMatchObject({ applied: 0 });
});

it("applies identity providers with their secrets, and exports them without", async () => {
  const { apply, exported, tenant } = await installation();
  const okta = { name: "Okta", issuer: "https://example.okta.com", clientId: "0oa1", trustedAmr: ["mfa"] };
  const provider = { ...okta, secret: "IDENTITY_PROVIDER_OKTA" };
  const verifiedDomains = [{ domain: `${tenant.id}.example.com` }];
  const document = { version: 1, servers: [], identityProviders: [provider], verifiedDomains };
  const missing = await apply(document);
  expect(missing.body.errors[0].message).toContain("set IDENTITY_PROVIDER_OKTA where you apply this");
  const secrets = { IDENTITY_PROVIDER_OKTA: "the client secret" };
  expect((await apply(document, secrets)).body).toMatchObject({ applied: 2 });
  expect(await exported()).toMatchObject({ identityProviders: [provider], verifiedDomains });
  expect((await apply(document, secrets)).body).toMatchObject({ applied: 0 });
  expect((await apply(document)).body).toMatchObject({ applied: 0 });
  expect((await apply(document, { IDENTITY_PROVIDER_OKTA: "another" })).body).toMatchObject({ applied: 1 });
  const [stored] = await owner.query("select client_secret from identity_providers where tenant_id = $1", [
    tenant.id,
  ]);
  expect(stored?.client_secret).not.toContain("another");
  const audit = JSON.stringify(await tenant.audit());
  expect(audit).not.toContain("another");
});

describe("any content of a file", () => {
  it("is exported as it was applied, here and in another tenant", async () => {
    const here = await installation("trip");
    await fc.assert(
      fc.asyncProperty(documents, documents, async (one, other) => {
        for (const document of [one, other]) {
          const applied = await here.apply(document);
          expect(applied.status, JSON.stringify([document, applied.body])).toBe(200);
          expect((await here.apply(document)).body, JSON.stringify(document)).toMatchObject({ applied: 0 });
        }
        const { tenant: _, ...first } = await here.exported();
        expect((await here.apply(first)).body.applied).toBe(0);
        const there = await installation("trip");
        expect((await there.apply(first)).status).toBe(200);
        const { tenant: __, ...second } = await there.exported();
        expect(second).toEqual(first);
      }),
      { numRuns: runs(15) },
    );
  });
});
