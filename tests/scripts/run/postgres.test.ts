// The embedded server through the ends it may meet: in order, killed, and with its port gone.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { isAlive, sendSignal, waitUntilGone } from "../../../scripts/lib/process.ts";
import { type Postgres, startPostgres } from "../../../scripts/run/postgres.ts";
import { query } from "./databases.ts";

const root = mkdtempSync(join(tmpdir(), "postgres-"));
chmodSync(root, 0o755);
const dataDir = join(root, "data");
const pidFile = join(dataDir, "cluster", "postmaster.pid");
let running: Postgres | undefined;

async function start(): Promise<Postgres> {
  running = await startPostgres({ dataDir, durable: false, databases: ["kept"] });
  return running;
}

const postmaster = () => Number(readFileSync(pidFile, "utf8").split("\n")[0]);

afterEach(() => running?.stop());
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("data, port and password survive a restart", async () => {
  const first = await start();
  await query(first.ownerUrl("kept"), "create table t as select 1 as one");
  await first.stop();
  const second = await start();
  expect(second.ownerUrl("kept")).toBe(first.ownerUrl("kept"));
  expect(await query(second.ownerUrl("kept"), "select one from t")).toEqual([{ one: 1 }]);
});

test("a data folder has one owner at a time", async () => {
  await start();
  await expect(startPostgres({ dataDir, durable: false })).rejects.toThrow(/in use by process \d+/);
});

test("after the postmaster and its pid file were left behind, it starts again", async () => {
  const killed = await start();
  const pid = postmaster();
  sendSignal(pid, "SIGKILL");
  await killed.exited;
  expect(existsSync(pidFile)).toBe(true);
  await start();
  expect(postmaster()).not.toBe(pid);
});

test("a pid file that names another running process does not stop it", async () => {
  await (await start()).stop();
  writeFileSync(pidFile, `${process.pid}\n${join(dataDir, "cluster")}\n1\n1\n\n127.0.0.1\n`);
  const server = await start();
  expect(await query(server.ownerUrl("kept"), "select 1 as one")).toEqual([{ one: 1 }]);
  expect(isAlive(process.pid)).toBe(true);
});

test("a taken port moves it, for good", async () => {
  const before = await start();
  await before.stop();
  const squatter = createServer().listen(before.port, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const after = await start();
  await new Promise((resolve) => squatter.close(resolve));
  expect(after.port).not.toBe(before.port);
  await after.stop();
  expect((await start()).port).toBe(after.port);
});

test("data of another major version is left alone", async () => {
  await (await start()).stop();
  const version = join(dataDir, "cluster", "PG_VERSION");
  const right = readFileSync(version);
  writeFileSync(version, "15\n");
  await expect(start()).rejects.toThrow(/belongs to PostgreSQL 15/);
  writeFileSync(version, right);
});

test("temporary data goes with the server", async () => {
  const dir = join(root, "temporary");
  const server = await startPostgres({ dataDir: dir, durable: false, temporary: true });
  const pid = Number(readFileSync(join(dir, "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
  await server.stop();
  expect(await waitUntilGone(pid, 5_000)).toBe(true);
  expect(existsSync(dir)).toBe(false);
});
