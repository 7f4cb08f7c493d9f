/** Health checks end to end: scheduling, probes, stored results and notifications. */
import { beforeEach, describe, expect, it } from "vitest";
import { checkServers, type HealthChange } from "../../src/discovery/health.ts";
import {
  consumeJobs,
  type RegistryJob,
  type RegistryJobMessage,
  type RegistryJobQueue,
} from "../../src/discovery/jobs.ts";
import { enqueueHealthChecks } from "../../src/jobs/due-work.ts";
import { createJobHandlers } from "../../src/services.ts";
import { addServer, eventsOf, type FakeServer, type TestParts, testParts } from "../registry/support.ts";
import { createCountedDatabase, database, newTenant, owner } from "../support/database.ts";

const URL = "https://weather.example.com/mcp";
const MINUTE = 60_000;

let net: TestParts;
let changes: HealthChange[];
let clock: number;
let tenantId: string;

beforeEach(async () => {
  net = testParts();
  changes = [];
  clock = Math.floor(Date.now() / MINUTE) * MINUTE;
  tenantId = await newTenant("health");
});

const parts = () => ({
  ...net,
  now: () => Math.max(clock, 0) + (performance.now() % 1),
  onHealthChange: async (reported: readonly HealthChange[]) => void changes.push(...reported),
});

/** The next minute's check of these. */
async function check(...ids: string[]): Promise<number> {
  clock += MINUTE;
  return checkServers(parts(), ids, new Date(clock));
}

const statusOf = async (id: string) =>
  (await owner.query("select health_status from mcp_servers where id = $1", [id]))[0]?.health_status;
const checksOf = (id: string) =>
  owner.query(
    `select status, probe, protocol_version as "protocolVersion", error_code as "errorCode", details
      from server_health_checks where server_id = $1 order by checked_at`,
    [id],
  );

