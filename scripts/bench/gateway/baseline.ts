// Runs the Workers that the gateway is measured against, in a workerd of their own.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Guarded, spawnGuarded } from "../../lib/guarded.ts";
import { projectDir } from "../../lib/paths.ts";
import { nextFreePort } from "../../lib/ports.ts";
import { untilItAnswers } from "./answering.ts";

export interface BaselineVariables {
  readonly UPSTREAM_URL: string;
  readonly BYTES_URL: string;
}

export interface Baseline {
  readonly url: string;
  readonly variables: BaselineVariables;
  readonly pid: number;
  stop(): Promise<number>;
}

const SCRIPT = "baseline.js";

export async function startBaseline(dir: string, variables: BaselineVariables): Promise<Baseline> {
  mkdirSync(dir, { recursive: true });
  copyFileSync(fileURLToPath(new URL(`./${SCRIPT}`, import.meta.url)), join(dir, SCRIPT));
  const port = await nextFreePort(29_000);
  const bindings = Object.entries(variables).map(([name, value]) => `(name = "${name}", text = "${value}")`);
  const config = join(dir, "config.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "baseline", worker = .baseline),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "baseline")],
);

const baseline :Workerd.Worker = (
  modules = [(name = "${SCRIPT}", esModule = embed "${SCRIPT}")],
  compatibilityDate = "2026-08-01",
  bindings = [${bindings.join(", ")}],
);
`,
  );
  const child = await serveQuietly(config, dir);
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(url, "GET");
  return { url, variables, pid: child.pid, stop: child.stop };
}

function serveQuietly(config: string, dir: string): Promise<Guarded> {
  return spawnGuarded({
    command: join(projectDir, "node_modules", "workerd", "bin", "workerd"),
    args: ["serve", config, "--experimental"],
    cwd: dir,
    log: join(dir, "baseline.log"),
    signal: "SIGTERM",
    graceMs: 2_000,
  });
}
