// The command line of the gateway, `mcp-gateway COMMAND`: one table of commands, each with its own help.
import { Problem } from "../lib/problem.ts";
import { EXIT_USAGE } from "../lib/usage.ts";
import type { Command } from "./command.ts";
import { createCompletionCommand } from "./completion.ts";
import { applyCommand, diffCommand, exportCommand } from "./configuration/commands.ts";
import { connectCommand } from "./connect/command.ts";
import { importCommand } from "./import/command.ts";
import { callCommand } from "./mcp/call.ts";
import { stdioCommand } from "./mcp/stdio.ts";
import { searchCommand, toolsCommand } from "./mcp/tools.ts";
import { approveCommand } from "./records/approve.ts";
import { keysCommand } from "./records/keys.ts";
import { requestsCommand, serversCommand } from "./records/lists.ts";
import { logsCommand } from "./records/logs.ts";
import { whoamiCommand } from "./records/whoami.ts";
import { verifyAuditCommand } from "./verify-audit.ts";
import { VERSION } from "./version.ts";

export const COMMANDS: readonly Command[] = [
  whoamiCommand,
  serversCommand,
  toolsCommand,
  searchCommand,
  callCommand,
  stdioCommand,
  connectCommand,
  importCommand,
  requestsCommand,
  logsCommand,
  keysCommand,
  approveCommand,
  exportCommand,
  diffCommand,
  applyCommand,
  verifyAuditCommand,
  createCompletionCommand(() => COMMANDS.map(({ name }) => name)),
];

export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version") {
    console.log(VERSION);
    return 0;
  }
  if (name === undefined || name === "help" || name === "--help") {
    console.log(describeCommands());
    return name === undefined ? EXIT_USAGE : 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined)
    throw new Problem(`Unknown command: ${name}\n\n${describeCommands()}`, EXIT_USAGE);
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help")) {
    console.log(command.help);
    return 0;
  }
  return command.run(rest);
}

const describeCommands = () =>
  [
    "mcp-gateway COMMAND [options]",
    "",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`),
    "",
    "mcp-gateway COMMAND --help shows options and examples.",
  ].join("\n");