describe("a check", () => {
  let id: string;
  let server: FakeServer;

  beforeEach(async () => {
    id = await addServer(tenantId, "weather", URL);
    server = net.net.add(URL);
  });

  it("sends server/discover to a modern server, and saves the result", async () => {
    const changedAt = "select updated_at::text from mcp_servers where id = $1";
    const before = await owner.query(changedAt, [id]);
    await check(id);
    expect(server.calls).toEqual(["server/discover"]);
    expect(await checksOf(id)).toEqual([
      {
        status: "healthy",
        probe: "server/discover",
        protocolVersion: "2026-07-28",
        errorCode: null,
        details: null,
      },
    ]);
    const [row] = await owner.query("select * from mcp_servers where id = $1", [id]);
    expect(row).toMatchObject({
      health_status: "healthy",
      health_recent: "o",
    });
    expect(await owner.query(changedAt, [id])).toEqual(before);
    expect(new Date(row?.last_health_check).getTime()).toBe(clock);
    const metrics = await owner.query("select * from server_metrics where server_id = $1", [id]);
    expect(metrics).toMatchObject([{ request_count: 0, error_rate: null }]);
    expect(metrics[0]?.response_time_ms).toBeGreaterThanOrEqual(0);
  });

  it("reports changes, and nothing else", async () => {
    await check(id);
    await check(id);
    server.state = "down";
    for (let times = 0; times < 5; times += 1) await check(id);
    server.state = "up";
    for (let times = 0; times < 3; times += 1) await check(id);
    expect(changes.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "unknown → healthy",
      "healthy → unhealthy",
      "unhealthy → healthy",
    ]);
    expect(await eventsOf(tenantId, "system_events")).toMatchObject([
      { type: "server.health-changed", severity: "info", details: { to: "healthy" } },
      {
        type: "server.health-changed",
        severity: "high",
        serverId: id,
        details: { from: "healthy", to: "unhealthy" },
      },
      { type: "server.health-changed", severity: "info", details: { to: "healthy" } },
    ]);
    expect(net.raised).toEqual([tenantId, tenantId, tenantId]);
    expect((await checksOf(id))[3]).toMatchObject({
      status: "unhealthy",
      errorCode: "upstream_unreachable",
      details: { serverStatus: "healthy" },
    });
  });

  it.each([
    ["down", "upstream_unreachable"],
    ["refuses", "upstream_refused"],
    ["hangs", "upstream_timeout"],
  ] as const)("of a server that %s reports it", async (state, code) => {
    await owner.query(`update mcp_servers set settings = '{"health": {"timeoutMs": 200}}' where id = $1`, [
      id,
    ]);
    server.state = state;
    await check(id);
    expect(await checksOf(id)).toMatchObject([{ status: "unhealthy", errorCode: code }]);
  });

  it("finds a slow server degraded", async () => {
    const settings = { health: { slowMs: 20 } };
    await owner.query("update mcp_servers set settings = $2 where id = $1", [id, JSON.stringify(settings)]);
    server.state = "slow";
    // The clock of these tests stands still while one answers; this one goes on.
    await checkServers({ ...parts(), now: Date.now }, [id], new Date(Date.now() + 1000));
    expect(await statusOf(id)).toBe("degraded");
  });

  it.each([
    ["works", "healthy", null],
    ["broken", "unhealthy", "upstream_invalid"],
  ])("by a tool that %s", async (name, status, errorCode) => {
    const settings = { health: { tool: { name } } };
    await owner.query("update mcp_servers set settings = $2 where id = $1", [id, JSON.stringify(settings)]);
    await check(id);
    expect(server.calls).toEqual(["server/discover", "tools/call"]);
    expect(await checksOf(id)).toMatchObject([{ status, probe: "tools/call", errorCode }]);
  });

  it("that comes twice is made once", async () => {
    await check(id);
    expect(await checkServers(parts(), [id], new Date(clock))).toBe(0);
    expect(await checksOf(id)).toHaveLength(1);
  });

  it("skips servers that are deleted or disabled", async () => {
    await owner.query("update mcp_servers set is_active = false where id = $1", [id]);
    expect(await check(id, crypto.randomUUID())).toBe(0);
    expect(server.calls).toEqual([]);
  });

  it("rests while the server is in maintenance, and begins anew afterwards", async () => {
    await check(id);
    const window = (from: number, to: number) =>
      owner.query(
        `insert into maintenance_windows (tenant_id, server_id, title, starts_at, ends_at) values ($1, $2, 'Patching', $3, $4)`,
        [tenantId, id, new Date(from), new Date(to)],
      );
    await window(clock + MINUTE, clock + 3 * MINUTE);
    server.state = "down";
    await check(id);
    await check(id);
    expect(await statusOf(id)).toBe("maintenance");
    expect(await checksOf(id)).toHaveLength(1);
    await check(id);
    expect(await statusOf(id)).toBe("unhealthy");
    expect(changes.map(({ to }) => to)).toEqual(["healthy", "maintenance", "unhealthy"]);
  });

  it("rests for windows of the whole system, and not for another tenant's", async () => {
    const other = await newTenant("health-other");
    const put =
      "insert into maintenance_windows (tenant_id, title, starts_at, ends_at) values ($1, 'x', $2, $3) returning id";
    await owner.query(put, [other, new Date(clock), new Date(clock + 5 * MINUTE)]);
    await check(id);
    expect(await statusOf(id)).toBe("healthy");
    // Far from the present, so that no other test is in it.
    clock += 5000 * 86_400_000;
    const [own] = await owner.query(put, [null, new Date(clock), new Date(clock + 5 * MINUTE)]);
    await check(id);
    expect(await statusOf(id)).toBe("maintenance");
    await owner.query("delete from maintenance_windows where id = $1", [own?.id]);
  });
});

class Collected implements RegistryJobQueue {
  readonly messages: { body: RegistryJob; delaySeconds?: number }[] = [];
  largest = 0;

  async sendBatch(messages: Iterable<{ body: RegistryJob; delaySeconds?: number }>) {
    const batch = [...messages];
    this.largest = Math.max(this.largest, batch.length);
    this.messages.push(...batch);
  }

  checks(): Extract<RegistryJob, { kind: "check" }>[] {
    return this.messages.flatMap(({ body }) => (body.kind === "check" ? [body] : []));
  }
}

/** Which of these the tick at this moment checks. */
async function dueAt(moment: number, ids: readonly string[]): Promise<string[]> {
  const queue = new Collected();
  await enqueueHealthChecks(database, queue, new Date(moment));
  const due = new Set(queue.checks().flatMap(({ servers }) => servers));
  return ids.filter((id) => due.has(id));
}

