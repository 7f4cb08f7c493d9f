// `mcp-gateway connect`: makes a stdio server reachable through a gateway, without an open port.
import { existsSync } from "node:fs";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { createDeferred } from "../deferred.ts";
import { GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { Connector, type ConnectorOptions } from "./connector.ts";
import { createServer } from "./create-server.ts";
import { buildEnvironment } from "./environment.ts";

const HELP = `mcp-gateway connect --server NAME [options] -- COMMAND [ARGUMENTS]

Starts a stdio MCP server for each session of the gateway, and connects it. The connector dials out: no port is opened.

  --gateway URL          URL of the gateway. Default: GATEWAY_URL
  --key KEY              API key with scope connect, bound to the server. Default: GATEWAY_API_KEY
  --server NAME          Server of the gateway that the command serves
  --create               Register the server with transport stdio, if the key may and it does not exist
  --shared               Run one process for all sessions instead of one for each
  --max-sessions N       Sessions, and without --shared processes, at once. Default: 64
  --env NAME[=VALUE]     Pass a variable of this environment on to the command, or set it. Repeatable
  --cwd DIRECTORY        Working directory of the command
  --drain-timeout S      Seconds that pending requests have when the connector is stopped. Default: 10

Several connectors of one server share its sessions. On SIGTERM a connector takes no new sessions, waits for pending
requests, ends its processes and exits with 0. Exit code 1: the gateway rejects the connector.

Examples
  mcp-gateway connect --gateway https://gateway.example.com --server files -- \\
    npx -y @modelcontextprotocol/server-filesystem /srv/shared
  mcp-gateway connect --server memory --shared --create -- npx -y @modelcontextprotocol/server-memory
  mcp-gateway connect --server github --env GITHUB_TOKEN -- github-mcp-server stdio`;

const OPTIONS = {
  ...GATEWAY_OPTIONS,
  server: { type: "string" },
  create: { type: "boolean", default: false },
  shared: { type: "boolean", default: false },
  "max-sessions": { type: "string", default: "64" },
  env: { type: "string", multiple: true },
  cwd: { type: "string" },
  "drain-timeout": { type: "string", default: "10" },
  help: { type: "boolean", default: false },
} as const;

export const connectCommand: Command = {
  name: "connect",
  summary: "Connect a stdio server to the gateway",
  help: HELP,
  async run(args) {
    const { options, create } = readConnectOptions(args);
    if (create) await createServer(options);
    return serve(new Connector(options));
  },
};

function readConnectOptions(args: readonly string[]): { options: ConnectorOptions; create: boolean } {
  const end = args.indexOf("--");
  const { values, positionals } = readOptions(end === -1 ? args : args.slice(0, end), OPTIONS, HELP);
  const [command, ...commandArgs] = end === -1 ? [] : args.slice(end + 1);
  const { server, cwd, env = [] } = values;
  if (positionals.length > 0)
    throw new Problem(`Write the command after --: ${positionals.join(" ")}\n\n${HELP}`, EXIT_USAGE);
  if (server === undefined) throw new Problem(`--server is required.\n\n${HELP}`, EXIT_USAGE);
  if (command === undefined) throw new Problem(`A command is required after --.\n\n${HELP}`, EXIT_USAGE);
  if (cwd !== undefined && !existsSync(cwd)) throw new Problem(`--cwd ${cwd} does not exist.`, EXIT_USAGE);
  const { url, key } = readGatewayOptions(values, process.env);
  return {
    create: values.create,
    options: {
      ...{ gatewayUrl: url, key, server },
      mode: values.shared ? "shared" : "session",
      command: { command, args: commandArgs, cwd, env: buildEnvironment(env, process.env) },
      maxSessions: readNumber("--max-sessions", values["max-sessions"], 1, 1000),
      drainMs: 1000 * readNumber("--drain-timeout", values["drain-timeout"], 0, 3600),
      print: (line) => console.error(line),
    },
  };
}

function readNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Problem(`${name} must be a whole number from ${min} to ${max}.`, EXIT_USAGE);
}

/** The second signal does not wait for pending requests. */
async function serve(connector: Connector): Promise<number> {
  const stopped = createDeferred<number>();
  let isStopping = false;
  const stop = () => {
    const ending = isStopping ? connector.kill() : connector.stop();
    isStopping = true;
    void ending.then(() => stopped.resolve(0));
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
  try {
    return await Promise.race([connector.run(), stopped.promise]);
  } catch (error) {
    await connector.kill();
    throw error;
  } finally {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.off(signal, stop);
  }
}
