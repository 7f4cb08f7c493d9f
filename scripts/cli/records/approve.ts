// approve: shows tools that are held after a change of their definition, and approves or rejects the shown revision.
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { askGateway, listRows } from "../gateway-client.ts";
import {
  GATEWAY_HELP,
  GATEWAY_OPTIONS,
  type GatewayOptions,
  readGatewayOptions,
} from "../gateway-options.ts";
import { askLine, canAsk } from "../mcp/terminal.ts";
import { JSON_HELP, JSON_OPTION, printRows, toPlainText } from "../print.ts";

const HELP = `mcp-gateway approve [TOOL] [--server NAME] [--reject] [--yes] [--json]

Without a tool, lists the tools that are held or blocked because their definition changed. With the name of one, or the ID of its
change, shows what changed and what is suspicious, and approves it once you confirm. Only the revision that was shown is decided:
a newer one stays held. Requires the key of an admin.

${GATEWAY_HELP}
  --server NAME   Server of the tool, where several have a changed tool of this name
  --reject        Block the tool instead of approving it
  --yes           Do not ask for confirmation
${JSON_HELP}

Examples
  mcp-gateway approve
  mcp-gateway approve create_issue --server github`;

const OPTIONS = {
  ...GATEWAY_OPTIONS,
  ...JSON_OPTION,
  server: { type: "string" },
  reject: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
} as const;

const toolChange = z.looseObject({
  id: z.string(),
  serverName: z.string(),
  tool: z.string(),
  state: z.string().nullable(),
  revision: z.number(),
  differences: z.array(
    z.object({ path: z.string(), before: z.string().optional(), after: z.string().optional() }),
  ),
  findings: z.array(
    z.looseObject({ rule: z.string(), severity: z.string(), place: z.string(), excerpt: z.string() }),
  ),
});
type ToolChange = z.output<typeof toolChange>;

const MAX_CHANGES = 10_000;

export const approveCommand: Command = {
  name: "approve",
  summary: "Approve or reject tools whose definition changed",
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS, HELP);
    const [named, ...others] = positionals;
    if (others.length > 0) throw new Problem(`Name one tool at a time.\n\n${HELP}`, EXIT_USAGE);
    const gateway = readGatewayOptions(values, process.env);
    const changes = (await listRows(gateway, "/tool-changes", { limit: MAX_CHANGES })).map((row) =>
      toolChange.parse(row),
    );
    if (named === undefined) {
      printChanges(changes, values.json);
      return 0;
    }
    const change = selectChange(changes, named, values.server);
    if (!values.json) console.error(describeChange(change));
    const decision = values.reject ? "reject" : "approve";
    if (!values.yes && !(await isConfirmed(change, decision))) {
      console.error("Nothing was changed.");
      return 1;
    }
    await decide(gateway, change, decision, values.json);
    return 0;
  },
};

function printChanges(changes: readonly ToolChange[], asJson: boolean): void {
  const rows = changes.map(({ serverName, tool, state, differences, findings, id }) => ({
    ...{ server: serverName, tool, state },
    ...{ changes: differences.length, findings: findings.length, id },
  }));
  printRows(asJson ? changes : rows, ["server", "tool", "state", "changes", "findings", "id"], asJson);
}

function selectChange(changes: readonly ToolChange[], named: string, server: string | undefined): ToolChange {
  const found = changes.filter(
    ({ id, tool, serverName }) =>
      (id === named || tool === named) && (server === undefined || serverName === server),
  );
  const [only] = found;
  if (only === undefined)
    throw new Problem(`No changed tool ${named}. List changed tools with mcp-gateway approve.`);
  if (found.length > 1) {
    const servers = found.map(({ serverName }) => serverName).join(", ");
    throw new Problem(`Several servers have a changed tool ${named}: ${servers}. Pass --server.`, EXIT_USAGE);
  }
  return only;
}

/** Definitions come from servers: control characters would reach the terminal. */
function describeChange({ serverName, tool, state, differences, findings }: ToolChange): string {
  return [
    `${tool} of server ${serverName}: ${state ?? "callable"}`,
    ...differences.flatMap(({ path, before, after }) => [
      `  ${path}`,
      ...(before === undefined ? [] : [`    - ${before}`]),
      ...(after === undefined ? [] : [`    + ${after}`]),
    ]),
    ...findings.map(({ severity, rule, place, excerpt }) => `  ${severity}: ${rule} in ${place}: ${excerpt}`),
  ]
    .map((line) => line.slice(0, line.search(/\S/)) + toPlainText(line.trimStart()))
    .join("\n");
}

async function isConfirmed({ tool }: ToolChange, decision: "approve" | "reject"): Promise<boolean> {
  if (!canAsk()) throw new Problem(`Pass --yes to ${decision} without a terminal.`, EXIT_USAGE);
  const question = decision === "approve" ? `Approve tool ${tool}?` : `Block tool ${tool}?`;
  return /^y(?:es)?$/i.test(await askLine(`${question} [y/N] `));
}

async function decide(
  gateway: GatewayOptions,
  { id, tool, revision }: ToolChange,
  decision: "approve" | "reject",
  asJson: boolean,
): Promise<void> {
  const path = `/tool-changes/${id}/${decision}`;
  const text = await askGateway(gateway, path, { method: "POST", json: { revision } });
  if (asJson) console.log(JSON.stringify(JSON.parse(text), null, 2));
  else console.error(decision === "approve" ? `Tool ${tool} was approved.` : `Tool ${tool} was blocked.`);
}
