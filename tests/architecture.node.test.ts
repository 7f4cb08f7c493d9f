/** The layers of src, the size of its files, and what no layer may contain: cycles and exports that nothing uses. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { findCycles, findUncalledExports, listFiles, listImports, toEdges } from "./support/source-graph.ts";
import { findMisplacedTests, LAYOUT_EXCEPTIONS } from "./support/test-layout.ts";

const BELOW_SERVICES = ["core", "db"];
const SERVICES = [
  "identity",
  "email",
  "policy",
  "gateway",
  "upstream",
  "logs",
  "connected-accounts",
  "connector",
  "discovery",
  "registry",
  "operations",
];

/** A layer may import itself and what is listed here. Files at the root of src are layers of their own. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  db: ["core"],
  "env.ts": ["core"],
  "product.ts": [],
  email: BELOW_SERVICES,
  identity: [...BELOW_SERVICES, "email"],
  policy: [...BELOW_SERVICES, "identity"],
  upstream: [...BELOW_SERVICES, "product.ts"],
  logs: BELOW_SERVICES,
  connector: [...BELOW_SERVICES, "identity", "logs"],
  "connected-accounts": [...BELOW_SERVICES, "upstream", "logs"],
  gateway: [...BELOW_SERVICES, "identity", "policy", "upstream", "logs", "connected-accounts", "product.ts"],
  discovery: [...BELOW_SERVICES, "upstream", "logs", "product.ts"],
  registry: [...BELOW_SERVICES, "upstream", "logs"],
  operations: [...BELOW_SERVICES, "upstream", "logs"],
  "durable-objects": [
    "core",
    "connected-accounts",
    "connector",
    "gateway",
    "logs",
    "env.ts",
    "gateway-services.ts",
  ],
  "gateway-storage.ts": [...BELOW_SERVICES, "identity", "policy", "gateway"],
  "collector-client.ts": ["core", "logs", "policy", "upstream", "product.ts", "env.ts"],
  "gateway-emitter.ts": ["core", "db", "logs", "env.ts"],
  "lazy-loaders.ts": ["core", "db", "logs", "identity", "connected-accounts", "env.ts", "gateway-storage.ts"],
  "gateway-services.ts": [
    "collector-client.ts",
    "gateway-emitter.ts",
    "product.ts",
    ...BELOW_SERVICES,
    ...SERVICES,
    "env.ts",
    "lazy-loaders.ts",
    "services.ts",
  ],
  "services.ts": [...BELOW_SERVICES, ...SERVICES, "collector-client.ts", "env.ts", "gateway-services.ts"],
  middleware: ["core", "identity", "policy", "logs", "env.ts", "services.ts"],
  api: [...BELOW_SERVICES, ...SERVICES, "middleware", "env.ts", "services.ts"],
  admin: [...BELOW_SERVICES, ...SERVICES, "middleware", "env.ts", "product.ts", "services.ts"],
  jobs: [...BELOW_SERVICES, ...SERVICES, "env.ts", "services.ts"],
  "web-app.ts": [...BELOW_SERVICES, ...SERVICES, "middleware", "api", "admin", "env.ts", "services.ts"],
  "app.ts": ["core", "gateway", "middleware", "web-app.ts", "gateway-services.ts"],
  "queues.ts": ["logs", "operations", "discovery", "services.ts"],
  "index.ts": ["app.ts", "jobs", "queues.ts", "durable-objects", "services.ts"],
};

const files = listFiles("src/**/*.{ts,tsx,js,json}");
const imports = listImports(files);
const layer = (file: string) => file.split("/")[1] ?? "";
const MAX_LINES = 300;

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
    "transports/connector/channel",
    "transports/connector/open",
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

describe("the architecture", () => {
  it("has only layers that are listed", () => {
    expect([...new Set(files.map(layer))].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  it("imports only files that exist", () => {
    expect(imports.filter((line) => !files.includes(line.to))).toEqual([]);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  it("imports only listed layers", () => {
    const wrong = imports.filter(
      ({ from, to }) => layer(from) !== layer(to) && !MAY_IMPORT[layer(from)]?.includes(layer(to)),
    );
    expect(wrong.map(({ from, to }) => `${from} must not import ${to}`)).toEqual([]);
  });

  it("writes to the console by the function that removes secrets only", () => {
    // A page shows JavaScript that its reader may run.
    const allowed = ["src/logs/log-line.ts", "src/admin/tools/code.ts"];
    const writers = files.filter(
      (file) => /\.tsx?$/.test(file) && /(?<![."'\w])console\.\w/.test(readFileSync(file, "utf8")),
    );
    expect(writers.toSorted()).toEqual(allowed.toSorted());
  });

  it("sends to upstreams from the pipeline and its transports only", () => {
    const wrong = imports.filter(
      ({ from, to, isTypeOnly }) =>
        layer(from) === "gateway" &&
        SENDS.has(to) &&
        !isTypeOnly &&
        !MAY_SEND.some((path) => from.startsWith(path)),
    );
    expect(wrong.map(({ from, to }) => `${from} must not import ${to}`)).toEqual([]);
    const callers = imports
      .filter(({ to }) => to === "src/gateway/server-bridge/bridge-client.ts")
      .map(({ from }) => from);
    const bridge = "src/gateway/server-bridge/";
    expect(callers.filter((from) => !CREATES.has(from) && !from.startsWith(bridge))).toEqual([]);
  });

  it("has no import cycles, those through types included", () => {
    const eager = imports.filter(({ isLazy }) => !isLazy);
    expect(findCycles(toEdges(eager.map(({ from, to }) => [from, to] as const)))).toEqual([]);
  });

  it("has no cycles between the folders of a layer", () => {
    const inLayer = imports.filter(({ from, to, isLazy }) => layer(from) === layer(to) && !isLazy);
    const edges = toEdges(inLayer.map(({ from, to }) => [dirname(from), dirname(to)] as const));
    expect(findCycles(edges)).toEqual([]);
  });

  it("has no file of more than 300 lines", () => {
    const large = files.filter(
      (file) => /\.tsx?$/.test(file) && readFileSync(file, "utf8").split("\n").length - 1 > MAX_LINES,
    );
    expect(large.sort()).toEqual([]);
  });

  it("exports no value that nothing else uses", () => {
    const sources = listFiles("src/**/*.{ts,tsx}");
    const product = [...sources, ...listFiles("scripts/**/*.ts")];
    const uncalled = findUncalledExports(sources, product, listFiles("tests/**/*.{ts,tsx}"))
      .filter(({ file }) => !file.startsWith("src/db/schema/"))
      .map(({ file, name }) => `${file} ${name}`);
    expect(uncalled.sort()).toEqual([]);
  });
});

describe("the tests", () => {
  const all = listFiles("{src,scripts,tests}/**/*.{ts,tsx,mjs,js}");

  it("have the path and the name of what they test", () => {
    expect(findMisplacedTests(all)).toEqual([]);
    expect(findMisplacedTests(["src/gateway/sse/relay.ts", "tests/gateway/relay.test.ts"])).toEqual([
      "tests/gateway/relay.test.ts has the name of src/gateway/sse/relay.ts and another path",
    ]);
    expect(findMisplacedTests(["src/core/csv.ts", "tests/core/table.test.ts"])).toHaveLength(1);
  });

  it("have no exception for a file that does not exist", () => {
    expect(Object.keys(LAYOUT_EXCEPTIONS).filter((file) => !all.includes(file))).toEqual([]);
  });
});
