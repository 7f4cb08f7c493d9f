/** Resolves the target of a request on the aggregated endpoint to the servers that have it. */
import { ProtocolError, UpstreamError } from "../../core/errors.ts";
import { resolveName } from "../../core/mcp/exposed-names.ts";
import { unwrapUri } from "../../core/mcp/exposed-uris.ts";
import { INVALID_PARAMS } from "../../core/mcp/json-rpc.ts";
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import type { RequestTarget } from "../../core/mcp/rewrite.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { CatalogScope } from "../catalog/catalog.ts";
import { type NameIndex, type ServerItem, USES } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import { openTask } from "./request-state.ts";

const TARGET_LABELS: Record<RequestTarget["kind"], string> = {
  tool: "Unknown tool",
  prompt: "Unknown prompt",
  resource: "Resource not found",
  template: "Resource not found",
  task: "Task not found",
};

export interface ResolvedTarget {
  readonly item: ServerItem;
  readonly tables: NameIndex;
}

/** Waits for servers without a cached inventory only if no known server has the target. */
export async function resolveTarget(
  target: RequestTarget,
  scope: CatalogScope,
  context: McpContext,
): Promise<ResolvedTarget | undefined> {
  const { catalog } = context;
  const known = await catalog.getView(scope, context);
  const item = await findItem(known.tables, target, context);
  if (item !== undefined || known.gaps.length === 0) return item && { item, tables: known.tables };
  const meant = await findCandidates(target, scope, context);
  const { tables, gaps } = await catalog.loadView(scope, context, meant);
  const late = await findItem(tables, target, context);
  if (late === undefined) rejectUnavailable(meant, gaps, context);
  return late && { item: late, tables };
}

/**
 * If only one server can have the target and its inventory is unavailable, the error reports the server instead of an
 * unknown name.
 */
function rejectUnavailable(
  [only, another]: readonly SnapshotServer[],
  gaps: readonly UnavailableServer[],
  { access }: McpContext,
): void {
  if (only === undefined || another !== undefined || !access.allows("server", only.id, only.name)) return;
  const gap = gaps.find(({ server }) => server === only.name);
  if (gap === undefined || gap.stale) return;
  const message = `Server ${only.name} ${gap.reason}. Retry later.`;
  throw new UpstreamError("upstream_unreachable", only.name, message);
}

/**
 * A prefixed name identifies its server, so no other inventory is awaited. A plain name may still be claimed by a
 * server whose inventory is pending.
 */
async function findCandidates(
  { kind, value }: RequestTarget,
  { offered: servers, naming }: CatalogScope,
  context: McpContext,
): Promise<readonly SnapshotServer[]> {
  const names = () => servers.map(({ name }) => name);
  const named =
    kind === "task"
      ? await openTask(context.keyring, context.principal.id, value)
      : kind === "tool" || kind === "prompt"
        ? resolveName(value, names(), naming.separator)
        : unwrapUri(value);
  return named === undefined ? servers : servers.filter(({ name }) => name === named.server);
}

async function findItem(
  tables: NameIndex,
  target: RequestTarget,
  context: McpContext,
): Promise<ServerItem | undefined> {
  const place = target.kind === "task" ? await findTaskServer(tables, target, context) : tables.find(target);
  return place && withCurrentServer(place, context);
}

/** The server as it is now: its inventory may be older than its credentials or its times. */
export function withCurrentServer(place: ServerItem, { tenant }: McpContext): ServerItem | undefined {
  const server = tenant.servers.get(place.inventory.server.name);
  return server && { ...place, inventory: { ...place.inventory, server } };
}

export function canUse(
  place: ServerItem,
  { kind }: RequestTarget,
  tables: NameIndex,
  { access }: McpContext,
): boolean {
  const { server } = place.inventory;
  return kind === "task"
    ? access.allows("server", server.id, server.name)
    : tables.allows(USES[kind], place, access);
}

/** As the pipeline's access check: the server too. */
export function canReach(
  item: ServerItem,
  target: RequestTarget,
  tables: NameIndex,
  context: McpContext,
): boolean {
  const { id, name } = item.inventory.server;
  return context.access.allows("server", id, name) && canUse(item, target, tables, context);
}

async function findTaskServer(
  tables: NameIndex,
  target: RequestTarget,
  context: McpContext,
): Promise<ServerItem | undefined> {
  const task = await openTask(context.keyring, context.principal.id, target.value);
  const inventory = task && tables.findServer(task.server);
  return task && inventory && { inventory, upstreamName: task.taskId };
}

/** As a server of one's own would answer: in the message, not by a status. */
export const invalidParams = (message: string) =>
  new ProtocolError("bad_request", { code: INVALID_PARAMS, message });

/** `code` is for the log: clients cannot distinguish a missing target from a denied one. */
export function unknownTarget(
  { kind, value }: RequestTarget,
  code: "not_found" | "forbidden",
  resourceCode: number,
): ProtocolError {
  const isResource = kind === "resource" || kind === "template";
  const message = `${TARGET_LABELS[kind]}: ${value.slice(0, 200)}`;
  return new ProtocolError(
    code,
    isResource ? { code: resourceCode, message, data: { uri: value } } : { code: INVALID_PARAMS, message },
  );
}
