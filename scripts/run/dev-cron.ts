// Fires the Worker's cron triggers under `npm run dev`, on the schedules of wrangler.toml, as Cloudflare does in
// production. Wrangler only offers an address that starts one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Cron } from "croner";
import { projectDir } from "../lib/paths.ts";
import { errorMessage, Problem } from "../lib/problem.ts";

/** A tick that finds the Worker restarting is tried again so long; the next tick comes after a minute. */
const RETRY_FOR_MS = 50_000;
const RETRY_PAUSE_MS = 1_000;
/** As long as Cloudflare lets a cron handler run. */
const TIMEOUT_MS = 15 * 60_000;

export interface DevCron {
  stop(): void;
}

/** `print` takes a line for a tick that did not succeed. */
export function startDevCron(url: string, print: (line: string) => void): DevCron {
  const ending = new AbortController();
  const jobs = readSchedules().map(
    (schedule) =>
      // Like in production a tick does not wait for the one before.
      new Cron(schedule, { timezone: "UTC", unref: true }, () =>
        fireCron(url, schedule, ending.signal, print),
      ),
  );
  return {
    stop() {
      for (const job of jobs) job.stop();
      ending.abort();
    },
  };
}

export function readSchedules(toml = readFileSync(join(projectDir, "wrangler.toml"), "utf8")): string[] {
  const [, list = ""] = /^\[env\.development\.triggers\]\ncrons\s*=\s*\[([^\]]*)\]/m.exec(toml) ?? [];
  const schedules = Array.from(list.matchAll(/"([^"]+)"/g), ([, schedule = ""]) => schedule);
  if (schedules.length === 0)
    throw new Problem("wrangler.toml has no crons under [env.development.triggers].");
  return schedules;
}

async function fireCron(
  url: string,
  schedule: string,
  ending: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  const address = `${url}/__scheduled?cron=${encodeURIComponent(schedule)}`;
  const deadline = Date.now() + RETRY_FOR_MS;
  for (;;) {
    try {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await fetch(address, { signal });
      const text = await response.text();
      if (!response.ok) print(`Cron "${schedule}" failed: ${response.status} ${text.slice(0, 200)}`);
      return;
    } catch (error) {
      if (ending.aborted) return;
      if (Date.now() > deadline) return print(`Cron "${schedule}" failed: ${errorMessage(error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  }
}
