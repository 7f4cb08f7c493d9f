/** Finds tools by words (BM25) over names, titles, descriptions, and names and values of parameters. */
import MiniSearch from "minisearch";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";

interface IndexedTool {
  readonly id: number;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: string;
}

/** Definitions come from servers that are not trusted: more of a text than this is not indexed. */
const MAX_TEXT_CHARACTERS = 4000;
const MAX_PARAMETERS = 200;
const MAX_QUERY_CHARACTERS = 500;

const FIELDS = ["name", "title", "description", "parameters"];
const BOOST = { name: 3, title: 2, description: 1.5, parameters: 0.5 };

/** Words without meaning for the search. */
const STOP_WORDS = new Set(
  "a an and are as at be by can do for from how i in into is it me my of on or our please that the this to us want we what which with you".split(
    " ",
  ),
);

export class ToolIndex {
  readonly #tools: readonly JsonObject[];
  readonly #search = new MiniSearch<IndexedTool>({ fields: FIELDS, tokenize, processTerm: stem });

  constructor(tools: readonly JsonObject[]) {
    this.#tools = tools;
    this.#search.addAll(tools.map(toIndexed));
  }

  /** The best `limit` of the tools that `isAllowed` accepts, best first. */
  find(query: string, limit: number, isAllowed: (tool: JsonObject) => boolean): readonly JsonObject[] {
    const found = this.#search.search(query.slice(0, MAX_QUERY_CHARACTERS), {
      boost: BOOST,
      prefix: (term) => term.length > 3,
      fuzzy: (term) => (term.length > 5 ? 0.15 : false),
      weights: { fuzzy: 0.2, prefix: 0.4 },
    });
    const results: JsonObject[] = [];
    for (const { id } of found) {
      const tool = this.#tools[Number(id)];
      if (tool !== undefined && isAllowed(tool)) results.push(tool);
      if (results.length === limit) break;
    }
    return results;
  }
}

/** At everything that is neither letter nor digit, and where a capital begins a word. */
function tokenize(text: string): string[] {
  return text
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Without the commonest English endings, so that "issues" finds "issue" and "archived" finds "archive". */
function stem(term: string): string | null {
  const word = term.toLowerCase();
  if (STOP_WORDS.has(word)) return null;
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (word.length > 5 && word.endsWith("ing")) return word.slice(0, -3);
  if (word.length > 4 && word.endsWith("ed")) return word.slice(0, -2);
  if (word.length > 4 && /(?:s|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  const singular = word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
  return singular.length > 4 && singular.endsWith("e") ? singular.slice(0, -1) : singular;
}

function toIndexed(tool: JsonObject, id: number): IndexedTool {
  return {
    id,
    name: text(getMember(tool, "name")),
    title: text(getMember(tool, "title")),
    description: text(getMember(tool, "description")),
    parameters: describeParameters(getMember(tool, "inputSchema")),
  };
}

const text = (value: unknown) => (typeof value === "string" ? value.slice(0, MAX_TEXT_CHARACTERS) : "");

function describeParameters(schema: unknown): string {
  const properties = isMembers(schema) ? getMember(schema, "properties") : undefined;
  if (!isMembers(properties)) return "";
  const words = Object.entries(properties)
    .slice(0, MAX_PARAMETERS)
    .flatMap(([name, property]) => {
      const values = isMembers(property) ? getMember(property, "enum") : undefined;
      return [name, ...(Array.isArray(values) ? values.filter((value) => typeof value === "string") : [])];
    });
  return words.join(" ").slice(0, MAX_TEXT_CHARACTERS);
}