describe("what is due", () => {
  it("goes by each server's interval", async () => {
    const settings = (intervalSeconds: unknown) => ({ health: { intervalSeconds } });
    const usual = await addServer(tenantId, "usual", URL);
    const seldom = await addServer(tenantId, "seldom", URL, settings(300));
    const odd = await addServer(tenantId, "odd", URL, settings("often"));
    const off = await addServer(tenantId, "off", URL, { health: { isEnabled: false } });
    const program = await addServer(tenantId, "program", URL);
    await owner.query("update mcp_servers set transport_type = 'stdio' where id = $1", [program]);
    const all = [usual, seldom, odd, off, program];
    expect(await dueAt(clock, all)).toEqual([usual, seldom, odd, program]);
    await owner.query("update mcp_servers set last_health_check = $2 where tenant_id = $1", [
      tenantId,
      new Date(clock + 30_000),
    ]);
    expect(await dueAt(clock, all)).toEqual([]);
    for (let minute = 1; minute <= 4; minute += 1) {
      expect(await dueAt(clock + minute * MINUTE, all)).toEqual([usual, odd, program]);
    }
    expect(await dueAt(clock + 5 * MINUTE + 999, all)).toEqual([usual, seldom, odd, program]);
    await owner.query("update tenants set status = 'suspended' where id = $1", [tenantId]);
    expect(await dueAt(clock + 5 * MINUTE, all)).toEqual([]);
  });
});

const asMessage = (body: RegistryJob, outcome: { acked: number; retried: number }): RegistryJobMessage => ({
  body,
  attempts: 1,
  ack() {
    outcome.acked += 1;
  },
  retry() {
    outcome.retried += 1;
  },
});

it("drops invalid jobs, and retries failed ones", async () => {
  const outcome = { acked: 0, retried: 0 };
  const nonsense = {
    ...asMessage({ kind: "discover", minute: 0, servers: [] }, outcome),
    body: { kind: "?" },
  };
  await consumeJobs([nonsense], createJobHandlers(parts()));
  expect(outcome).toEqual({ acked: 1, retried: 0 });
  const broken = { ...parts(), now: () => Number.NaN };
  const work = asMessage(
    { kind: "check", minute: 0, servers: [await addServer(tenantId, "x", URL)] },
    outcome,
  );
  await consumeJobs([work], createJobHandlers(broken));
  expect(outcome).toEqual({ acked: 1, retried: 1 });
});

it("10,000 servers are checked in one tick, spread over the minute, each once", {
  timeout: 300_000,
}, async () => {
  const COUNT = 10_000;
  const url = "https://ten-thousand.example.com/mcp";
  const fake = net.net.add(url);
  const down = net.net.add("https://down.example.com/mcp");
  down.state = "down";
  await owner.query(
    `insert into mcp_servers (tenant_id, name, endpoint_url, last_health_check)
      select $1, 'server-' || n, case when n % 100 = 0 then 'https://down.example.com/mcp' else $2 end, now() - interval '1 day'
      from generate_series(1, $3::int) n`,
    [tenantId, url, COUNT],
  );
  const queue = new Collected();
  const counted = createCountedDatabase();
  const tick = performance.now();
  await enqueueHealthChecks(counted.database, queue, new Date(clock));
  const tickMs = performance.now() - tick;
  expect(counted.countRoundTrips()).toBe(1);
  expect(queue.largest).toBeLessThanOrEqual(100);
  const delays = queue.messages.map(({ delaySeconds }) => delaySeconds ?? 0);
  expect(Math.max(...delays)).toBeLessThan(60);
  expect(new Set(delays).size).toBeGreaterThan(50);

  const mine = new Set(
    (await owner.query("select id from mcp_servers where tenant_id = $1", [tenantId])).map(({ id }) => id),
  );
  const checks = queue.checks().filter(({ servers }) => servers.some((id) => mine.has(id)));
  const started = performance.now();
  const outcome = { acked: 0, retried: 0 };
  const handlers = createJobHandlers({ ...parts(), database: counted.database });
  for (const body of checks) await consumeJobs([asMessage(body, outcome)], handlers);
  const ms = performance.now() - started;
  const used = counted.countRoundTrips();
  expect(outcome).toEqual({ acked: checks.length, retried: 0 });
  const [count] = await owner.query(
    `select count(*)::int as checks, count(distinct server_id)::int as servers from server_health_checks where tenant_id = $1`,
    [tenantId],
  );
  expect(count).toEqual({ checks: COUNT, servers: COUNT });
  const byStatus = await owner.query(
    "select health_status as status, count(*)::int as servers from mcp_servers where tenant_id = $1 group by 1 order by 1",
    [tenantId],
  );
  expect(byStatus).toEqual([
    { status: "healthy", servers: COUNT - COUNT / 100 },
    { status: "unhealthy", servers: COUNT / 100 },
  ]);
  expect(fake.calls.length).toBe(COUNT - COUNT / 100);
  // Two for each batch: one to read, one to write.
  expect(used).toBeLessThanOrEqual(2 * checks.length);
  console.log(
    `10,000 servers: tick ${Math.round(tickMs)} ms, ${queue.messages.length} messages; checks ${Math.round(ms)} ms one batch after the other, ${used} round trips`,
  );
});
