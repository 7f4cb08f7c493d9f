// Runs the bundled Worker in bare workerd, the runtime of production, without wrangler's development proxy in front:
// for tests that come from outside, for the conformance suite, and for measurements.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnGuarded } from "../lib/guarded.ts";
import { projectDir } from "../lib/paths.ts";
import { bundleWorker } from "./bundle.ts";
import type { Worker, WorkerOptions } from "./worker.ts";

export async function startWorkerd({ devDir, port, variables }: WorkerOptions): Promise<Worker> {
  const dir = join(devDir, "workerd");
  const main = bundleWorker(dir);
  const config = join(dir, "config.capnp");
  writeFileSync(config, configuration(main, port, Object.keys(variables)));
  const logFile = join(devDir, "logs", "workerd.log");
  const child = await spawnGuarded({
    command: join(projectDir, "node_modules", "workerd", "bin", "workerd"),
    args: ["serve", config, "--experimental"],
    cwd: dir,
    // Variables come from the environment, so that no secret stands in a file.
    env: { ...process.env, ...variables },
    log: logFile,
    signal: "SIGTERM",
    graceMs: 2_000,
  });
  return { url: `http://127.0.0.1:${port}`, logFile, exited: child.exited, stop: child.stop };
}

function configuration(main: string, port: number, variables: readonly string[]): string {
  const bindings = variables.map((name) => `(name = "${name}", fromEnvironment = "${name}")`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "gateway")],
);

const gateway :Workerd.Worker = (
  modules = [(name = "${main}", esModule = embed "${main}")],
  compatibilityDate = "${compatibility().date}",
  compatibilityFlags = [${compatibility().flags}],
  bindings = [${bindings.join(", ")}],
);
`;
}

/** What wrangler.toml says, so that there is one place to say it. */
function compatibility(): { date: string; flags: string } {
  const toml = readFileSync(join(projectDir, "wrangler.toml"), "utf8");
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(toml)?.[1] ?? "";
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(toml)?.[1] ?? "";
  return { date, flags };
}
