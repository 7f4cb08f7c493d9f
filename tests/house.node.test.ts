/** The rooms of src and who may enter which, read from the imports themselves; and no file imports itself around a corner. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const BELOW_SERVICES = ["core", "db"];
const SERVICES = [
  "identity",
  "email",
  "policy",
  "gateway",
  "upstream",
  "logs",
  "discovery",
  "registry",
  "operations",
];

/** A room may import itself and what stands here. Files at the root of src are rooms of their own. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  db: ["core"],
  "env.ts": ["core"],
  email: BELOW_SERVICES,
  identity: [...BELOW_SERVICES, "email"],
  policy: [...BELOW_SERVICES, "identity"],
  upstream: BELOW_SERVICES,
  logs: BELOW_SERVICES,
  gateway: [...BELOW_SERVICES, "identity", "policy", "upstream", "logs"],
  discovery: [...BELOW_SERVICES, "registry", "upstream", "logs"],
  registry: [...BELOW_SERVICES, "upstream", "logs"],
  operations: [...BELOW_SERVICES, "upstream", "logs"],
  "durable-objects": ["core", "gateway", "logs", "env.ts", "services.ts"],
  "services.ts": [...BELOW_SERVICES, ...SERVICES, "env.ts"],
  middleware: ["core", "identity", "policy", "logs", "env.ts", "services.ts"],
  api: [...BELOW_SERVICES, ...SERVICES, "middleware", "env.ts", "services.ts"],
  admin: [...BELOW_SERVICES, ...SERVICES, "middleware", "env.ts", "services.ts"],
  jobs: [...BELOW_SERVICES, ...SERVICES, "env.ts", "services.ts"],
  "web-app.ts": [...BELOW_SERVICES, ...SERVICES, "middleware", "api", "admin", "env.ts", "services.ts"],
  "app.ts": ["core", "gateway", "middleware", "web-app.ts", "services.ts"],
  "queues.ts": ["logs", "operations", "discovery", "services.ts"],
  "index.ts": ["app.ts", "jobs", "queues.ts", "durable-objects", "services.ts", "env.ts"],
};

const files = globSync("src/**/*.{ts,tsx,js,json}").map((file) => file.replaceAll("\\", "/"));
const IMPORT =
  /(?:^|\n)\s*(?:import|export)(?<type>\s+type)?\b[^;]*?from\s+"(?<from>\.[^"]+)"|import\("(?<lazy>\.[^"]+)"\)/g;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const imports: Import[] = files.flatMap((from) =>
  [...readFileSync(from, "utf8").matchAll(IMPORT)].map(({ groups }) => ({
    from,
    to: normalize(join(dirname(from), groups?.from ?? groups?.lazy ?? "")).replaceAll("\\", "/"),
    typeOnly: groups?.type !== undefined,
  })),
);

const room = (file: string) => file.split("/")[1] ?? "";

/** The modules that send something to an MCP server. */
const SENDS = new Set(
  [
    "fetch-inventory",
    "protocol/era-detection",
    "protocol/legacy-session",
    "protocol/modern-request",
    "transports/open-channel",
    "transports/http/channel",
    "transports/http/wire",
    "transports/sse/channel",
    "transports/websocket/channel",
    "transports/websocket/worker-socket",
  ].map((name) => `src/upstream/${name}.ts`),
);
/** The pipeline, and the transports that it sends by: the bridge's object, and the peers of a client's session. */
const MAY_SEND = [
  "src/gateway/pipeline/",
  "src/gateway/server-bridge/",
  "src/gateway/client-session/legacy-peer.ts",
  "src/gateway/client-session/modern-peer.ts",
];
/** They wire the bridge into the context, and describe its message. */
const CREATES = new Set([
  "src/gateway/gateway.ts",
  "src/gateway/context/context.ts",
  "src/durable-objects/bridge.ts",
]);

describe("the house", () => {
  it("has only rooms that the plan knows", () => {
    expect([...new Set(files.map(room))].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  it("imports files that are there", () => {
    expect(imports.filter((line) => !files.includes(line.to))).toEqual([]);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  it("is walked in one direction", () => {
    const wrong = imports.filter(
      ({ from, to }) => room(from) !== room(to) && !MAY_IMPORT[room(from)]?.includes(room(to)),
    );
    expect(wrong.map(({ from, to }) => `${from} must not import ${to}`)).toEqual([]);
  });

  it("reaches upstreams on behalf of callers from the pipeline and its transports only", () => {
    const wrong = imports.filter(
      ({ from, to, typeOnly }) =>
        room(from) === "gateway" &&
        SENDS.has(to) &&
        !typeOnly &&
        !MAY_SEND.some((path) => from.startsWith(path)),
    );
    expect(wrong.map(({ from, to }) => `${from} must not import ${to}`)).toEqual([]);
    const callers = imports
      .filter(({ to }) => to === "src/gateway/server-bridge/bridge-client.ts")
      .map(({ from }) => from);
    expect(
      callers.filter((from) => !CREATES.has(from) && !from.startsWith("src/gateway/server-bridge/")),
    ).toEqual([]);
  });

  it("has no circular imports", () => {
    const edges = Map.groupBy(
      imports.filter((line) => !line.typeOnly),
      (line) => line.from,
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      if (path.includes(file) || done.has(file)) return;
      for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
