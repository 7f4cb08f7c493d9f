// servers, keys and requests: lists of the REST interface as tables.
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type Command, readOptions } from "../command.ts";
import { listRows, type Row } from "../gateway-client.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { JSON_HELP, JSON_OPTION, printRows } from "../print.ts";

interface ListSpec {
  readonly name: string;
  readonly summary: string;
  readonly says: string;
  readonly path: string;
  readonly columns: readonly string[];
  /** Of the row as it is printed. */
  readonly format?: (row: Row) => Row;
  /** Filters of the route, as options of the same name. */
  readonly filters?: Readonly<Record<string, string>>;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

export const LIMIT_HELP = `  --limit N       Number of rows, at most ${MAX_LIMIT}. Default: ${DEFAULT_LIMIT}`;

export function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Problem(`--limit must be a whole number from 1 to ${MAX_LIMIT}: ${text}`, EXIT_USAGE);
}

export function createListCommand({
  name,
  summary,
  says,
  path,
  columns,
  format,
  filters = {},
}: ListSpec): Command {
  const filterHelp = Object.entries(filters).map(([filter, help]) => `  --${filter.padEnd(13)} ${help}\n`);
  const help = `mcp-gateway ${name} [options]

${says}

${GATEWAY_HELP}
${filterHelp.join("")}${LIMIT_HELP}
${JSON_HELP}`;
  return {
    name,
    summary,
    help,
    async run(args) {
      const options = {
        ...GATEWAY_OPTIONS,
        ...JSON_OPTION,
        limit: { type: "string", default: String(DEFAULT_LIMIT) },
        ...Object.fromEntries(Object.keys(filters).map((filter) => [filter, { type: "string" } as const])),
      } as const;
      const { values } = readOptions(args, options, help);
      const given: Readonly<Record<string, unknown>> = values;
      const query = Object.fromEntries(
        Object.keys(filters).flatMap((filter) => {
          const value = given[filter];
          return typeof value === "string" ? [[filter, value]] : [];
        }),
      );
      const rows = await listRows(readGatewayOptions(values, process.env), path, {
        ...query,
        limit: readLimit(values.limit),
      });
      printRows(values.json || format === undefined ? rows : rows.map(format), columns, values.json);
      return 0;
    },
  };
}

export const serversCommand = createListCommand({
  name: "servers",
  summary: "List the servers of the organization",
  says: "Lists the servers that the key may see.",
  path: "/servers",
  columns: ["name", "transportType", "healthStatus", "endpointUrl"],
});

export const REQUEST_COLUMNS = ["time", "status", "ms", "method", "target", "error", "request"] as const;

export function formatRequest(row: Row): Row {
  return {
    time: row.timestamp,
    status: row.statusCode,
    ms: row.durationMs,
    method: row.mcpMethod ?? `${String(row.method)} ${String(row.path)}`,
    target: row.toolName,
    error: row.errorCode,
    request: row.requestId,
  };
}

export const requestsCommand = createListCommand({
  name: "requests",
  summary: "List your own requests of the last day",
  says: "Lists the requests of the last 24 hours that the owner of the key made, newest first.",
  path: "/me/requests",
  columns: REQUEST_COLUMNS,
  format: formatRequest,
});
