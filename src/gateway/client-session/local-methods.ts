/** Requests of a legacy client that the session answers from its own state. */
import { toLegacyResponse } from "../../core/mcp/eras.ts";
import { INVALID_PARAMS, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { isListMethod } from "../../core/mcp/list-edit.ts";
import { paginate } from "../../core/mcp/list-pages.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { answerSearch } from "../aggregate/search-mode.ts";
import { resolveScope } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import type { ConnectedSession } from "./upstream-peers.ts";

type LocalResult = { readonly result: JsonObject } | { readonly error: { code: number; message: string } };

const LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/** Undefined for what servers must answer. */
export async function answerLocally(
  method: string,
  message: JsonObject,
  session: ConnectedSession,
  context: McpContext,
): Promise<LocalResult | undefined> {
  const given = getMember(message, "params");
  const params = isMembers(given) ? given : {};
  if (method === "ping") return { result: {} };
  if (method === "logging/setLevel") return setLevel(getMember(params, "level"), session);
  if (!isListMethod(method)) return undefined;
  const cursor = getMember(params, "cursor");
  if (cursor !== undefined && typeof cursor !== "string")
    return invalidParams("The cursor must be a string.");
  const scope = resolveScope(context.tenant, session.state);
  const searched = await answerSearch(message, scope, context);
  if (searched?.kind === "result") return { result: searched.result };
  const { tables, gaps } = await context.catalog.loadView(scope, context);
  const page = paginate(tables.merged(method, context.access, gaps), method, cursor);
  if (page === undefined) return invalidParams("Invalid cursor. List again without a cursor.");
  const { result } = toLegacyResponse({ result: page }, method, null);
  return { result: isMembers(result) ? result : page };
}

function setLevel(level: unknown, session: ConnectedSession): LocalResult {
  if (typeof level !== "string" || !LEVELS.includes(level))
    return invalidParams(`The level must be one of ${LEVELS.join(", ")}.`);
  const { client } = session.state;
  if (client !== undefined) session.state.client = { ...client, logLevel: level };
  session.save();
  session.peers.setLevel(level);
  return { result: {} };
}

const invalidParams = (message: string): LocalResult => ({ error: { code: INVALID_PARAMS, message } });
