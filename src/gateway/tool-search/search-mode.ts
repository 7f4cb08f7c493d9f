/** Answers the tool requests of search mode. Loaded by the first of them. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { itemKey } from "../../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { CALL_TOOL, DEFAULT_RESULTS, META_TOOLS, SEARCH_TOOLS } from "../../core/tool-search/meta-tools.ts";
import { ToolIndex } from "../../core/tool-search/tool-index.ts";
import { type ArgumentCheck, createArgumentCheck } from "../../core/toolsets/argument-check.ts";
import type { AccessPolicy } from "../../policy/access-policy.ts";
import type { CatalogScope } from "../catalog/catalog.ts";
import type { NameIndex } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";

export type SearchModeAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  /** The request that `call_tool` stands for; the pipeline serves it like any other. */
  | { readonly kind: "call"; readonly message: JsonObject };

const CHECKS = new Map(
  META_TOOLS.map((tool) => [tool.name, createArgumentCheck(getMember(tool, "inputSchema"))]),
);

/** Undefined for a tool that is called by its own name. */
export async function answerSearchMode(
  message: JsonObject,
  scope: CatalogScope,
  context: McpContext,
): Promise<SearchModeAnswer | undefined> {
  const method = getMember(message, "method");
  if (method === "tools/list") return { kind: "result", result: { tools: META_TOOLS } };
  const params = getMember(message, "params");
  if (method !== "tools/call" || !isMembers(params)) return undefined;
  const name = getMember(params, "name");
  const check = CHECKS.get(name);
  if (check === undefined) return undefined;
  const args = getMember(params, "arguments") ?? {};
  const issues = listIssues(args, check);
  if (!isMembers(args) || issues.length > 0) return toolError(`Invalid arguments.\n${issues.join("\n")}`);
  if (name === CALL_TOOL.name) {
    const called = {
      ...params,
      name: getMember(args, "name"),
      arguments: getMember(args, "arguments") ?? {},
    };
    return { kind: "call", message: { ...message, params: called } };
  }
  const { tables, gaps } = await context.catalog.loadView(scope, context);
  const allowed = listTools(tables.merged("tools/list", context.access, gaps));
  return name === SEARCH_TOOLS.name ? search(args, tables, allowed) : describe(args, allowed);
}

function listIssues(args: unknown, check: ArgumentCheck): readonly string[] {
  return isMembers(args) ? check(args) : ["/: must be an object"];
}

/** An index holds all tools of the endpoint: a principal's rights are applied to the results of a search. */
const indexes = new WeakMap<NameIndex, ToolIndex>();
const ALL: AccessPolicy = { isPersonal: true, allows: () => true, enterToolset: () => undefined };

function search(args: JsonObject, tables: NameIndex, allowed: readonly JsonObject[]): SearchModeAnswer {
  let index = indexes.get(tables);
  if (index === undefined) {
    index = new ToolIndex(listTools(tables.merged("tools/list", ALL, [])));
    indexes.set(tables, index);
  }
  const names = new Set(allowed.map(nameOf));
  const limit = Number(getMember(args, "limit") ?? DEFAULT_RESULTS);
  const found = index.find(String(getMember(args, "query")), limit, (tool) => names.has(nameOf(tool)));
  if (found.length === 0) return toolResult("No tool matches. Try other words.");
  return toolResult(JSON.stringify(found.map(summarize)));
}

const MAX_SUMMARY_CHARACTERS = 200;

function summarize(tool: JsonObject): JsonObject {
  const description = getMember(tool, "description");
  const schema = getMember(tool, "inputSchema");
  const properties = isMembers(schema) ? getMember(schema, "properties") : undefined;
  return {
    name: nameOf(tool),
    ...(typeof description === "string" && { description: description.slice(0, MAX_SUMMARY_CHARACTERS) }),
    parameters: isMembers(properties) ? Object.keys(properties) : [],
  };
}

/** A tool that the principal cannot use is as unknown as one that does not exist. */
function describe(args: JsonObject, allowed: readonly JsonObject[]): SearchModeAnswer {
  const names = getMember(args, "names");
  const asked = new Set(Array.isArray(names) ? names : []);
  const found = allowed.filter((tool) => asked.delete(nameOf(tool)));
  if (asked.size > 0) return toolError(`Unknown tool: ${[...asked].join(", ")}`);
  return toolResult(JSON.stringify(found));
}

const nameOf = (tool: JsonObject) => itemKey("tools/list", tool);

function listTools(list: JsonObject): readonly JsonObject[] {
  const tools = getMember(list, "tools");
  return Array.isArray(tools) ? tools.filter(isMembers) : [];
}

const toolResult = (text: string): SearchModeAnswer => ({
  kind: "result",
  result: { content: [{ type: "text", text }] },
});

const toolError = (text: string): SearchModeAnswer => ({
  kind: "result",
  result: { content: [{ type: "text", text }], isError: true },
});
