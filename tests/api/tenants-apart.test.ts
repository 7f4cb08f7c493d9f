/** Every route of the REST interface with another tenant's ids: as if they did not exist. */
import { env } from "cloudflare:test";
import { getTableName } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { RESOURCES } from "../../src/api/resources/resources.ts";
import { owner } from "../support/database.ts";
import { allTables, SampleRows } from "../support/sample-rows.ts";
import { exampleOf, isOperators, restRoutes, thingOf } from "./route-table.ts";
import { addTenant, call, type TestKey } from "./support.ts";

/** What the other tenant has, by the path segment under which it would be reached. A new kind of thing gets a line. */
const theirs: Record<string, string> = {};
let me: TestKey;

/** Of these any row of theirs will do. */
const TABLES: Record<string, string> = {
  ...Object.fromEntries(RESOURCES.map(({ name, table }) => [name, getTableName(table)])),
  "alert-events": "alert_events",
  "alert-states": "alert_states",
  "alert-deliveries": "alert_deliveries",
  "circuit-breakers": "circuit_breakers",
  tools: "server_tools",
  resources: "server_resources",
  prompts: "server_prompts",
  "tool-changes": "tool_pins",
  "registry-entries": "registry_entries",
  "registry-paths": "registry_paths",
};

beforeAll(async () => {
  const rows = new SampleRows(await allTables());
  for (const [thing, table] of Object.entries(TABLES)) theirs[thing] = String((await rows.stored(table)).id);
  const [mine, other] = [await addTenant("mine"), await addTenant("theirs")];
  me = await mine.addKey();
  const victim = await other.addKey();
  theirs.keys = victim.id;
  theirs.users = victim.userId ?? "";
  const grant = await other.addGrant(theirs.users);
  theirs["oauth-grants"] = grant.id;
  theirs["oauth-clients"] = grant.clientRowId;
  theirs.members = theirs.users;
  theirs.tenants = other.id;
  theirs.servers = await other.addServer("files");
  const program = { name: "program", transportType: "stdio" };
  theirs.connectors = (await call("POST", "/servers", { key: victim.text, json: program })).body.id;
  theirs["connected-accounts"] = theirs.servers;
  theirs["legacy-keys"] = (await other.addLegacyKey(`old-key-of-${other.id}`)).id;
  const account = await call("POST", "/service-accounts", { key: victim.text, json: { name: "robot" } });
  theirs["service-accounts"] = account.body.id;
  const json = { subject: { type: "role", id: "user" }, objectType: "tool", effect: "deny" };
  theirs["access-controls"] = (await call("POST", "/access-controls", { key: victim.text, json })).body.id;
  const scim = await call("POST", "/scim-tokens", { key: victim.text, json: { name: "theirs" } });
  theirs["scim-tokens"] = scim.body.id;
  theirs.sessions = crypto.randomUUID();
  await owner.query(
    `insert into session (id, token, user_id, expires_at) values ($1, $1, $2, now() + interval '1 day')`,
    [theirs.sessions, victim.userId],
  );
  const [invitation] = await owner.query(
    `insert into tenant_invitations (tenant_id, email, token_hash, expires_at) values ($1, $2, $3, now() + interval '1 day') returning id`,
    [other.id, `${crypto.randomUUID()}@example.com`, crypto.randomUUID()],
  );
  theirs.invitations = String(invitation?.id);
  const [view] = await owner.query("select id from materialized_views limit 1");
  theirs["materialized-views"] = String(view?.id);
  theirs["active-requests"] = crypto.randomUUID();
  await env.TENANTS.getByName(other.id).reportActive({
    id: theirs["active-requests"],
    requestId: crypto.randomUUID(),
    principalId: `key:${victim.id}`,
    userId: victim.userId ?? undefined,
    server: "files",
    method: "tools/call",
    target: "read",
    startedAt: Date.now(),
  });
});

describe("another tenant's things", () => {
  const withId = restRoutes().filter(({ path }) => path.includes("/:"));

  it.each(withId)("$method $path is not there", async (route) => {
    const { method, path } = route;
    const thing = thingOf(path);
    const id = theirs[thing];
    if (id === undefined || id === "")
      throw new Error(`state in this test what another tenant has of ${thing}`);
    // Right if the thing were one's own.
    const json = exampleOf(route);
    const answer = await call(method, path.replace("/api/v1", "").replace(/:\w+/, id), {
      key: me.text,
      json,
    });
    // What operators do reaches every tenant, and no key is an operator's: see the matrix.
    expect(answer.status).toBe(isOperators(route) ? 403 : 404);
  });

  it("are still as they were", async () => {
    const [key] = await owner.query("select name, is_active from api_keys where id = $1", [theirs.keys]);
    expect(key).toEqual({ name: "test", is_active: true });
    const [control] = await owner.query("select effect from server_access_controls where id = $1", [
      theirs["access-controls"],
    ]);
    expect(control).toEqual({ effect: "deny" });
    const [old] = await owner.query("select is_active, upgraded_to from legacy_api_keys where id = $1", [
      theirs["legacy-keys"],
    ]);
    expect(old).toEqual({ is_active: true, upgraded_to: null });
  });

  const lists = restRoutes().filter(
    (route) => route.method === "GET" && !route.path.includes("/:") && !isOperators(route),
  );
  it.each(lists)("$method $path does not show them", async ({ path }) => {
    const answer = await call("GET", path.replace("/api/v1", ""), { key: me.text });
    expect(answer.status).toBe(200);
    // The requests of this caller above are in the log of its own requests.
    const reported = JSON.stringify(answer.body)
      .replaceAll(/\/api\/v1\/[^",]*/g, "")
      .replaceAll(/"resourceId":"[^"]*","success":false/g, "");
    for (const id of Object.values(theirs)) expect(reported).not.toContain(id);
  });

  it.each<[string, string, () => Record<string, unknown>]>([
    ["a key for their account", "/keys", () => ({ name: "x", serviceAccountId: theirs["service-accounts"] })],
    [
      "a rule on their server",
      "/access-controls",
      () => ({
        subject: { type: "role", id: "user" },
        objectType: "tool",
        effect: "deny",
        serverId: theirs.servers,
      }),
    ],
    [
      "a rule on their user",
      "/access-controls",
      () => ({ subject: { type: "user", id: theirs.users }, objectType: "tool", effect: "deny" }),
    ],
    [
      "a rule on their key",
      "/access-controls",
      () => ({ subject: { type: "key", id: theirs.keys }, objectType: "tool", effect: "deny" }),
    ],
    [
      "a rule on their old key",
      "/access-controls",
      () => ({ subject: { type: "key", id: theirs["legacy-keys"] }, objectType: "tool", effect: "deny" }),
    ],
    [
      "a question about their user",
      "/access/explain",
      () => ({ principal: { userId: theirs.users }, action: "me.read" }),
    ],
    [
      "a question about their key",
      "/access/explain",
      () => ({ principal: { keyId: theirs.keys }, action: "me.read" }),
    ],
    [
      "a question about their server",
      "/access/explain",
      () => ({ principal: { role: "user" }, use: { kind: "server", serverId: theirs.servers } }),
    ],
  ])("are not there for %s", async (_, path, json) => {
    expect((await call("POST", path, { key: me.text, json: json() })).status).toBe(404);
  });
});
