// Runs the bundled Worker in bare workerd, the runtime of production, without wrangler's development proxy in front:
// for tests that come from outside, for the conformance suite, and for measurements.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnGuarded } from "../lib/guarded.ts";
import { projectDir } from "../lib/paths.ts";
import { bundleWorker } from "./bundle.ts";
import type { Worker, WorkerOptions } from "./worker.ts";

/**
 * `main` names the bundle of an earlier start in the same folder, where the same Worker shall run again; `queues` is the
 * script that plays the queues, `inspector` the address where developer tools may look in.
 */
export async function startWorkerd(
  { devDir, port, variables }: WorkerOptions,
  {
    inspector,
    main = bundleWorker(folderOf(devDir), { legible: inspector !== undefined }),
    queues = join(projectDir, "scripts", "run", "queue-broker.js"),
  }: Partial<WorkerdParts> = {},
): Promise<Workerd> {
  const dir = folderOf(devDir);
  const config = join(dir, "config.capnp");
  const storage = join(devDir, "objects");
  mkdirSync(storage, { recursive: true });
  copyFileSync(queues, join(dir, BROKER));
  const others = readdirSync(dir).filter((name) => name.endsWith(".mjs") && name !== main);
  writeFileSync(config, configuration({ main, others, port, storage, variables: Object.keys(variables) }));
  const logFile = join(devDir, "logs", "workerd.log");
  const child = await spawnGuarded({
    command: join(projectDir, "node_modules", "workerd", "bin", "workerd"),
    args: [
      "serve",
      config,
      "--experimental",
      ...(inspector === undefined ? [] : [`--inspector-addr=${inspector}`]),
    ],
    cwd: dir,
    // Variables come from the environment, so that no secret stands in a file.
    env: { ...process.env, ...variables },
    log: logFile,
    signal: "SIGTERM",
    graceMs: 2_000,
  });
  return {
    url: `http://127.0.0.1:${port}`,
    logFile,
    pid: child.pid,
    exited: child.exited,
    stop: child.stop,
    main,
  };
}

export interface WorkerdParts {
  readonly main: string;
  readonly queues: string;
  readonly inspector: string;
}

export type Workerd = Worker & { readonly main: string; readonly pid: number };

const BROKER = "queues.js";

const folderOf = (devDir: string) => join(devDir, "workerd");

interface Layout {
  readonly main: string;
  /** The modules that it imports, at once or on demand. */
  readonly others: readonly string[];
  readonly port: number;
  /** Where Durable Objects keep their databases; they outlive the process. */
  readonly storage: string;
  readonly variables: readonly string[];
}

function configuration({ main, others, port, storage, variables }: Layout): string {
  const { date, flags, objects, queues } = declared();
  const modules = [main, ...others].map((name) => `(name = "${name}", esModule = embed "${name}")`);
  const bindings = [
    ...variables.map((name) => `(name = "${name}", fromEnvironment = "${name}")`),
    ...objects.map(({ name, className }) => `(name = "${name}", durableObjectNamespace = "${className}")`),
    ...queues.map(({ binding }) => `(name = "${binding}", queue = "queue-${binding}")`),
  ];
  const brokers = queues.map(
    ({ binding, queue }) => `
    (name = "queue-${binding}", worker = (
      modules = [(name = "${BROKER}", esModule = embed "${BROKER}")],
      compatibilityDate = "${date}",
      compatibilityFlags = ["nodejs_compat", "service_binding_extra_handlers"],
      bindings = [(name = "CONSUMER", service = "gateway"), (name = "QUEUE", text = "${queue}")],
    )),`,
  );
  const namespaces = objects.map(
    ({ className }) => `(className = "${className}", uniqueKey = "${className}", enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "objects", disk = (path = "${storage}", writable = true)),${brokers.join("")}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "gateway")],
);

const gateway :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = [${flags}],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "objects"),
);
`;
}

interface Declared {
  readonly date: string;
  readonly flags: string;
  readonly objects: readonly { readonly name: string; readonly className: string }[];
  readonly queues: readonly { readonly binding: string; readonly queue: string }[];
}

/** The settings of wrangler.toml, so that they are in one place. */
function declared(): Declared {
  const toml = readFileSync(join(projectDir, "wrangler.toml"), "utf8");
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(toml)?.[1] ?? "";
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(toml)?.[1] ?? "";
  const objects = toml.matchAll(
    /^\[\[durable_objects\.bindings\]\]\nname = "(?<name>\w+)"\nclass_name = "(?<className>\w+)"/gm,
  );
  const queues = toml.matchAll(
    /^\[\[queues\.producers\]\]\nbinding = "(?<binding>\w+)"\nqueue = "(?<queue>[\w-]+)"/gm,
  );
  return {
    date,
    flags,
    objects: Array.from(objects, ({ groups }) => ({
      name: groups?.name ?? "",
      className: groups?.className ?? "",
    })),
    queues: Array.from(queues, ({ groups }) => ({
      binding: groups?.binding ?? "",
      queue: groups?.queue ?? "",
    })),
  };
}
