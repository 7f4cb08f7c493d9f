// Takes away what the gateway stands on, under load, and compares the calls with the logs and with what has reached the
// server: nothing lost, nothing doubled.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sendSignal } from "../lib/process.ts";
import type { Postgres } from "../run/postgres.ts";
import type { Instance } from "./instance.ts";
import { type Call, callOnce, compareWithLogs, type Load, sendModern, startLoad } from "./load.ts";
import type { Marker } from "./marker.ts";
import { checkMemory } from "./memory.ts";
import { childrenOf, runtimePid } from "./processes.ts";
import { type Report, waitFor } from "./report.ts";
import { callRest, createKey } from "./rest.ts";

const RESTART_TIMEOUT_MS = 90_000;
const LOGS_TIMEOUT_MS = 90_000;
/** Events leave after the answer: those of the last moment before a SIGKILL may be lost with the process. */
const UNSENT_MS = 1_000;
/** Longer than every client-side timeout of a query. */
const HANG_MS = 12_000;
/** With `--long`: longer than anything that might recover by itself. */
const LONG_STOP_MS = 60_000;
const LONG_HANG_MS = 120_000;
const LONG_CHECK_TIMEOUT_MS = 900_000;
/** The longest wait for a hanging database. */
const HANG_ANSWER_MS = 6_000;

export interface FaultWorld {
  readonly instance: Instance;
  readonly marker: Marker;
  readonly dataDir: string;
  readonly startDatabase: () => Promise<Postgres>;
  readonly isLong: boolean;
  database: Postgres;
}

export async function checkFaults(world: FaultWorld, report: Report): Promise<void> {
  const { instance, marker } = world;
  const key = await createKey(instance, {
    name: "load",
    rateLimitPerHour: 100_000,
    rateLimitPerDay: 100_000,
  });
  // The load lasts for minutes, and its callers share one address and one role.
  for (const subjectType of ["role", "ip"]) {
    const json = { subjectType, limitCount: 1_000_000 };
    assert.equal((await callRest(instance, "POST", "/rate-limits", json)).status, 201);
  }
  const { status, body } = await callRest(instance, "POST", "/servers", {
    name: "marker",
    endpointUrl: marker.url,
  });
  assert.equal(status, 201, JSON.stringify(body));
  const endpoint = { url: `${instance.ready.mcpUrl}/marker`, key };
  const underLoad = (name: string, fault: (load: Load) => Promise<number>, options = { repeatsLost: true }) =>
    report.check(
      name,
      async () => {
        const load = startLoad(endpoint, options);
        let killedAt = 0;
        try {
          await load.answered(20, RESTART_TIMEOUT_MS);
          killedAt = await fault(load);
        } finally {
          await load.stop();
        }
        return judge(world, load.calls, killedAt);
      },
      world.isLong ? LONG_CHECK_TIMEOUT_MS : undefined,
    );

  // A killed runtime may have run what the proxy lost.
  const killUnderLoad = (what: string, findPid: () => number) =>
    underLoad(
      `SIGKILL of ${what} under load`,
      async (load) => {
        const killedAt = killProcess(findPid());
        await load.answered(20, RESTART_TIMEOUT_MS);
        return killedAt;
      },
      { repeatsLost: false },
    );

  await killUnderLoad("workerd", () => runtimePid(instance));
  await killUnderLoad("wrangler", () => instance.wranglerPid());
  await report.check("each exit was reported, and each was followed by a start", async () => {
    const said = instance.said();
    assert.match(said, /workerd exited unexpectedly.*\n(.*\n)*workerd is serving again/);
    assert.match(said, /wrangler exited unexpectedly.*\n(.*\n)*wrangler is serving again/);
  });
  await underLoad("PostgreSQL stopped: warm calls succeed, the rest is 503", async (load) => {
    await world.database.stop();
    await expectUnavailable(instance);
    await load.answered(20, HANG_ANSWER_MS * 3);
    if (world.isLong) {
      await sleep(LONG_STOP_MS);
      await expectUnavailable(instance);
      await load.answered(20, HANG_ANSWER_MS * 3);
    }
    world.database = await world.startDatabase();
    await waitFor("readiness", RESTART_TIMEOUT_MS, () => isReady(instance));
    return 0;
  });
  await underLoad("PostgreSQL hung: warm calls succeed, the rest is 503, abandoned calls never run", (load) =>
    hang(world, load),
  );
  await checkMemory(world, key, report);
}

