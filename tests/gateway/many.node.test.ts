/** Many servers as one: a server that hangs or is down delays no other, and names resolve to the right server. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import {
  startTinyServers,
  type TinyOptions,
  type TinyServer,
  type TinyServers,
} from "../fixtures/tiny-servers.ts";
import {
  askModern,
  type Endpoint,
  LegacySession,
  META,
  messagesOf,
  modern,
  type RpcMessage,
  textIn,
} from "../fixtures/wire.ts";

let gateway: TestGateway;
let servers: TinyServers;
const owner = new pg.Pool({ connectionString: databaseOfThisRun().ownerUrl, max: 1 });

beforeAll(async () => {
  [gateway, servers] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
});
afterAll(async () => {
  await Promise.all([gateway?.close(), servers?.close(), owner.end()]);
});

const endpointOf = ({ apiKey }: TestTenant): Endpoint => ({ url: `${gateway.url}/mcp`, key: apiKey });

type Ask = (method: string, params?: Record<string, unknown>) => Promise<RpcMessage>;

/** A client of each era, from its first word on. */
const CLIENTS: [string, (endpoint: Endpoint) => Promise<Ask>][] = [
  ["modern", async (endpoint) => (method, params) => modern(endpoint, method, params)],
  [
    "legacy",
    async (endpoint) => {
      const session = await LegacySession.begin(endpoint);
      return (method, params) => session.ask(method, params);
    },
  ],
];

const asModern =
  (tenant: TestTenant): Ask =>
  (method, params) =>
    modern(endpointOf(tenant), method, params);

const listed = z.object({
  tools: z.array(z.object({ name: z.string() })).default([]),
  resources: z.array(z.object({ uri: z.string() })).default([]),
  nextCursor: z.string().optional(),
  _meta: z
    .object({
      "dev.mcp-registry-gateway/unavailable": z
        .array(z.object({ server: z.string(), reason: z.string(), stale: z.boolean() }))
        .default([]),
    })
    .optional(),
});

async function list(ask: Ask, method = "tools/list", params: Record<string, unknown> = {}) {
  const { result, error } = await ask(method, params);
  if (error !== undefined) throw new Error(error.message);
  const { tools, resources, nextCursor, _meta } = listed.parse(result);
  const gaps = _meta?.["dev.mcp-registry-gateway/unavailable"] ?? [];
  return { names: tools.map(({ name }) => name), uris: resources.map(({ uri }) => uri), nextCursor, gaps };
}

const callOf = (ask: Ask, name: string) => ask("tools/call", { name, arguments: {} });

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

/** Servers of both eras by turns, each with a tool that all have and one of its own. */
function addTenantWith(names: readonly string[], more: TinyOptions = {}) {
  const tinies = names.map((name, index) =>
    servers.add(name, {
      era: index % 2 === 0 ? "modern" : "legacy",
      tools: ["shared", `own-${name}`],
      ...more,
    }),
  );
  return { tinies, tenant: gateway.addTenant({ servers: tinies.map(({ name, url }) => ({ name, url })) }) };
}

/** How long a list waits for servers that do not answer. */
const DEADLINE_MS = 3000;
/** Whatever is quicker has not waited for a server that hangs, on any machine. */
const QUICK_MS = 2800;

const countUnanswered = (tinies: readonly TinyServer[]) =>
  tinies.reduce((sum, { unansweredAt }) => sum + unansweredAt.length, 0);

/** A call that is slow only because the machine is slow has not reached a failing server. */
async function withoutWaiting<T>(tinies: readonly TinyServer[], work: () => Promise<T>): Promise<T> {
  const before = countUnanswered(tinies);
  const { value, ms } = await timed(work);
  if (ms >= QUICK_MS) expect(countUnanswered(tinies), `requested again, ${Math.round(ms)} ms`).toBe(before);
  return value;
}

