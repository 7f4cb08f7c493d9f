// The peers: gateways and proxies that npm installs, each in the settings that its own documentation offers for HTTP.
// All settings are measured, and the fastest counts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where a peer runs, and what it is to stand before. */
export interface Place {
  readonly port: number;
  /** For its configuration, its state and its log; gone afterwards. */
  readonly dir: string;
  readonly upstreamUrl: string;
  /** The command that starts the same upstream over stdio. */
  readonly stdio: readonly string[];
}

export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly setting: string;
  /** "legacy" is streamable HTTP from before 2026-07-28; "sse" is the transport with two endpoints before that. */
  readonly protocol: "modern" | "legacy" | "sse";
  readonly path: string;
  /** What it calls the upstream's tool. */
  readonly tool: string;
  readonly notes: readonly string[];
  args(place: Place): readonly string[];
}

const TOOL = "one_tool_1";
const CHILD = "Reaches its upstream over stdio; that child's CPU and memory are not counted.";
const A_CHILD_EACH = "Starts a child for each request.";
const LOOPS = "Called over HTTP+SSE: each connection is a client of its own that calls in a loop.";

function mcpProxy(setting: string, protocol: Peer["protocol"], ...settings: readonly string[]): Peer {
  return {
    name: "mcp-proxy",
    version: "6.7.19",
    setting,
    protocol,
    path: "/mcp",
    tool: TOOL,
    notes: [CHILD],
    args: ({ port, stdio }) => [
      ...["--host", "127.0.0.1", "--port", String(port), "--server", "stream", "--no-eventStore"],
      ...settings,
      "--",
      ...stdio,
    ],
  };
}

function supergateway(
  setting: string,
  protocol: Peer["protocol"],
  notes: readonly string[],
  path: string,
  ...settings: readonly string[]
): Peer {
  return {
    name: "supergateway",
    version: "4.0.0",
    setting,
    protocol,
    path,
    tool: TOOL,
    notes,
    args: ({ port, stdio }) => [
      // It hands the command to a shell.
      ...["--stdio", stdio.map((word) => `'${word}'`).join(" "), "--port", String(port)],
      ...["--logLevel", "none", ...settings],
    ],
  };
}

const STREAMABLE = ["--outputTransport", "streamableHttp"];

export const PEERS: readonly Peer[] = [
  {
    name: "mcp-hub",
    version: "4.2.1",
    setting: "HTTP+SSE",
    protocol: "sse",
    path: "/mcp",
    tool: `one__${TOOL}`,
    notes: [LOOPS],
    args: ({ port, dir, upstreamUrl }) => {
      const config = join(dir, "hub.json");
      writeFileSync(config, JSON.stringify({ mcpServers: { one: { url: upstreamUrl } } }));
      return ["--port", String(port), "--config", config];
    },
  },
  mcpProxy("sessions", "legacy"),
  mcpProxy("stateless", "legacy", "--stateless"),
  mcpProxy("2026-07-28", "modern", "--upstreamProtocol", "modern"),
  supergateway("sessions", "legacy", [CHILD], "/mcp", ...STREAMABLE, "--stateful"),
  supergateway("stateless", "legacy", [A_CHILD_EACH, CHILD], "/mcp", ...STREAMABLE),
  supergateway("2026-07-28", "modern", [A_CHILD_EACH, CHILD], "/mcp", ...STREAMABLE, "--stateful"),
  supergateway("HTTP+SSE", "sse", [LOOPS, CHILD], "/sse", "--outputTransport", "sse"),
];
