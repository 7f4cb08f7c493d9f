// The arguments of `npm run dev`.
import { parseArgs } from "node:util";
import { errorMessage, Problem } from "../lib/problem.ts";

export type DevArgs = { json: boolean; help: boolean; demoTraffic: boolean; port: number | undefined };

export const devHelp = `npm run dev -- [--json] [--port N] [--demo-traffic]

Starts PostgreSQL, migrates, seeds a demo tenant and serves the gateway. Press Ctrl-C to stop.

  --json     print one line of JSON when ready, everything else to stderr or .dev/logs/
  --port N   serve on this port (default: 8787, or the next free one)
  --demo-traffic
             fill the logs of the demo tenant with a day of made-up traffic, once
  --help     print this

Environment
  DATABASE_URL      use this database (PostgreSQL 16 or newer, or Neon) as its owner instead of the embedded one
  GATEWAY_DEV_DIR   keep data, logs and settings in this folder instead of .dev`;

export function parseDevArgs(args: string[]): DevArgs {
  const { json, help, port, "demo-traffic": demoTraffic } = parse(args);
  return { json, help, demoTraffic, port: port === undefined ? undefined : parsePort(port) };
}

function parse(args: string[]) {
  try {
    const flag = { type: "boolean", default: false } as const;
    const options = { json: flag, help: flag, "demo-traffic": flag, port: { type: "string" } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    const reason = errorMessage(error).split(/[.,] /)[0];
    throw new Problem(`${reason}: see npm run dev -- --help for usage.`, 2);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Problem(`--port ${text} is not a valid port: use a number from 1 to 65535.`, 2);
}