// One after the other: a hundred servers at once would be more than a busy machine reaches within the deadline.
describe.each(CLIENTS)(
  "fifty servers of which five hang and five are down, to a %s client",
  (era, connect) => {
    const names = Array.from({ length: 50 }, (_, index) => `${era}-${String(index).padStart(2, "0")}`);
    const live = names.filter((_, index) => index % 10 !== 3 && index % 10 !== 6);
    let tenant: TestTenant;
    let tinies: readonly TinyServer[];
    let hanging: readonly TinyServer[];
    let ask: Ask;
    let first: Awaited<ReturnType<typeof list>>;

    beforeAll(async () => {
      const added = addTenantWith(names);
      tinies = added.tinies;
      hanging = tinies.filter((_, index) => index % 10 === 3);
      for (const tiny of hanging) tiny.state = "hangs";
      for (const [index, tiny] of tinies.entries()) if (index % 10 === 6) tiny.state = "down";
      tenant = await added.tenant;
      ask = await connect(endpointOf(tenant));
      first = await list(ask);
      // On a busy machine the deadline may be over before all available ones have responded.
      await vi.waitFor(
        async () => {
          if (first.names.length < 2 * live.length) first = await list(ask);
          expect(first.names).toHaveLength(2 * live.length);
        },
        { timeout: 60_000 },
      );
    });

    it("are listed within one deadline, and the next time at once", async () => {
      // One after the other, each would get its request a deadline after the one before it.
      const asked = hanging.map(({ unansweredAt: [at = Number.NaN] }) => at);
      expect(Math.max(...asked) - Math.min(...asked)).toBeLessThan(DEADLINE_MS);
      expect(await withoutWaiting(tinies, () => list(ask))).toEqual(first);
    });

    it("show the tools of the other forty, in order, with a prefix where it takes one", () => {
      const own = live.map((name) => `own-${name}`);
      const shared = live.map((name) => `${name}__shared`);
      expect(first.names).toEqual([...own, ...shared].toSorted());
    });

    it("report which ten are missing, and why, without a URL", () => {
      const missing = names.filter((name) => !live.includes(name));
      expect(first.gaps.map(({ server }) => server)).toEqual(missing);
      for (const [index, { reason, stale }] of first.gaps.entries()) {
        expect(reason).toMatch(index % 2 === 0 ? /did not respond/ : /is unreachable/);
        expect(reason).not.toMatch(/127\.0\.0\.1|http/);
        expect(stale).toBe(false);
      }
    });

    it("are called without delay where their server is up, and rejected without delay where it is not", async () => {
      const calls = await withoutWaiting(tinies, () =>
        Promise.all(live.slice(0, 10).map(async (name) => textIn(await callOf(ask, `${name}__shared`)))),
      );
      expect(calls).toEqual(live.slice(0, 10).map((name) => `${name}:shared`));
      for (const index of [3, 6]) {
        const refused = await withoutWaiting(tinies, () => callOf(ask, `${names[index]}__shared`));
        expect(refused.error).toBeDefined();
      }
    });

    it("are known by their prefixes to another client that comes later", async () => {
      const other = await withoutWaiting(tinies, async () => list(await connect(endpointOf(tenant))));
      expect(other.names).toEqual(first.names);
    });
  },
);

it("a tool whose name contains its server is called at once, even by the first request of all, while others hang", async () => {
  const { tinies, tenant } = addTenantWith(["quick", "stuck"]);
  const [, stuck] = tinies;
  if (stuck !== undefined) stuck.state = "hangs";
  const ask = asModern(await tenant);
  const { value, ms } = await timed(() => callOf(ask, "quick__own-quick"));
  expect(textIn(value)).toBe("quick:own-quick");
  expect(ms).toBeLessThan(QUICK_MS);
});

it("a call for a server that has not responded yet never goes to another", async () => {
  const { tinies, tenant } = addTenantWith(["known", "unknown"]);
  const [known, unknown] = tinies;
  if (known === undefined || unknown === undefined) throw new Error("there are two");
  unknown.state = "hangs";
  const ask = asModern(await tenant);
  await list(ask);
  for (const name of ["unknown__own-unknown", "own-unknown", "unknown__prompt"]) {
    expect((await callOf(ask, name)).error).toBeDefined();
  }
  expect(known.received.map(({ method }) => method)).not.toContain("tools/call");
});

