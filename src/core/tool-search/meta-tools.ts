/** The tools of search mode, which stand in for the list of all tools. */
import type { JsonObject } from "../mcp/json-rpc.ts";

const MAX_RESULTS = 20;
export const DEFAULT_RESULTS = 5;
const MAX_DESCRIBED = 20;

const READ_ONLY = { readOnlyHint: true, openWorldHint: false };

export const SEARCH_TOOLS: JsonObject = {
  name: "search_tools",
  title: "Search tools",
  description:
    "Finds tools by what they do. Describe the task in a few words; call it again with other words if nothing fits.",
  inputSchema: {
    type: "object",
    properties: {
      query: { type: "string", minLength: 1, maxLength: 500, description: "What the tool should do." },
      limit: { type: "integer", minimum: 1, maximum: MAX_RESULTS, default: DEFAULT_RESULTS },
    },
    required: ["query"],
    additionalProperties: false,
  },
  annotations: READ_ONLY,
};

const DESCRIBE_TOOLS: JsonObject = {
  name: "describe_tools",
  title: "Describe tools",
  description: "Returns the full definitions of tools that search_tools found, with their input schemas.",
  inputSchema: {
    type: "object",
    properties: {
      names: { type: "array", items: { type: "string" }, minItems: 1, maxItems: MAX_DESCRIBED },
    },
    required: ["names"],
    additionalProperties: false,
  },
  annotations: READ_ONLY,
};

export const CALL_TOOL: JsonObject = {
  name: "call_tool",
  title: "Call a tool",
  description: "Calls a tool by its name, with the arguments that its input schema describes.",
  inputSchema: {
    type: "object",
    properties: { name: { type: "string" }, arguments: { type: "object" } },
    required: ["name"],
    additionalProperties: false,
  },
};

export const META_TOOLS: readonly JsonObject[] = [SEARCH_TOOLS, DESCRIBE_TOOLS, CALL_TOOL];
