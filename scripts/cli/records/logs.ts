// logs: requests of the whole organization, and new ones as they come in.
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, readOptions } from "../command.ts";
import { listRows, type Row } from "../gateway-client.ts";
import {
  GATEWAY_HELP,
  GATEWAY_OPTIONS,
  type GatewayOptions,
  readGatewayOptions,
} from "../gateway-options.ts";
import { formatTable, JSON_OPTION, printRows } from "../print.ts";
import { formatRequest, LIMIT_HELP, REQUEST_COLUMNS, readLimit } from "./lists.ts";

const HELP = `mcp-gateway logs [--errors] [--follow] [--json]

Lists the requests of the organization, newest first. With --follow, prints new ones until it is interrupted. Needs a
key of an admin.

${GATEWAY_HELP}
  --errors        Only requests that failed
  --follow        Print new requests as they come in, oldest first
${LIMIT_HELP}
  --json          Print JSON; with --follow one object per line

Example
  mcp-gateway logs --follow --errors`;

const INTERVAL_MS = 2000;
/** Requests reach the log through the queue within seconds; those that take longer are not shown. */
const LATEST_MS = 60_000;

export const logsCommand: Command = {
  name: "logs",
  summary: "List requests, or follow them as they come in",
  help: HELP,
  async run(args) {
    const options = {
      ...GATEWAY_OPTIONS,
      ...JSON_OPTION,
      errors: { type: "boolean", default: false },
      follow: { type: "boolean", default: false },
      limit: { type: "string", default: "100" },
    } as const;
    const { values } = readOptions(args, options, HELP);
    const gateway = readGatewayOptions(values, process.env);
    const query = { outcome: values.errors ? "error" : undefined, limit: readLimit(values.limit) };
    if (values.follow) return follow(gateway, query, values.json);
    const rows = await listRows(gateway, "/request-logs", query);
    printRows(values.json ? rows : rows.map(formatRequest), REQUEST_COLUMNS, values.json);
    return 0;
  },
};

interface LogQuery {
  readonly outcome: string | undefined;
  readonly limit: number;
}

/** Ends with the process. */
async function follow(gateway: GatewayOptions, query: LogQuery, asJson: boolean): Promise<never> {
  const startedAt = Date.now();
  const shown = new Map<string, number>();
  for (;;) {
    const now = Date.now();
    const from = new Date(Math.max(startedAt, now - LATEST_MS)).toISOString();
    const rows = await listRows(gateway, "/request-logs", { ...query, from });
    for (const row of [...rows].reverse()) {
      const id = String(row.requestId);
      if (!shown.has(id)) console.log(asJson ? JSON.stringify(row) : formatLine(row));
      shown.set(id, now);
    }
    for (const [id, seenAt] of shown) if (seenAt < now - LATEST_MS) shown.delete(id);
    await sleep(INTERVAL_MS);
  }
}

/** One row of the table, without its heads. */
const formatLine = (row: Row): string =>
  formatTable([formatRequest(row)], REQUEST_COLUMNS).split("\n")[1] ?? "";
