// call: calls one tool and prints its result.
import type { Client } from "@modelcontextprotocol/client";
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { JSON_OPTION, toPlainText } from "../print.ts";
import { readArguments } from "./arguments.ts";
import { ENDPOINT_HELP, ENDPOINT_OPTIONS, toEndpointUrl, withClient } from "./open-client.ts";
import { askLine, canAsk } from "./terminal.ts";

const HELP = `mcp-gateway call TOOL [JSON | name=value …] [--server NAME | --toolset SLUG] [--json]

Calls a tool and prints its result. On a terminal, missing required arguments and what the server requests during the
call are prompted for, and progress is shown. Exit code 1 if the tool returns an error.

${GATEWAY_HELP}
${ENDPOINT_HELP}
  --json          Print the whole result as JSON

Examples
  mcp-gateway call weather-forecast city=Paris days=3
  mcp-gateway call forecast '{"city": "Paris"}' --server weather --json`;

/** Calls may take as long as the gateway lets them. */
const TIMEOUT_MS = 600_000;

export const callCommand: Command = {
  name: "call",
  summary: "Call a tool and print its result",
  help: HELP,
  async run(args) {
    const options = { ...GATEWAY_OPTIONS, ...ENDPOINT_OPTIONS, ...JSON_OPTION } as const;
    const { values, positionals } = readOptions(args, options, HELP);
    const [name, ...texts] = positionals;
    if (name === undefined) throw new Problem(`A tool is required.\n\n${HELP}`, EXIT_USAGE);
    const gateway = readGatewayOptions(values, process.env);
    const result = await withClient(gateway, toEndpointUrl(gateway, values), async (client) => {
      const inputSchema = await findSchema(client, name);
      const ask = canAsk()
        ? (argument: string, hint: string) => askLine(`${argument} (${hint}): `)
        : undefined;
      const given = await readArguments(texts, inputSchema, ask);
      return client.callTool(
        { name, arguments: given },
        { timeout: TIMEOUT_MS, resetTimeoutOnProgress: true, onprogress: showProgress },
      );
    });
    if (values.json) console.log(JSON.stringify(result, null, 2));
    else for (const line of formatContent(result.content)) console.log(line);
    return result.isError === true ? 1 : 0;
  },
};

async function findSchema(client: Client, name: string): Promise<unknown> {
  const { tools } = await client.listTools();
  const tool = tools.find((each) => each.name === name);
  if (tool !== undefined) return tool.inputSchema;
  throw new Problem(`Tool ${name} not found. List tools with mcp-gateway tools.`);
}

interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

function showProgress({ progress, total, message = "" }: Progress): void {
  if (!process.stderr.isTTY) return;
  const share = total === undefined ? String(progress) : `${progress} of ${total}`;
  process.stderr.write(`${share}${message === "" ? "" : `: ${toPlainText(message)}`}\n`);
}

const block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  uri: z.string().optional(),
  mimeType: z.string().optional(),
  resource: z.looseObject({ uri: z.string(), text: z.string().optional() }).optional(),
});

/** Text as it came; of everything else, what it is. */
function formatContent(content: unknown): readonly string[] {
  return z
    .array(block)
    .parse(content)
    .map(({ type, text, uri, mimeType, resource }) => {
      const found = text ?? resource?.text;
      if (found !== undefined) return found;
      return `[${[type, mimeType, uri ?? resource?.uri].filter((part) => part !== undefined).join(" ")}]`;
    });
}
