// `npm run dev` as its users meet it: its errors for bad input, and what a SIGKILL leaves behind.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { withDatabase } from "../../../scripts/db/connection.ts";
import { readJsonFile } from "../../../scripts/lib/json-file.ts";
import { freePort } from "../../../scripts/lib/ports.ts";
import { sendSignal, waitUntilGone } from "../../../scripts/lib/process.ts";

const script = fileURLToPath(new URL("../../../scripts/run/dev.ts", import.meta.url));
const devDir = mkdtempSync(join(tmpdir(), "dev-"));
// As root, PostgreSQL runs as another user, who must be able to come this far.
chmodSync(devDir, 0o755);
const spawned: ChildProcess[] = [];

afterAll(async () => {
  for (const child of spawned) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(devDir, { recursive: true, force: true });
});

function spawnDev(args: string[], databaseUrl?: string): ChildProcess {
  const { DATABASE_URL: _, ...environment } = process.env;
  const own = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
  const env = { ...environment, GATEWAY_DEV_DIR: devDir, ...own };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  spawned.push(child);
  return child;
}

async function outcome(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (data) => {
    out += data;
  });
  child.stderr?.on("data", (data) => {
    err += data;
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}

const server = process.env.TEST_DATABASE_URL ?? "";
const wrongPassword = server.replace(/:[^:@]*@/, ":wrong@");

test.each([
  { args: ["--nonsense"], code: 2, says: /^Unknown option '--nonsense': .*--help/ },
  { args: ["start"], code: 2, says: /^Unexpected argument 'start'/ },
  { args: ["--port"], code: 2, says: /^Option '--port <value>' argument missing/ },
  { args: ["--port", "0"], code: 2, says: /^--port 0 is not a valid port/ },
  { args: [], url: "not a url", code: 1, says: /^DATABASE_URL is not a PostgreSQL URL/ },
  { args: [], url: "mysql://u:p@host/d", code: 1, says: /^DATABASE_URL is not a PostgreSQL URL/ },
  { args: [], url: "postgresql://host/d", code: 1, says: /^DATABASE_URL has no host, user or database/ },
  {
    args: [],
    url: "postgresql://u:p@127.0.0.1:1/d",
    code: 1,
    says: /^Cannot reach the database of DATABASE_URL at 127\.0\.0\.1:1/,
  },
  { args: [], url: wrongPassword, code: 1, says: /rejects the login/ },
  { args: [], url: withDatabase(server, "absent"), code: 1, says: /^Database absent does not exist/ },
])("$args with DATABASE_URL $url: one line", async ({ args, url, code, says }) => {
  const result = await outcome(spawnDev(args, url));
  expect(result.err).toMatch(says);
  expect(result.err.trim().split("\n")).toHaveLength(1);
  expect(result).toMatchObject({ code, out: "" });
});

test("a taken port is reported before anything starts", async () => {
  const port = await freePort();
  const squatter = createServer().listen(port, "127.0.0.1");
  await once(squatter, "listening");
  const result = await outcome(spawnDev(["--port", String(port)]));
  squatter.close();
  expect(result.err).toMatch(/^Port \d+ is in use\. .*--port/);
  expect(result.code).toBe(1);
});

async function ready(dev: ChildProcess): Promise<{ databaseUrl: string; mcpUrl: string }> {
  if (dev.stdout === null) throw new Error("no stdout");
  let err = "";
  dev.stderr?.on("data", (data) => {
    err += data;
  });
  const end = once(dev, "exit").then(() => Promise.reject(new Error(`dev ended: ${err}`)));
  end.catch(() => {});
  const [line] = await Promise.race([once(dev.stdout, "data"), end]);
  return JSON.parse(String(line));
}

function children(): number[] {
  const postmaster = readFileSync(join(devDir, "postgres", "cluster", "postmaster.pid"), "utf8").split(
    "\n",
  )[0];
  return [Number(postmaster), Number(readJsonFile(join(devDir, "worker.json")).pid)];
}

test("it runs once a folder, leaves nothing after SIGKILL, starts again and ends with 0", async () => {
  const port = String(await freePort());
  const killed = spawnDev(["--json", "--port", port]);
  const first = await ready(killed);
  const second = await outcome(spawnDev([]));
  expect(second.err).toBe(
    `npm run dev is already running (PID ${killed.pid}) at http://127.0.0.1:${port}. Use it, or stop it with kill ${killed.pid}.\n`,
  );
  const orphans = children();
  killed.kill("SIGKILL");
  for (const pid of orphans) expect(await waitUntilGone(pid, 15_000)).toBe(true);

  const again = spawnDev(["--json", "--port", port]);
  expect((await ready(again)).databaseUrl).toBe(first.databaseUrl);
  const running = children();
  const [code] = await Promise.all([once(again, "exit").then(([value]) => value), again.kill("SIGINT")]);
  expect(code).toBe(0);
  for (const pid of running) expect(await waitUntilGone(pid, 1_000)).toBe(true);
});

test("a PostgreSQL that dies takes everything with it, and its log is shown", async () => {
  const dev = spawnDev(["--json", "--port", String(await freePort())]);
  await ready(dev);
  const [postmaster = 0, worker = 0] = children();
  const result = outcome(dev);
  sendSignal(postmaster, "SIGKILL");
  expect(await result).toMatchObject({
    code: 1,
    err: expect.stringMatching(/PostgreSQL exited unexpectedly/),
  });
  expect(await waitUntilGone(worker, 1_000)).toBe(true);
});
