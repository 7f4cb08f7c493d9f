/** The merged server for clients of the modern era: every request stands alone. */
import { INVALID_PARAMS, type JsonObject, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { isListMethod, type ListMethod } from "../../core/mcp/list-edit.ts";
import { paginate } from "../../core/mcp/list-pages.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { errorResponse, resultResponse, serializedResultResponse } from "../../core/mcp/responses.ts";
import { META } from "../../core/mcp/revisions.ts";
import { type CatalogScope, type CatalogView, isSoleServer } from "../catalog/catalog.ts";
import { messageOutcome } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import { type ServerInfo, serverInfo } from "../context/server-info.ts";
import type { McpPost } from "../request/mcp-post.ts";
import { type AggregateCall, callSoleServer, routeCall } from "./route-call.ts";
import { answerSearch } from "./search-mode.ts";
import { buildDiscoverResult } from "./server-discover.ts";
import { listen } from "./subscriptions-listen.ts";
import { requireTasks, TASK_METHODS } from "./task-capability.ts";

export async function serveModern(
  request: Request,
  post: McpPost,
  scope: CatalogScope,
  context: McpContext,
): Promise<Response> {
  const [message] = post.messages;
  if (message?.kind !== "request") return new Response(null, { status: 202 });
  const { method } = message;
  const { catalog } = context;
  if (method === "server/discover") {
    const view = await catalog.loadView(scope, context);
    return resultResponse(post.id, buildDiscoverResult(view, scope, context));
  }
  const body = parseLossless(post.text);
  const given = isMembers(body) ? body : {};
  const searched = await answerSearch(given, scope, context);
  if (searched?.kind === "result") {
    context.record.operation(post.id)?.settle(messageOutcome(searched));
    const caching = method === "tools/list" ? { ttlMs: META_TOOLS_TTL_MS, cacheScope: "public" } : {};
    return resultResponse(post.id, { resultType: "complete", ...searched.result, ...caching });
  }
  if (isListMethod(method)) {
    const view = await catalog.loadView(scope, context);
    const info = serverInfo(context.tenant, scope.toolset);
    return list({ post, method, params: message.params, info }, view, context);
  }
  const called = searched?.message ?? given;
  const caller: AggregateCall = { request, post, scope, message: called, isIndirect: searched !== undefined };
  if (method === "subscriptions/listen") return listen(caller, context);
  if (TASK_METHODS.has(method)) requireTasks(method, message.params);
  return TARGETED.has(method) ? routeCall(caller, context) : callUnknown(caller, context);
}

const META_TOOLS_TTL_MS = 3_600_000;

const TARGETED = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "completion/complete",
  ...TASK_METHODS,
]);

interface ListRequest {
  readonly post: McpPost;
  readonly method: ListMethod;
  readonly params: JsonObject | undefined;
  readonly info: ServerInfo;
}

function list(
  { post, method, params, info }: ListRequest,
  { tables, gaps }: CatalogView,
  context: McpContext,
): Response {
  const cursor = getMember(params, "cursor");
  const merged = tables.merged(method, context.access, gaps);
  if (cursor === undefined) return serializedResultResponse(post.id, firstPage(merged, method, info));
  const page = typeof cursor === "string" ? paginate(merged, method, cursor) : undefined;
  if (page === undefined) {
    const message = "Invalid cursor. List again without a cursor.";
    return errorResponse(200, post.id, { code: INVALID_PARAMS, message });
  }
  return resultResponse(post.id, withServerInfo(page, info));
}

function withServerInfo(page: JsonObject, info: ServerInfo): JsonObject {
  const meta = getMember(page, "_meta");
  return { ...page, _meta: { ...(isMembers(meta) && meta), [META.serverInfo]: info } };
}

/** A merged list stays the same object for a principal until an inventory, a name or the principal's rights change. */
const firstPages = new WeakMap<JsonObject, { readonly title: string; readonly text: string }>();

/** The JSON text of the first page: long lists take longer to serialize than everything else about their request. */
function firstPage(merged: JsonObject, method: ListMethod, info: ServerInfo): string {
  const known = firstPages.get(merged);
  if (known?.title === info.title) return known.text;
  const text = JSON.stringify(withServerInfo(paginate(merged, method, undefined) ?? merged, info));
  firstPages.set(merged, { title: info.title, text });
  return text;
}

/** Of the legacy era: what serves it must not be reached by a message of this one. */
const REMOVED = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

/** An unknown method is sent to the server where there is only one. */
async function callUnknown(caller: AggregateCall, context: McpContext): Promise<Response> {
  const { tables } = await context.catalog.getView(caller.scope, context);
  const [inventory] = tables.inventories;
  const isGone = REMOVED.has(String(getMember(caller.message, "method")));
  if (isSoleServer(caller.scope) && inventory !== undefined && !isGone) {
    return callSoleServer(caller, { inventory, upstreamName: "" }, tables, context);
  }
  const message = "Method not supported by the aggregated endpoint. Use the server endpoint.";
  return errorResponse(404, caller.post.id, { code: METHOD_NOT_FOUND, message });
}
