// tools and search: what the key may call.
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { JSON_HELP, JSON_OPTION, printRows } from "../print.ts";
import { ENDPOINT_HELP, ENDPOINT_OPTIONS, toEndpointUrl, withClient } from "./open-client.ts";

const TOOLS_HELP = `mcp-gateway tools [--server NAME | --toolset SLUG] [--json]

Lists the tools that the key may call.

${GATEWAY_HELP}
${ENDPOINT_HELP}
${JSON_HELP}

Example
  mcp-gateway tools --server github`;

const SEARCH_HELP = `mcp-gateway search QUERY… [--limit N] [--toolset SLUG] [--json]

Finds tools by what they do.

${GATEWAY_HELP}
  --toolset SLUG  Search a toolset. Default: all tools
  --limit N       Number of results, 1 to 20. Default: 5
${JSON_HELP}

Example
  mcp-gateway search create a ticket`;

export const toolsCommand: Command = {
  name: "tools",
  summary: "List the tools that the key may call",
  help: TOOLS_HELP,
  async run(args) {
    const options = { ...GATEWAY_OPTIONS, ...ENDPOINT_OPTIONS, ...JSON_OPTION } as const;
    const { values } = readOptions(args, options, TOOLS_HELP);
    const gateway = readGatewayOptions(values, process.env);
    const { tools } = await withClient(gateway, toEndpointUrl(gateway, values), (client) =>
      client.listTools(),
    );
    const rows = values.json
      ? tools
      : tools.map(({ name, title, description }) => ({ name, description: shorten(description ?? title) }));
    printRows(rows, ["name", "description"], values.json);
    return 0;
  },
};

export const searchCommand: Command = {
  name: "search",
  summary: "Find tools by what they do",
  help: SEARCH_HELP,
  async run(args) {
    const options = {
      ...GATEWAY_OPTIONS,
      ...JSON_OPTION,
      toolset: { type: "string" },
      limit: { type: "string", default: "5" },
    } as const;
    const { values, positionals } = readOptions(args, options, SEARCH_HELP);
    const query = positionals.join(" ");
    if (query === "") throw new Problem(`A query is required.\n\n${SEARCH_HELP}`, EXIT_USAGE);
    const gateway = readGatewayOptions(values, process.env);
    const endpoint = toEndpointUrl(gateway, { toolset: values.toolset });
    endpoint.searchParams.set("mode", "search");
    const limit = Number(values.limit);
    const result = await withClient(gateway, endpoint, (client) =>
      client.callTool({ name: "search_tools", arguments: { query, limit } }),
    );
    const text =
      z.array(z.looseObject({ text: z.string().default("") })).parse(result.content)[0]?.text ?? "";
    if (result.isError === true) throw new Problem(text);
    // Without a match the answer is a sentence.
    const tools = text.startsWith("[") ? found.parse(JSON.parse(text)) : [];
    const rows = values.json
      ? tools
      : tools.map(({ name, description }) => ({ name, description: shorten(description) }));
    printRows(rows, ["name", "description"], values.json);
    return 0;
  },
};

const found = z.array(z.looseObject({ name: z.string(), description: z.string().optional() }));

const MAX_DESCRIPTION = 100;

function shorten(text = ""): string {
  const [line = ""] = text.split("\n");
  return line.length > MAX_DESCRIPTION ? `${line.slice(0, MAX_DESCRIPTION - 1)}…` : line;
}
