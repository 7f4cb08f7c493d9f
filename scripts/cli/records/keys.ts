// keys: lists, creates, rotates and revokes API keys. A secret is printed to stdout once and nowhere else.
import { z } from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/durations.ts";
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
import { JSON_HELP, JSON_OPTION } from "../print.ts";
import { createListCommand, LIMIT_HELP } from "./lists.ts";

const HELP = `mcp-gateway keys [list] [options]
mcp-gateway keys create NAME [--scopes read,proxy] [--server NAME] [--expires 30d] [--per-hour N] [--per-day N]
mcp-gateway keys rotate KEY [--overlap 24h]
mcp-gateway keys revoke KEY

Lists, creates, rotates and revokes API keys. KEY is the ID or the name of a key. The secret of a new key is printed to stdout, alone,
and is never shown again. A key creates only keys with rights that it has itself.

${GATEWAY_HELP}
  --scopes LIST   Scopes of the new key. Default: read,proxy
  --server NAME   With scope connect: the server that a connector with the key may serve
  --expires TIME  When the new key expires: a duration such as 12h or 30d, or a time. Default: never
  --per-hour N    Requests per hour
  --per-day N     Requests per day
  --overlap TIME  How long the old key stays valid after a rotation. Default: 24h
${LIMIT_HELP}
${JSON_HELP}

Examples
  export GATEWAY_API_KEY=$(mcp-gateway keys create "nightly build" --expires 90d)
  mcp-gateway keys rotate "nightly build" --overlap 1h`;

const list = createListCommand({
  name: "keys",
  summary: "List, create, rotate and revoke API keys",
  says: "Lists the API keys that the key may see. Secrets are never shown.",
  path: "/keys",
  columns: ["name", "keyPrefix", "scopes", "lastUsedAt", "expiresAt", "id"],
});

const OPTIONS = {
  ...GATEWAY_OPTIONS,
  ...JSON_OPTION,
  scopes: { type: "string" },
  server: { type: "string" },
  expires: { type: "string" },
  "per-hour": { type: "string" },
  "per-day": { type: "string" },
  overlap: { type: "string", default: "24h" },
} as const;

const parseOptions = (args: readonly string[]) => readOptions(args, OPTIONS, HELP);
type KeyOptions = ReturnType<typeof parseOptions>["values"];

const ACTIONS: Readonly<
  Record<string, (gateway: GatewayOptions, named: string, options: KeyOptions) => Promise<void>>
> = { create: createKey, rotate: rotateKey, revoke: revokeKey };

export const keysCommand: Command = {
  ...list,
  help: HELP,
  async run(args) {
    const [action = "", ...rest] = args;
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) return list.run(action === "list" ? rest : args);
    const { values, positionals } = parseOptions(rest);
    const [named, ...others] = positionals;
    if (named === undefined || others.length > 0) {
      throw new Problem(`Name one key: mcp-gateway keys ${action} …\n\n${HELP}`, EXIT_USAGE);
    }
    await act(readGatewayOptions(values, process.env), named, values);
    return 0;
  },
};

const issued = z.looseObject({ secret: z.string(), key: z.looseObject({ id: z.string() }) });

async function createKey(gateway: GatewayOptions, name: string, options: KeyOptions): Promise<void> {
  const { scopes, server, expires } = options;
  const json = {
    name,
    ...(scopes !== undefined && { scopes: scopes.split(",").map((scope) => scope.trim()) }),
    ...(server !== undefined && { connectServer: server }),
    ...(expires !== undefined && { expiresAt: parseExpiry(expires, Date.now()) }),
    ...readCount("rateLimitPerHour", "--per-hour", options["per-hour"]),
    ...readCount("rateLimitPerDay", "--per-day", options["per-day"]),
  };
  printIssued(await askGateway(gateway, "/keys", { method: "POST", json }), options.json);
}

async function rotateKey(gateway: GatewayOptions, named: string, options: KeyOptions): Promise<void> {
  const overlap = parseDuration(options.overlap);
  if (overlap === undefined)
    throw new Problem(`--overlap must be a duration such as 24h: ${options.overlap}`, EXIT_USAGE);
  const path = `/keys/${await findKeyId(gateway, named)}/rotate`;
  const json = { overlapSeconds: Math.floor(overlap / 1000) };
  printIssued(await askGateway(gateway, path, { method: "POST", json }), options.json);
}

async function revokeKey(gateway: GatewayOptions, named: string, options: KeyOptions): Promise<void> {
  const id = await findKeyId(gateway, named);
  await askGateway(gateway, `/keys/${id}`, { method: "DELETE" });
  if (options.json) console.log(JSON.stringify({ id, revoked: true }));
  else console.error(`API key ${named} was revoked.`);
}

function printIssued(text: string, asJson: boolean): void {
  const answer = issued.parse(JSON.parse(text));
  if (asJson) console.log(JSON.stringify(answer, null, 2));
  else console.log(answer.secret);
}

const MAX_KEYS = 10_000;

/** By the ID, or by a name that one key in use has. */
async function findKeyId(gateway: GatewayOptions, named: string): Promise<string> {
  if (z.uuid().safeParse(named).success) return named;
  const rows = await listRows(gateway, "/keys", { limit: MAX_KEYS });
  const found = rows.filter(({ name, revokedAt }) => name === named && revokedAt === null);
  const [only] = found;
  if (only === undefined) throw new Problem(`API key ${named} not found. List keys with mcp-gateway keys.`);
  if (found.length > 1) {
    const ids = found.map(({ id }) => `  ${String(id)}`).join("\n");
    throw new Problem(`${found.length} API keys are named ${named}. Use an ID:\n${ids}`);
  }
  return String(only.id);
}

const UNIT_MS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** In milliseconds; undefined for a text that is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : Number(count) * unitMs;
}

/** A time of ISO 8601 from a duration or a time. */
export function parseExpiry(text: string, now: number): string {
  const duration = parseDuration(text);
  const time = duration === undefined ? new Date(text) : new Date(now + duration);
  if (Number.isNaN(time.getTime()))
    throw new Problem(`--expires must be a duration such as 30d, or a time: ${text}`, EXIT_USAGE);
  return time.toISOString();
}

function readCount(field: string, option: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw new Problem(`${option} must be a whole number: ${text}`, EXIT_USAGE);
  return { [field]: Number(text) };
}
