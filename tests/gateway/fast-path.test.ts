/**
 * The fast path against the general path: two tenants that are alike, two gateways that differ in nothing else, and the same
 * random traffic for both. What callers, servers and logs see must be the same, whatever is sent and whatever the server
 * does.
 */
import { createExecutionContext, env } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../scripts/sim/random.ts";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices, type GatewayServices } from "../../src/gateway-services.ts";
import type { LogEvent, LogMessage } from "../../src/logs/events.ts";
import { addTenant } from "../api/support.ts";
import { owner } from "../support/database.ts";
import { answerAs, BEHAVIOURS, randomRequest, type TestRequest } from "./fast-path-traffic.ts";

const STEPS = 400;
/** A call of the aggregated endpoint does more. */
const AGGREGATED_STEPS = 150;
/** Records leave a moment after their requests. */
const WAIT_TIMEOUT = { timeout: 20_000 };
const PLENTY = 100_000_000;
/** Small enough to be reached within the traffic. */
const FEW = 12;
const FEW_OF_A_TOOL = 2;

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface World {
  readonly name: string;
  readonly services: GatewayServices;
  /** Its traffic is for the aggregated endpoint. */
  readonly isAggregated: boolean;
  readonly keys: Record<string, string>;
  readonly received: Received[];
  readonly events: LogEvent[];
  /** Requests that are to be recorded. */
  sent: number;
  /** Calls that reached the server by the fast path. */
  tookFastPath: number;
  /** What is new with each run, by what it stands for. */
  readonly names: Map<string, string>;
}

const worlds = new Map<string, World>();

const OWN_MESSAGE = /"id":"gateway-|"method":"notifications\/initialized"/;

/** A server in each world, at an address of its own: the call's arguments select its behavior. */
function stubServers(): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const [, name = "", ...path] = url.pathname.split("/");
    const world = url.port === "1" ? worlds.get(name) : undefined;
    if (world === undefined) return real(input, init);
    const way = new Error("which way?").stack ?? "";
    const request = new Request(input, init);
    const body = await request.text();
    // The gateway fetches what the server offers at times of its own.
    if (!OWN_MESSAGE.test(body)) {
      const headers = Object.fromEntries(request.headers);
      if (way.includes("fast-path/call-server")) world.tookFastPath += 1;
      world.received.push({ method: request.method, path: path.join("/"), headers, body });
    }
    return answerAs(body, { name: path.join("/"), isModern: world.isAggregated });
  });
}

interface WorldOptions {
  readonly hasFastPath: boolean;
  readonly toolChanges?: string;
  readonly isAggregated?: boolean;
}

