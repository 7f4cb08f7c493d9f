// import: registers the servers of a client's configuration file.
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { readText } from "../configuration/commands.ts";
import { askGateway } from "../gateway-client.ts";
import {
  GATEWAY_HELP,
  GATEWAY_OPTIONS,
  type GatewayOptions,
  readGatewayOptions,
} from "../gateway-options.ts";
import { JSON_HELP, JSON_OPTION, printRows } from "../print.ts";
import { type ImportItem, parseClientConfiguration } from "./client-configuration.ts";

const HELP = `mcp-gateway import FILE [--dry-run] [--json]

Registers the MCP servers of a client's configuration file (mcp.json, claude_desktop_config.json, settings.json) and reports
what became of each. Values of \${NAME} and \${env:NAME} come from the environment. Programs are not registered: the report has
the command that connects them. Requires the key of an admin. Exit code 1 if a server could not be registered.

${GATEWAY_HELP}
  --dry-run       Report only
${JSON_HELP}

Example
  mcp-gateway import ~/.cursor/mcp.json`;

export const importCommand: Command = {
  name: "import",
  summary: "Register the servers of a client's configuration file",
  help: HELP,
  async run(args) {
    const options = {
      ...GATEWAY_OPTIONS,
      ...JSON_OPTION,
      "dry-run": { type: "boolean", default: false },
    } as const;
    const { values, positionals } = readOptions(args, options, HELP);
    const [file] = positionals;
    if (file === undefined) throw new Problem(`A file is required.\n\n${HELP}`, EXIT_USAGE);
    const gateway = readGatewayOptions(values, process.env);
    const items = parseClientConfiguration(readText(file), process.env);
    const report: ReportRow[] = [];
    for (const item of items) report.push(await importItem(item, gateway, values["dry-run"]));
    printRows(report, ["name", "result", "next"], values.json);
    return report.some(({ result }) => result === "failed") ? 1 : 0;
  },
};

type ReportRow = Readonly<{ name: string; result: string; next: string }>;

async function importItem(item: ImportItem, gateway: GatewayOptions, isDryRun: boolean): Promise<ReportRow> {
  if (item.kind === "skipped") return { name: item.name, result: "skipped", next: item.reason };
  if (item.kind === "program") {
    const command = item.command.map(quote).join(" ");
    const next = `mcp-gateway connect --create --server ${quote(item.name)} -- ${command}`;
    return { name: item.name, result: "program", next };
  }
  const { server, note = "" } = item;
  if (isDryRun) return { name: server.name, result: "would register", next: note };
  try {
    await askGateway(gateway, "/servers", { method: "POST", json: server });
    return { name: server.name, result: "registered", next: note };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { name: server.name, result: "failed", next: error.message };
  }
}

const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
