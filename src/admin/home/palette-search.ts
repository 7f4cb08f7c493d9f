/** What the command palette finds: pages, actions, settings and records by their names, and records by a pasted ID. */
import type { Context } from "hono";
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { SETTING_KEYS, SETTINGS } from "../../core/settings/definitions.ts";
import { type ApiClient, ApiError, pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { ACTIONS } from "../navigation/actions.ts";
import type { NavGroup } from "../navigation/locate.ts";

export interface PaletteEntry {
  readonly label: string;
  readonly path: string;
  readonly kind: string;
}

interface Searched extends PaletteEntry {
  readonly keywords?: string;
}

const MAX_OF_KIND = 6;
const DAY_MS = 86_400_000;
/** How far back a pasted request ID is searched for. */
const REQUEST_DAYS = 30;

const named = z.object({ id: z.string(), name: z.string() });
type Named = z.output<typeof named>;

/** Records that have a page of their own. */
const SOURCES: readonly {
  readonly kind: string;
  readonly api: string;
  readonly path: string;
  readonly permission: Permission;
  /** The list has no search of its own. */
  readonly isFiltered?: boolean;
}[] = [
  { kind: "Server", api: "/servers", path: "/admin/servers", permission: "servers.list" },
  { kind: "Tool", api: "/tools", path: "/admin/tools", permission: "tools.list" },
  { kind: "Member", api: "/users", path: "/admin/members", permission: "users.list" },
  { kind: "API key", api: "/keys", path: "/admin/keys", permission: "keys.list", isFiltered: true },
];

/** A setting is on the tab of the first part of its key; the tab of `mcp` is the one of the organization. */
const settingPath = (key: string) =>
  key.startsWith("mcp.") ? `/admin/settings/${key}` : `/admin/settings/${key.split(".")[0]}/${key}`;

const settings: readonly Searched[] = SETTING_KEYS.map((key) => ({
  ...{ label: SETTINGS[key].label, path: settingPath(key), kind: "Setting", keywords: key },
}));

export async function searchPalette(
  c: Context<AdminEnv>,
  navigation: readonly NavGroup[],
  q: string,
): Promise<readonly PaletteEntry[]> {
  const rest = c.get("rest");
  const found = listPages(navigation).filter(matches(q));
  if (q === "") return found;
  const actions: readonly Searched[] = ACTIONS.filter(({ permission }) => may(c, permission)).map(
    (action) => ({ ...action, kind: "Action" }),
  );
  const others = [...actions, ...(may(c, "configs.list") ? settings : [])].filter(matches(q));
  const sources = SOURCES.filter(({ permission }) => may(c, permission));
  const records = isId(q)
    ? [
        ...(await Promise.all(sources.map((source) => findById(rest, source, q)))).flat(),
        ...(await findLogs(c, q)),
      ]
    : (await Promise.all(sources.map((source) => findByName(rest, source, q)))).flat();
  return [...found, ...others, ...records];
}

const matches = (q: string) => {
  const words = q.toLowerCase().split(/\s+/);
  return ({ label, keywords = "", kind }: Searched) => {
    const text = `${label} ${keywords} ${kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
};

function listPages(navigation: readonly NavGroup[]): readonly Searched[] {
  return navigation
    .flatMap(({ label: group, entries }) => entries.map((entry) => ({ ...entry, group })))
    .flatMap(({ label: entry, group, tabs }) =>
      tabs.map((tab) => ({ ...tab, kind: tab.label === entry ? group : entry })),
    );
}

/** UUIDs, and the IDs that clients give their requests: one word with a digit in it. */
const isId = (q: string) => /^[\w.:~+/=-]{8,128}$/.test(q) && /\d/.test(q);

async function findByName(
  rest: ApiClient,
  { kind, api, path, isFiltered = false }: (typeof SOURCES)[number],
  q: string,
): Promise<readonly PaletteEntry[]> {
  const query = isFiltered ? { limit: 200 } : { q, limit: MAX_OF_KIND, fields: "id,name" };
  const { value } = await rest.read(api, pageShape(named), query);
  const isNamed = ({ name }: Named) => !isFiltered || name.toLowerCase().includes(q.toLowerCase());
  return value.items
    .filter(isNamed)
    .slice(0, MAX_OF_KIND)
    .map(({ id, name }) => ({ label: name, path: `${path}/${encodeURIComponent(id)}`, kind }));
}

async function findById(
  rest: ApiClient,
  { kind, api, path }: (typeof SOURCES)[number],
  id: string,
): Promise<readonly PaletteEntry[]> {
  try {
    const { value } = await rest.read(`${api}/${encodeURIComponent(id)}`, named);
    return [{ label: value.name, path: `${path}/${encodeURIComponent(value.id)}`, kind }];
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return [];
    throw error;
  }
}

const requestView = z.object({
  id: z.string(),
  requestTime: z.string(),
  method: z.string(),
  path: z.string(),
});
const entryView = z.object({ id: z.string(), timestamp: z.string(), action: z.string() });

/** Requests by the gateway's or the client's ID, and audit entries. */
async function findLogs(c: Context<AdminEnv>, id: string): Promise<readonly PaletteEntry[]> {
  const rest = c.get("rest");
  const from = new Date(Date.now() - REQUEST_DAYS * DAY_MS).toISOString();
  const isUuid = z.uuid().safeParse(id).success;
  const [requests, entries] = await Promise.all([
    may(c, "request-logs.list")
      ? rest.read("/request-logs", pageShape(requestView), { requestId: id, from, limit: MAX_OF_KIND })
      : undefined,
    isUuid && may(c, "audit-logs.list")
      ? rest.read("/audit-logs", pageShape(entryView), { id, from, limit: 1 })
      : undefined,
  ]);
  return [
    ...(requests?.value.items ?? []).map((request) => ({
      label: `${request.method} ${request.path}`,
      path: `/admin/logs/${request.id}?at=${encodeURIComponent(request.requestTime)}`,
      kind: "Request",
    })),
    ...(entries?.value.items ?? []).map((entry) => ({
      label: entry.action,
      path: `/admin/logs/audit/${entry.id}?at=${encodeURIComponent(entry.timestamp)}`,
      kind: "Audit entry",
    })),
  ];
}
