// Runs a peer before the benchmark's upstream, and makes sure that calls reach it and come back.
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Guarded, lastLines, spawnGuarded } from "../../lib/guarded.ts";
import { nextFreePort } from "../../lib/ports.ts";
import { errorMessage } from "../../lib/problem.ts";
import type { Sent } from "../gateway/requests.ts";
import type { World } from "../gateway/world.ts";
import type { Peer } from "./catalog.ts";
import { answerTo, callTo, isAnswer } from "./conversation.ts";
import { PeerFailed } from "./failed.ts";
import { installPeer } from "./install.ts";

export interface RunningPeer {
  readonly pid: number;
  readonly sent: Sent;
  stop(): Promise<unknown>;
}

const UPSTREAM = fileURLToPath(new URL("../gateway/upstream.ts", import.meta.url));
const READY_WITHIN_MS = 30_000;
const ANSWERED_WITHIN_MS = 5_000;

export async function startPeer(peer: Peer, world: World): Promise<RunningPeer> {
  const script = await installPeer(peer);
  mkdirSync(join(world.dir, "peers"), { recursive: true });
  const dir = mkdtempSync(join(world.dir, "peers", `${peer.name}-`));
  const port = await nextFreePort(26_000);
  const stdio = [process.execPath, UPSTREAM, "stdio"];
  const log = join(dir, "output.log");
  const child = await spawnGuarded({
    command: process.execPath,
    args: [script, ...peer.args({ port, dir, upstreamUrl: world.upstreamUrl("one"), stdio })],
    cwd: dir,
    // What they keep of themselves they keep here.
    env: { ...process.env, NODE_ENV: "production", HOME: dir, XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir },
    log,
    signal: "SIGTERM",
    graceMs: 2_000,
  });
  try {
    const sent = await begin(peer, `http://127.0.0.1:${port}${peer.path}`, dir, child);
    return { pid: child.pid, sent, stop: child.stop };
  } catch (error) {
    await child.stop();
    throw new PeerFailed(`${errorMessage(error)} ${lastLines(log, 1).slice(0, 200)}`.trim());
  }
}

/** Until it listens, has met its upstream and gives a call's right answer. */
async function begin(peer: Peer, url: string, dir: string, child: Guarded): Promise<Sent> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const sent = await inTime(callTo(peer, url, dir));
      await prove(peer, sent);
      return sent;
    } catch (error) {
      if (child.hasExited()) throw new Error("It exited unexpectedly.");
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

export async function prove(peer: Peer, sent: Sent): Promise<void> {
  const answer = await inTime(answerTo(peer, sent));
  if (!isAnswer(answer))
    throw new PeerFailed(`Unexpected response to a call: ${answer.trim().slice(0, 300)}`);
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = delay(ANSWERED_WITHIN_MS, undefined, { signal: late.signal });
  try {
    return await Promise.race([promise, timer.then(() => Promise.reject(new Error("No response.")))]);
  } finally {
    late.abort();
    timer.catch(() => {});
  }
}
