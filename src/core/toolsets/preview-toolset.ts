/** What clients of a toolset would see, and which of its overrides do not fit the servers' definitions. */
import type { InputIssue } from "../errors.ts";
import type { NameTable, NamingOptions, PrefixMode } from "../mcp/exposed-names.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { itemKey, type ListMethod } from "../mcp/list-edit.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";
import { createArgumentCheck } from "./argument-check.ts";
import type { CatalogCut, CuttableInventory } from "./catalog-cut.ts";
import { cutCatalog, type ToolsetParts } from "./cut-catalog.ts";
import type { ItemOverride, ParameterOverride, ToolsetKind } from "./toolset.ts";

export interface PreviewedItem {
  readonly kind: ToolsetKind;
  readonly server: string;
  /** The name that the server uses, or the URI of a resource. */
  readonly name: string;
  /** The name that clients use; undefined where another item has it. */
  readonly exposed: string | undefined;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly parameters: readonly string[];
}

export interface ToolsetPreview {
  readonly items: readonly PreviewedItem[];
  /** Paths lead into the toolset. */
  readonly problems: readonly InputIssue[];
}

const LISTS: readonly (readonly [ListMethod, ToolsetKind])[] = [
  ["tools/list", "tool"],
  ["prompts/list", "prompt"],
  ["resources/list", "resource"],
  ["resources/templates/list", "resource"],
];

export function previewToolset(
  toolset: ToolsetParts,
  inventories: readonly CuttableInventory[],
  naming: NamingOptions & { readonly prefix: PrefixMode },
): ToolsetPreview {
  const cut = cutCatalog(toolset, inventories, naming, async () => createArgumentCheck);
  const unused = toolset.members.flatMap((member, index): InputIssue[] => {
    const alone = { members: [{ ...member, isExcluded: false }], overrides: [] };
    const found = cutCatalog(alone, inventories, naming, async () => createArgumentCheck).inventories;
    return found.length > 0 ? [] : [{ path: `/members/${index}`, message: "matches no item" }];
  });
  const faults = toolset.overrides.flatMap((override, index) =>
    findOverrideFaults(override, cut).map(({ path, message }) => ({
      path: `/overrides/${index}${path}`,
      message,
    })),
  );
  return { items: listItems(cut), problems: [...unused, ...faults] };
}

function listItems(cut: CatalogCut<CuttableInventory>): PreviewedItem[] {
  const names: Partial<Record<ListMethod, NameTable>> = {
    "tools/list": cut.tools,
    "prompts/list": cut.prompts,
  };
  return LISTS.flatMap(([method, kind]) => {
    const table = names[method];
    const exposedNames = new Map(
      table?.entries.map(({ server, name, exposed }) => [JSON.stringify([server, name]), exposed]),
    );
    return cut.inventories.flatMap(({ server, lists }) =>
      lists[method].items.map((definition) => {
        const name = itemKey(method, definition) ?? "";
        const shown = cut.expose(method, server.id, definition);
        return {
          ...{ kind, server: server.name, name },
          exposed: table === undefined ? name : exposedNames.get(JSON.stringify([server.name, name])),
          title: text(getMember(shown, "title")),
          description: text(getMember(shown, "description")),
          parameters: Object.keys(listProperties(shown)),
        };
      }),
    );
  });
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

function listProperties(tool: JsonObject): JsonObject {
  const schema = getMember(tool, "inputSchema");
  const properties = isMembers(schema) ? getMember(schema, "properties") : undefined;
  return isMembers(properties) ? properties : {};
}

function findOverrideFaults(override: ItemOverride, cut: CatalogCut<CuttableInventory>): InputIssue[] {
  const inventory = cut.inventories.find(({ server }) => server.id === override.serverId);
  const methods = LISTS.filter(([, kind]) => kind === override.kind);
  const definition = methods
    .flatMap(([method]) => (inventory?.lists[method].items ?? []).map((item) => ({ method, item })))
    .find(({ method, item }) => itemKey(method, item) === override.name)?.item;
  if (definition === undefined) return [{ path: "", message: "matches no selected item" }];
  return Object.entries(override.parameters ?? {}).flatMap(([name, parameter]) => {
    const message = findParameterFault(name, parameter, definition);
    return message === undefined ? [] : [{ path: `/parameters/${name}`, message }];
  });
}

function findParameterFault(
  name: string,
  { value, default: usual, isHidden }: ParameterOverride,
  definition: JsonObject,
): string | undefined {
  const properties = listProperties(definition);
  if (!Object.hasOwn(properties, name)) return "is not a parameter of the tool";
  const schema = getMember(definition, "inputSchema");
  const required = isMembers(schema) ? getMember(schema, "required") : undefined;
  const isRequired = Array.isArray(required) && required.includes(name);
  if (isHidden === true && value === undefined && isRequired)
    return "is required by the tool: give it a value";
  const sent = value ?? usual;
  if (sent === undefined) return undefined;
  const issues = createArgumentCheck({ properties: { [name]: properties[name] } })({ [name]: sent });
  return issues[0]?.replace(`/${name}: `, "");
}