describe("servers that responded once and are gone when the gateway restarts", () => {
  let tinies: TinyServer[];
  let tenant: TestTenant;
  let before: Awaited<ReturnType<typeof list>>;

  beforeAll(async () => {
    const added = addTenantWith(["alive", "dead", "mute"]);
    tinies = added.tinies;
    tenant = await added.tenant;
    before = await list(asModern(tenant));
    const remembered =
      "select count(distinct server_id)::int as count from server_tools where tenant_id = $1";
    await vi.waitFor(
      async () => expect((await owner.query(remembered, [tenant.id])).rows).toEqual([{ count: 3 }]),
      { timeout: 5000 },
    );
    for (const tiny of tinies)
      tiny.state = tiny.name === "dead" ? "down" : tiny.name === "mute" ? "hangs" : "up";
    await gateway.restart();
  });

  it.each(CLIENTS)("are replaced by their stored lists, which a %s client can see", async (_era, connect) => {
    const { names, gaps } = await list(await connect(endpointOf(tenant)));
    expect(names).toEqual(before.names);
    expect(gaps).toEqual([
      { server: "dead", reason: expect.stringMatching(/is unreachable/), stale: true },
      { server: "mute", reason: expect.stringMatching(/did not respond/), stale: true },
    ]);
  });

  it("fail when they are called, in words that a client understands, and harm no others", async () => {
    const ask = asModern(tenant);
    expect((await callOf(ask, "dead__shared")).error).toMatchObject({
      code: -31502,
      data: { reason: "upstream_unreachable" },
    });
    expect(textIn(await callOf(ask, "alive__shared"))).toBe("alive:shared");
  });
});

describe.each(CLIENTS)("more tools than a page takes, to a %s client", (era, connect) => {
  const own = (server: string) => Array.from({ length: 400 }, (_, index) => `${server}-${1000 + index}`);
  let ask: Ask;

  beforeAll(async () => {
    const names = ["one", "two", "three"].map((name) => `${era}-${name}`);
    const tinies = names.map((name) => servers.add(name, { tools: own(name) }));
    const tenant = await gateway.addTenant({ servers: tinies.map(({ name, url }) => ({ name, url })) });
    ask = await connect(endpointOf(tenant));
  });

  it("come page by page, each once and in order", async () => {
    const first = await list(ask);
    const second = await list(ask, "tools/list", { cursor: first.nextCursor });
    expect([first.names.length, second.names.length]).toEqual([1000, 200]);
    expect(second.nextCursor).toBeUndefined();
    const all = [...first.names, ...second.names];
    expect(all).toEqual(["one", "two", "three"].flatMap((name) => own(`${era}-${name}`)).toSorted());
  });

  it.each<[string, unknown]>([
    ["made up", "nonsense"],
    ["empty", ""],
    ["of another form", Buffer.from('{"list":"tools/list","at":-1}').toString("base64url")],
    ["no text", 7],
    ["very long", "A".repeat(100_000)],
  ])("refuse a cursor that is %s", async (_what, cursor) => {
    expect((await ask("tools/list", { cursor })).error?.code).toBe(-32602);
  });

  it("refuse a cursor of another list", async () => {
    const { nextCursor } = await list(ask);
    expect((await ask("prompts/list", { cursor: nextCursor })).error?.code).toBe(-32602);
  });
});

describe("names, by the tenant's setting", () => {
  it.each([
    [{}, ["a__search", "b__search", "own-a", "own-b"], ["b__search", "b:search"]],
    [{ prefix: "on_collision" }, ["a__search", "b__search", "own-a", "own-b"], ["own-a", "a:own-a"]],
    [{ prefix: "always" }, ["a__own-a", "a__search", "b__own-b", "b__search"], ["b__own-b", "b:own-b"]],
    [
      { prefix: "always", separator: "." },
      ["a.own-a", "a.search", "b.own-b", "b.search"],
      ["b.search", "b:search"],
    ],
    [{ prefix: "never" }, ["own-a", "own-b", "search"], ["search", "a:search"]],
    [{ prefix: "never", priority: ["b"] }, ["own-a", "own-b", "search"], ["search", "b:search"]],
    [
      { prefix: "whatever", separator: "/" },
      ["a__search", "b__search", "own-a", "own-b"],
      ["a__search", "a:search"],
    ],
  ])("%j", async (naming, names, [name = "", answer]) => {
    const tinies = ["a", "b"].map((server) => servers.add(server, { tools: ["search", `own-${server}`] }));
    const tenant = await gateway.addTenant({
      servers: tinies.map(({ name: server, url }) => ({ name: server, url })),
      settings: { naming },
    });
    for (const [, connect] of CLIENTS) {
      const ask = await connect(endpointOf(tenant));
      expect((await list(ask)).names).toEqual(names);
      expect(textIn(await callOf(ask, name))).toBe(answer);
      expect((await callOf(ask, "unheard-of")).error).toMatchObject({ code: -32602 });
    }
  });
});