async function hang(world: FaultWorld, load: Load): Promise<number> {
  const { instance, marker } = world;
  const cold = await createKey(instance, { name: "cold" });
  // A change invalidates the caches; these callers fill them again.
  await load.answered(100, RESTART_TIMEOUT_MS);
  const resume = stopProcesses(world.dataDir);
  let abandoned: Call;
  try {
    const hungAt = Date.now();
    // The key cannot be verified without the database, and its caller does not wait for a response.
    abandoned = await callOnce((mark) =>
      sendModern({ url: `${instance.ready.mcpUrl}/marker`, key: cold }, mark, 500),
    );
    await expectUnavailable(instance);
    await expectUnavailable(instance);
    const hangMs = world.isLong ? LONG_HANG_MS : HANG_MS;
    await load.answered(20, HANG_MS);
    await waitFor("the end of the hang", 2 * hangMs, async () =>
      Date.now() - hungAt > hangMs ? true : undefined,
    );
    await load.answered(20, HANG_MS);
    await expectUnavailable(instance);
    const slowest = Math.max(
      ...load.calls.filter(({ endedAt }) => endedAt > hungAt).map(({ durationMs }) => durationMs),
    );
    assert.ok(slowest < HANG_ANSWER_MS, `a warm call took ${slowest} ms`);
  } finally {
    resume();
  }
  await waitFor("readiness", RESTART_TIMEOUT_MS, () => isReady(instance));
  await load.answered(20, RESTART_TIMEOUT_MS);
  assert.equal(marker.runs(abandoned.mark), 0, "the abandoned call ran");
  return 0;
}

async function judge(
  { instance, marker }: FaultWorld,
  calls: readonly Call[],
  killedAt: number,
): Promise<string> {
  const lostAt = killedAt === 0 ? Number.POSITIVE_INFINITY : lastAnswerBeforeOutage(calls, killedAt);
  const safe = calls.filter(({ endedAt }) => endedAt < lostAt - UNSENT_MS || endedAt > lostAt);
  const { lost, doubled } = await compareWithLogs(instance.ready.databaseUrl, safe, LOGS_TIMEOUT_MS);
  const ranTwice = calls.filter(({ mark }) => marker.runs(mark) > 1);
  const neverRan = calls.filter(({ ok, mark }) => ok && marker.runs(mark) === 0);
  assert.deepEqual(
    { lost: lost.length, doubled, ranTwice: ranTwice.length, neverRan: neverRan.length },
    { lost: 0, doubled: 0, ranTwice: 0, neverRan: 0 },
  );
  if (killedAt === 0)
    assert.deepEqual(
      calls.filter(({ ok }) => !ok).map(({ outcome }) => outcome),
      [],
    );
  const answered = calls.filter(({ ok }) => ok).length;
  return `${answered} answered, ${calls.length - answered} not`;
}

/** A killed process takes a moment to be gone; after this answer there was none for the longest time. */
function lastAnswerBeforeOutage(calls: readonly Call[], killedAt: number): number {
  const answers = calls.flatMap(({ ok, endedAt }) => (ok ? [endedAt] : [])).sort((a, b) => a - b);
  let last = killedAt;
  let longest = 0;
  for (const [index, endedAt] of answers.entries()) {
    const gap = (answers[index + 1] ?? endedAt) - endedAt;
    if (gap > longest) [last, longest] = [endedAt, gap];
  }
  return last;
}

async function expectUnavailable({ origin, ready }: Instance): Promise<void> {
  const headers = { authorization: `Bearer ${ready.apiKey}` };
  for (const path of ["/readyz", "/api/v1/servers"]) {
    const response = await fetch(origin + path, { headers, signal: AbortSignal.timeout(HANG_ANSWER_MS) });
    assert.equal(response.status, 503, `${path}: ${await response.text()}`);
  }
}

async function isReady({ origin }: Instance): Promise<true | undefined> {
  const response = await fetch(`${origin}/readyz`).catch(() => undefined);
  return response?.ok ? true : undefined;
}

function killProcess(pid: number): number {
  assert.ok(pid > 0);
  const killedAt = Date.now();
  sendSignal(pid, "SIGKILL");
  return killedAt;
}

/** The processes of a PostgreSQL that answers nothing but keeps its connections. Returns what lets it go on. */
function stopProcesses(dataDir: string): () => void {
  const [line = ""] = readFileSync(join(dataDir, "cluster", "postmaster.pid"), "utf8").split("\n");
  const postmaster = Number(line);
  const pids = [postmaster, ...childrenOf(postmaster).map(({ pid }) => pid)];
  for (const pid of pids) sendSignal(pid, "SIGSTOP");
  return () => {
    for (const pid of pids) sendSignal(pid, "SIGCONT");
  };
}
