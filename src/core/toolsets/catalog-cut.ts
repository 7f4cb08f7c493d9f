/** What a toolset makes of the catalog. */
import type { NameTable } from "../mcp/exposed-names.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import type { ListMethod } from "../mcp/list-edit.ts";
import type { ListPart } from "../mcp/merge-lists.ts";
import type { ArgumentCheck } from "./argument-check.ts";

/** The parts of a server's inventory that a toolset selects from. */
export interface CuttableInventory {
  readonly server: { readonly id: string; readonly name: string; readonly tags: readonly string[] };
  readonly capabilities: JsonObject;
  readonly lists: Readonly<Record<ListMethod, ListPart>>;
}

export interface CatalogCut<Inventory> {
  /** The servers with a selected item, with the definitions of these items as the servers wrote them. */
  readonly inventories: readonly Inventory[];
  readonly tools: NameTable;
  readonly prompts: NameTable;
  /** The definition of an item as clients see it, under its own name. */
  expose(method: ListMethod, serverId: string, definition: JsonObject): JsonObject;
  /** The arguments of a call of a tool as its server receives them. */
  translate(tool: NamedTool, given: unknown): Promise<TranslatedArguments>;
}

export interface NamedTool {
  readonly serverId: string;
  /** The name that the server uses. */
  readonly name: string;
  /** As the server defines it; undefined for a tool that it does not list. */
  readonly definition: JsonObject | undefined;
}

export type TranslatedArguments =
  | { readonly kind: "translated"; readonly args: JsonObject }
  /** The arguments do not fit the exposed schema; one sentence for each reason. */
  | { readonly kind: "invalid"; readonly issues: readonly string[] };

/** Loads the function that makes a check of a schema: its library is needed by calls of toolsets only. */
export type LoadArgumentCheck = () => Promise<(schema: unknown) => ArgumentCheck>;
