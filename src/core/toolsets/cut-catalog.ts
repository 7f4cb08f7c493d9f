/** Cuts the catalog down to a toolset: selects its items, names them, and translates the calls of its clients. */
import type { NamedItem, NamingOptions, PrefixMode } from "../mcp/exposed-names.ts";
import { isObject, type JsonObject } from "../mcp/json-rpc.ts";
import { itemKey, LIST_METHODS, type ListMethod } from "../mcp/list-edit.ts";
import { getMember } from "../mcp/lossless-json.ts";
import type { ListPart } from "../mcp/merge-lists.ts";
import { exposeAliases } from "./alias-names.ts";
import { applyOverride } from "./apply-override.ts";
import type { ArgumentCheck } from "./argument-check.ts";
import type { CatalogCut, CuttableInventory, LoadArgumentCheck } from "./catalog-cut.ts";
import { compileSelection, type ItemSelection } from "./select-items.ts";
import type { ItemOverride, ToolsetKind, ToolsetMember } from "./toolset.ts";
import { translateArguments } from "./translate-arguments.ts";

const KINDS: Readonly<Record<ListMethod, ToolsetKind>> = {
  "tools/list": "tool",
  "prompts/list": "prompt",
  "resources/list": "resource",
  "resources/templates/list": "resource",
};

/** The capability that a server has because of a list. */
const FEATURES: Readonly<Record<ToolsetKind, string>> = {
  tool: "tools",
  prompt: "prompts",
  resource: "resources",
};

export interface ToolsetParts {
  readonly members: readonly ToolsetMember[];
  readonly overrides: readonly ItemOverride[];
}

export function cutCatalog<Inventory extends CuttableInventory>(
  toolset: ToolsetParts,
  inventories: readonly Inventory[],
  naming: NamingOptions & { readonly prefix: PrefixMode },
  loadCheck: LoadArgumentCheck,
): CatalogCut<Inventory> {
  const overrides = new Map(toolset.overrides.map((override) => [overrideKey(override), override]));
  const find = (kind: ToolsetKind, serverId: string, name: string): ItemOverride | undefined =>
    overrides.get(overrideKey({ kind, serverId, name }));
  const selects = compileSelection(toolset.members);
  const selected = inventories.flatMap((inventory) => selectInventory(inventory, selects));
  const ids = new Map(selected.map(({ server }) => [server.name, server.id]));
  const nameTable = (method: "tools/list" | "prompts/list") =>
    exposeAliases(
      listNames(selected, method),
      ({ server, name }) => find(KINDS[method], ids.get(server) ?? "", name)?.alias,
      naming.prefix,
      naming,
    );
  const checks = new ArgumentChecks(loadCheck);
  return {
    inventories: selected,
    tools: nameTable("tools/list"),
    prompts: nameTable("prompts/list"),
    expose(method, serverId, definition) {
      const override = find(KINDS[method], serverId, itemKey(method, definition) ?? "");
      return override === undefined ? definition : applyOverride(definition, override);
    },
    async translate({ serverId, name, definition }, given = {}) {
      if (!isObject(given)) return { kind: "invalid", issues: ["/: must be an object"] };
      const translation = translateArguments(given, find("tool", serverId, name)?.parameters);
      if (translation.kind === "rejected") {
        const issues = translation.names.map((parameter) => `/${parameter}: Parameter is not offered.`);
        return { kind: "invalid", issues };
      }
      // With what the toolset adds, the server's schema accepts what the exposed schema accepts without it.
      const issues = await checks.run(definition, translation.args);
      return issues.length > 0 ? { kind: "invalid", issues } : translation;
    },
  };
}

const overrideKey = ({ kind, serverId, name }: Pick<ItemOverride, "kind" | "serverId" | "name">) =>
  JSON.stringify([kind, serverId, name]);

/** Empty for a server without a selected item: its own description is no part of the toolset either. */
function selectInventory<Inventory extends CuttableInventory>(
  inventory: Inventory,
  selects: ItemSelection,
): Inventory[] {
  const { server } = inventory;
  const select = (method: ListMethod): ListPart => {
    const kind = KINDS[method];
    const items = inventory.lists[method].items.filter((definition) => {
      const name = itemKey(method, definition);
      return name !== undefined && selects({ kind, server, name, definition });
    });
    return { ...inventory.lists[method], items };
  };
  const lists = {
    "tools/list": select("tools/list"),
    "prompts/list": select("prompts/list"),
    "resources/list": select("resources/list"),
    "resources/templates/list": select("resources/templates/list"),
  };
  const kinds = new Set(
    LIST_METHODS.flatMap((method) => (lists[method].items.length > 0 ? [KINDS[method]] : [])),
  );
  if (kinds.size === 0) return [];
  const absent = new Set(Object.values(KINDS).flatMap((kind) => (kinds.has(kind) ? [] : [FEATURES[kind]])));
  const capabilities = Object.fromEntries(
    Object.entries(inventory.capabilities).filter(([feature]) => !absent.has(feature)),
  );
  return [{ ...inventory, lists, capabilities }];
}

function listNames(
  inventories: readonly CuttableInventory[],
  method: "tools/list" | "prompts/list",
): NamedItem[] {
  return inventories.flatMap(({ server, lists }) =>
    lists[method].items.flatMap((item) => {
      const name = itemKey(method, item);
      return name === undefined ? [] : [{ server: server.name, name }];
    }),
  );
}

/** Makes the check of a definition at its first call. */
class ArgumentChecks {
  readonly #load: LoadArgumentCheck;
  readonly #checks = new WeakMap<JsonObject, ArgumentCheck>();

  constructor(load: LoadArgumentCheck) {
    this.#load = load;
  }

  async run(definition: JsonObject | undefined, args: JsonObject): Promise<readonly string[]> {
    if (definition === undefined) return [];
    let check = this.#checks.get(definition);
    if (check === undefined) {
      const create = await this.#load();
      check = create(getMember(definition, "inputSchema"));
      this.#checks.set(definition, check);
    }
    return check(args);
  }
}