describe.each(CLIENTS)("resources that two servers call the same, to a %s client", (_era, connect) => {
  it("are distinguished, and each is read from its own server", async () => {
    const resources = ["note://shared"];
    const tinies = ["first", "second"].map((name) => servers.add(name, { resources }));
    const tenant = await gateway.addTenant({ servers: tinies.map(({ name, url }) => ({ name, url })) });
    const ask = await connect(endpointOf(tenant));
    const uris = ["note://shared", "mcp-server:second/note://shared"];
    expect((await list(ask, "resources/list")).uris).toEqual(uris);
    const read = await Promise.all(uris.map((uri) => ask("resources/read", { uri })));
    expect(read.map(textIn)).toEqual(["first:note://shared", "second:note://shared"]);
    expect(read.map(({ result }) => result?.contents)).toEqual(
      uris.map((uri) => [expect.objectContaining({ uri })]),
    );
  });
});

describe.concurrent("servers that come and go during a subscription", () => {
  it("end the stream to them alone, when they go", async () => {
    const single = servers.add("single", { era: "legacy", tools: ["hello"] });
    const tenant = await gateway.addTenant();
    const id = await tenant.addServer({ name: "single", url: single.url });
    const endpoint = { ...endpointOf(tenant), url: `${gateway.url}/mcp/single` };
    const messages = messagesOf(await askModern(endpoint, "subscriptions/listen", { notifications: {} }));
    expect((await messages.next()).value?.method).toBe("notifications/subscriptions/acknowledged");
    await tenant.removeServer(id);
    expect((await messages.next()).value).toMatchObject({ id: 1, result: { resultType: "complete" } });
    expect((await messages.next()).done).toBe(true);
  });

  const CHANGED = "notifications/tools/list_changed";

  it.each([
    ["one", ["lonely"]],
    ["several", ["pair-1", "pair-2"]],
  ])("beside %s, are announced in either era", async (_how, names) => {
    const { tenant: adding } = addTenantWith(names);
    const tenant = await adding;
    const leaving = new AbortController();
    const { signal } = leaving;
    const session = await LegacySession.begin(endpointOf(tenant));
    const streams = await Promise.all([
      askModern(
        endpointOf(tenant),
        "subscriptions/listen",
        { notifications: { toolsListChanged: true } },
        { signal },
      ),
      session.stream({ signal }),
    ]);
    const received = streams.map(() => [] as RpcMessage[]);
    const reading = streams.map(async (stream, index) => {
      for await (const one of messagesOf(stream)) received[index]?.push(one);
    });
    for (const one of reading) one.catch(() => undefined);
    const changes = () => received.map((all) => all.filter(({ method }) => method === CHANGED).length);
    const moreThan = (before: number[]) =>
      vi.waitFor(() => expect(changes().every((count, index) => count > (before[index] ?? 0))).toBe(true), {
        timeout: 5000,
      });
    await vi.waitFor(() => expect(received[0]?.[0]?.method).toMatch(/acknowledged$/), { timeout: 5000 });

    const before = changes();
    const id = await tenant.addServer({
      name: "late",
      url: servers.add("late", { tools: ["late-tool"] }).url,
    });
    await moreThan(before);
    expect((await list((method) => session.ask(method))).names).toContain("late-tool");

    const between = changes();
    await tenant.removeServer(id);
    await moreThan(between);
    expect((await list(asModern(tenant))).names).not.toContain("late-tool");

    expect(received[0]?.at(-1)?.params).toMatchObject({ _meta: { [`${META}/subscriptionId`]: 1 } });
    expect(received[1]?.at(-1)?.params ?? {}).not.toHaveProperty("_meta");
    leaving.abort();
    await Promise.allSettled(reading);
  });
});
