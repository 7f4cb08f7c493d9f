/** Search mode: a few tools that find and call the others stand in for the list of all tools. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember } from "../../core/mcp/lossless-json.ts";
import type { CatalogScope } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import type { SearchModeAnswer } from "../tool-search/search-mode.ts";

const SEARCHED_METHODS = new Set<unknown>(["tools/list", "tools/call"]);

/** Undefined for what is served as without search mode. */
export async function answerSearch(
  message: JsonObject,
  scope: CatalogScope,
  context: McpContext,
): Promise<SearchModeAnswer | undefined> {
  if (scope.isSearched !== true || !SEARCHED_METHODS.has(getMember(message, "method"))) return undefined;
  const { answerSearchMode } = await import("../tool-search/search-mode.ts");
  return answerSearchMode(message, scope, context);
}