async function createWorld(
  name: string,
  { hasFastPath, toolChanges = "allow", isAggregated = false }: WorldOptions,
): Promise<World> {
  const tenant = await addTenant(name);
  await owner.query("update tenants set settings = settings || $2::jsonb where id = $1", [
    tenant.id,
    JSON.stringify({ toolChanges }),
  ]);
  await env.GLOBAL.getByName("global").setCapacity(PLENTY);
  const servers = await Promise.all(
    ["one", "two"].map(async (server) => {
      const [row] = await owner.query(
        `insert into mcp_servers (tenant_id, name, endpoint_url, health_status)
         values ($1, $2, $3, 'healthy') returning id`,
        [tenant.id, server, `http://127.0.0.1:1/${name}/${server}`],
      );
      return String(row?.id);
    }),
  );
  const limited = (count: number) => ({ rate_limit_per_hour: count, rate_limit_per_day: PLENTY });
  const keys = {
    busy: await tenant.addKey({ with: limited(PLENTY) }),
    few: await tenant.addKey({ with: limited(FEW) }),
    reader: await tenant.addKey({ scopes: ["read"], with: limited(PLENTY) }),
    elsewhere: await tenant.addKey({ with: { ...limited(PLENTY), ip_allowlist: ["203.0.113.0/24"] } }),
  };
  await owner.query(
    "insert into rate_limit_configs (tenant_id, subject_type, subject_id, limit_count) values ($1, 'role', 'admin', $2)",
    [tenant.id, PLENTY],
  );
  // Few calls reach this limit; those to the other server keep the fast path.
  await owner.query(
    `insert into rate_limit_configs (tenant_id, subject_type, server_id, tool_name, limit_count)
     values ($1, 'tool', $2, 'größe', $3)`,
    [tenant.id, servers[1], FEW_OF_A_TOOL],
  );
  await owner.query(
    `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, object_pattern, effect)
     values ($1, 'key', $2, 'tool', 'denied*', 'deny')`,
    [tenant.id, keys.busy.id],
  );
  const events: LogEvent[] = [];
  const queue = new Proxy(env.EVENTS, {
    get(target, member) {
      if (member !== "sendBatch") return Reflect.get(target, member);
      return async (messages: Iterable<{ body: LogMessage }>) => {
        for (const { body } of messages) events.push(...body.events);
      };
    },
  });
  const services = createGatewayServices(parseConfig({ ...env }), { ...env, EVENTS: queue }, { hasFastPath });
  const names = new Map([[tenant.id, "tenant"], ...servers.map((id, at) => [id, `server ${at}`] as const)]);
  for (const [key, { id, userId }] of Object.entries(keys)) {
    names.set(id, key);
    if (userId !== null) names.set(userId, `user of ${key}`);
  }
  const texts = Object.fromEntries(Object.entries(keys).map(([key, { text }]) => [key, text]));
  const world = {
    name,
    services,
    isAggregated,
    keys: texts,
    received: [],
    events,
    sent: 0,
    tookFastPath: 0,
    names,
  };
  worlds.set(name, world);
  return world;
}

