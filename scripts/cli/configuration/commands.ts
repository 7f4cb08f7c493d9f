// export, diff and apply: the configuration of an organization as one file.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { errorCode, Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, EXIT_DIFFERENT, readOptions } from "../command.ts";
import { connect, type Planned } from "../gateway-client.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { readConfiguration } from "./file.ts";
import { formatPlan } from "./format-plan.ts";

const EXPORT_HELP = `mcp-gateway export [FILE]

Writes the configuration of the organization as YAML to a file or stdout. Secrets are not exported.

${GATEWAY_HELP}

Example
  mcp-gateway export gateway.yaml`;

const DIFF_HELP = `mcp-gateway diff FILE [--json]

Shows the changes that apply would make. Exit code 3 if there are any. Secrets that the file names are taken from the
environment.

${GATEWAY_HELP}
  --json          Print the plan as JSON

Example
  WEATHER_TOKEN=… mcp-gateway diff gateway.yaml`;

const APPLY_HELP = `mcp-gateway apply FILE [--yes]

Applies a configuration after confirmation.

${GATEWAY_HELP}
  --yes           Do not ask for confirmation

Example
  mcp-gateway apply gateway.yaml --yes`;

export const exportCommand: Command = {
  name: "export",
  summary: "Export the configuration to a file or stdout",
  help: EXPORT_HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, GATEWAY_OPTIONS, EXPORT_HELP);
    const text = await connect(readGatewayOptions(values, process.env)).exported();
    const [file] = positionals;
    if (file === undefined) process.stdout.write(text);
    else writeFileSync(file, text);
    return 0;
  },
};

export const diffCommand: Command = {
  name: "diff",
  summary: "Show the changes that apply would make",
  help: DIFF_HELP,
  async run(args) {
    const options = { ...GATEWAY_OPTIONS, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = readOptions(args, options, DIFF_HELP);
    const gateway = connect(readGatewayOptions(values, process.env));
    const { document, secrets } = readFile(positionals, DIFF_HELP);
    const plan = await gateway.plan(document, secrets);
    if (values.json) console.log(JSON.stringify(plan, null, 2));
    else for (const line of formatPlan(plan.changes)) console.log(line);
    return plan.changes.length === 0 ? 0 : EXIT_DIFFERENT;
  },
};

export const applyCommand: Command = {
  name: "apply",
  summary: "Apply a configuration after confirmation",
  help: APPLY_HELP,
  async run(args) {
    const options = { ...GATEWAY_OPTIONS, yes: { type: "boolean", default: false } } as const;
    const { values, positionals } = readOptions(args, options, APPLY_HELP);
    const gateway = connect(readGatewayOptions(values, process.env));
    const { document, secrets } = readFile(positionals, APPLY_HELP);
    const plan = await gateway.plan(document, secrets);
    for (const line of formatPlan(plan.changes)) console.log(line);
    if (plan.changes.length === 0) return 0;
    if (!values.yes && !(await isConfirmed(plan))) throw new Problem("Aborted. No changes applied.", 1);
    const { applied } = await gateway.apply(document, secrets, plan.hash);
    console.log(`Applied ${applied} ${applied === 1 ? "change" : "changes"}.`);
    return 0;
  },
};

function readFile([file]: readonly string[], help: string) {
  if (file === undefined) throw new Problem(`A file is required.\n\n${help}`, EXIT_USAGE);
  return readConfiguration(readText(file), process.env);
}

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Problem(`${file} cannot be read (${errorCode(error) ?? "unknown error"}).`, EXIT_USAGE);
  }
}

async function isConfirmed({ changes }: Planned): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Problem("Not a terminal: pass --yes to confirm.", EXIT_USAGE);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`Apply ${changes.length} changes? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