async function send(world: World, { method, path, headers, key, body }: TestRequest) {
  const serverName = path.split("?")[0] ?? "";
  const request = new Request(`${env.PUBLIC_URL}/mcp${path === "" ? "" : `/${path}`}`, {
    method,
    headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${world.keys[key] ?? key}` }) },
    ...(body !== undefined && { body }),
  });
  // A page of another origin is refused before anything else.
  if (headers.origin === undefined) world.sent += 1;
  const context = createExecutionContext();
  const id = crypto.randomUUID();
  world.names.set(id, "request");
  const response = await world.services.gateway.handle(
    request,
    serverName === "" ? {} : { serverName },
    id,
    (work) => context.waitUntil(work),
  );
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIMES = new Set(["at", "durationMs", "upstreamMs"]);

/** Without what differs between any two requests: ids, times, what is left of a limit, and ciphertext. */
function comparable(world: World, value: unknown): unknown {
  const text = JSON.stringify(value, (member, inner) => {
    if (TIMES.has(member) && typeof inner === "number") return "a time";
    if (member === "retry-after") return "later";
    if (member === "ratelimit") return String(inner).replaceAll(/=\d+/g, "=n");
    return inner;
  });
  return JSON.parse(
    text
      .replaceAll(UUID, (id) => world.names.get(id) ?? "an id")
      .replaceAll(new RegExp(`${world.name}(?:-\\w+-\\w+)?`, "g"), "world")
      .replaceAll(/t1\.[\w-]{20,}/g, "sealed")
      .replaceAll(/(?:Try again|Retry) in \d+ s/g, "later"),
  );
}

/** The isolate's reports of its own database connections are no part of any request. */
const recorded = (world: World) =>
  world.events
    .filter(({ kind }) => kind !== "pool")
    .map((event) => JSON.stringify(comparable(world, event)))
    .sort();

beforeEach(() => {
  Error.stackTraceLimit = 50;
  stubServers();
});
afterEach(() => {
  vi.unstubAllGlobals();
  worlds.clear();
});

/** Fills the caches that the fast path needs. */
async function warmUp(world: World): Promise<void> {
  const random = createRandom(1);
  for (let call = 0; call < 40; call += 1) {
    await send(world, randomRequest(random, { isPlain: true, isAggregated: world.isAggregated }));
  }
}

/** The aggregated endpoint writes a message anew where it changes it, and keeps what the message means. */
const takeReceived = (world: World) =>
  world.received
    .splice(0)
    .map((received) =>
      world.isAggregated && received.body !== ""
        ? { ...received, body: JSON.parse(received.body) }
        : received,
    );

describe("the fast path", () => {
  it.each([
    { seed: 1, toolChanges: "allow", isAggregated: false },
    { seed: 2, toolChanges: "allow", isAggregated: false },
    { seed: 3, toolChanges: "hold", isAggregated: false },
    { seed: 4, toolChanges: "hold", isAggregated: false },
    { seed: 6, toolChanges: "allow", isAggregated: true },
    { seed: 7, toolChanges: "hold", isAggregated: true },
  ])(
    "answers, sends and records what the general path does (traffic $seed, $toolChanges changes, aggregated: $isAggregated)",
    async (run) => {
      const { seed, toolChanges, isAggregated } = run;
      const steps = isAggregated ? AGGREGATED_STEPS : STEPS;
      const fast = await createWorld(`fast-${seed}`, { hasFastPath: true, toolChanges, isAggregated });
      const general = await createWorld(`general-${seed}`, { hasFastPath: false, toolChanges, isAggregated });
      for (const world of [fast, general]) await warmUp(world);
      const random = createRandom(seed);
      for (let step = 0; step < steps; step += 1) {
        const request = randomRequest(random, { isPlain: step % 3 === 0, isAggregated });
        const [one, other] = [await send(fast, request), await send(general, request)];
        expect({ request, ...Object(comparable(fast, one)) }).toEqual({
          request,
          ...Object(comparable(general, other)),
        });
        expect(comparable(fast, takeReceived(fast))).toEqual(comparable(general, takeReceived(general)));
      }
      const requests = (world: World) => world.events.filter(({ kind }) => kind === "request").length;
      for (const world of [fast, general])
        await expect.poll(() => requests(world), WAIT_TIMEOUT).toBe(world.sent);
      expect(recorded(fast)).toEqual(recorded(general));
      expect(general.tookFastPath).toBe(0);
      expect(fast.tookFastPath).toBeGreaterThan(steps / 4);
    },
  );

  it("rejects credentials that are cached as invalid as the general path does, up to the throttle", async () => {
    const fast = await createWorld("fast-keys", { hasFastPath: true });
    const general = await createWorld("general-keys", { hasFastPath: false });
    const looked = vi.spyOn(fast.services.authenticator, "authenticate");
    const random = createRandom(5);
    const { body } = randomRequest(random, { isPlain: true });
    const wrongSecret = (world: World) => `${world.keys.busy?.slice(0, -6)}AAAAAA`;
    const attempts = [
      ...Array.from({ length: 6 }, () => "mcp_0197f1c2-0000-7000-8000-000000000001_wrong"),
      ...Array.from({ length: 6 }, () => "wrong secret"),
      // Of so many different ones the last are not looked at.
      ...Array.from({ length: 30 }, (_, at) => `mcp_0197f1c2-0000-7000-8000-000000000002_${at}`),
    ];
    for (const text of attempts) {
      const request = { ...randomRequest(random, { isPlain: true }), body };
      const length = String(new TextEncoder().encode(body).length);
      const headers = { ...request.headers, "content-length": length, "cf-connecting-ip": "192.0.2.7" };
      const answers = [];
      for (const world of [fast, general]) {
        const key = text === "wrong secret" ? wrongSecret(world) : text;
        answers.push(comparable(world, await send(world, { ...request, headers, key })));
      }
      expect(answers[0]).toEqual(answers[1]);
    }
    expect(looked.mock.calls.length).toBeLessThan(attempts.length - 2);
    for (const world of [fast, general]) {
      await expect.poll(() => recorded(world).length, WAIT_TIMEOUT).toBe(attempts.length);
    }
    expect(recorded(fast)).toEqual(recorded(general));
  });

  it("covers every behavior of the test's server", () => {
    expect(new Set(BEHAVIOURS).size).toBe(BEHAVIOURS.length);
    expect(BEHAVIOURS.length).toBeGreaterThan(15);
  });
});
