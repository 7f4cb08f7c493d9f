/** The names under which a tenant's servers appear as one, and the way back to the server that has the thing. */

import { exposeNames, type NameTable, resolveName, serverOrder } from "../../core/mcp/exposed-names.ts";
import {
  exposeUri,
  exposeUris,
  type NamedResource,
  resolveUri,
  type UriRoutes,
  type UriTable,
} from "../../core/mcp/exposed-uris.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { itemKey, type ListMethod, renameItem } from "../../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { type ListPart, mergeLists, type UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { exposeTool, type RequestTarget } from "../../core/mcp/rewrite.ts";
import { selectMostSpecific } from "../../core/mcp/uri-template.ts";
import type { CatalogCut, TranslatedArguments } from "../../core/toolsets/catalog-cut.ts";
import type { AccessPolicy, TargetFacts, TargetKind } from "../../policy/access-policy.ts";
import type { Naming } from "../../policy/naming.ts";
import type { ServerInventory } from "./inventory-cache.ts";

/** The server of an item, and its name there. */
export interface ServerItem {
  readonly inventory: ServerInventory;
  readonly upstreamName: string;
}

export class NameIndex {
  readonly inventories: readonly ServerInventory[];
  readonly #byName: ReadonlyMap<string, ServerInventory>;
  readonly #servers: readonly string[];
  readonly #naming: Naming;
  readonly #cut: CatalogCut<ServerInventory> | undefined;
  readonly #tools: NameTable;
  readonly #prompts: NameTable;
  readonly #resources: UriTable;
  readonly #templates: UriTable;
  readonly #routes: UriRoutes;
  /** Whole lists, as long as their views are cached. */
  readonly #merged = new WeakMap<AccessPolicy, Map<ListMethod, JsonObject>>();

  /** `servers` also names those that nothing is known of yet. `cut`: of a toolset; nothing else is listed or found. */
  constructor(
    offers: readonly ServerInventory[],
    servers: readonly string[],
    naming: Naming,
    cut?: CatalogCut<ServerInventory>,
  ) {
    const byPriority = serverOrder(naming.priority);
    this.#cut = cut;
    this.inventories = (cut?.inventories ?? offers).toSorted((left, right) =>
      byPriority(left.server.name, right.server.name),
    );
    this.#byName = new Map(offers.map((offer) => [offer.server.name, offer]));
    this.#servers = servers;
    this.#naming = naming;
    this.#tools = cut?.tools ?? exposeNames(this.#named("tools/list"), naming.prefix, naming);
    this.#prompts = cut?.prompts ?? exposeNames(this.#named("prompts/list"), naming.prefix, naming);
    this.#resources = exposeUris(this.#addressed("resources/list"), naming.priority);
    this.#templates = exposeUris(this.#addressed("resources/templates/list"), naming.priority);
    this.#routes = {
      lookup: this.#resources.lookup,
      templates: this.inventories.flatMap((offer) =>
        itemKeys(offer, "resources/templates/list").map((template) => ({
          server: offer.server.name,
          template,
        })),
      ),
    };
  }

  /** Returns undefined if no server has the target or if it is ambiguous. */
  find(target: RequestTarget): ServerItem | undefined {
    switch (target.kind) {
      case "tool":
        return this.#findByName(target.value, this.#tools, "tools");
      case "prompt":
        return this.#findByName(target.value, this.#prompts, "prompts");
      case "resource":
        return this.#findByUri(target.value);
      case "template":
        return this.#toItem(this.#templates.lookup.get(target.value)) ?? this.#findByUri(target.value);
      case "task":
        return undefined;
    }
  }

  allows(kind: TargetKind, place: ServerItem, access: AccessPolicy): boolean {
    const facts =
      kind === "tool" ? targetFacts(this.getTool(place), place.inventory.hashes.get(place.upstreamName)) : {};
    return access.allows(kind, place.inventory.server.id, place.upstreamName, facts);
  }

  /** Undefined where the server has not listed it. */
  getTool({ inventory, upstreamName }: ServerItem): JsonObject | undefined {
    return inventory.lists["tools/list"].items.find((item) => itemKey("tools/list", item) === upstreamName);
  }

  /** The arguments of a toolset's tool as its server receives them; undefined where the index is of no toolset. */
  async translate(item: ServerItem, given: unknown): Promise<TranslatedArguments | undefined> {
    const { inventory, upstreamName: name } = item;
    return this.#cut?.translate(
      { serverId: inventory.server.id, name, definition: this.getTool(item) },
      given,
    );
  }

  /** The definition as clients see it, apart from its name. */
  getExposedTool(item: ServerItem): JsonObject | undefined {
    const tool = this.getTool(item);
    return tool && (this.#cut?.expose("tools/list", item.inventory.server.id, tool) ?? tool);
  }

  findServer(server: string): ServerInventory | undefined {
    return this.#byName.get(server);
  }

  /** What a server calls something, in the words of the merged server. */
  exposeUri(server: string, uri: string): string {
    return exposeUri(server, uri, this.#routes);
  }

  /** Returns the merged list that the principal can see, in the modern form, without items that have no name. */
  merged(method: ListMethod, access: AccessPolicy, gaps: readonly UnavailableServer[]): JsonObject {
    if (gaps.length > 0) {
      return mergeLists(method, this.#parts(method, access), { era: "modern", gaps });
    }
    const ofAccess = this.#merged.get(access) ?? new Map<ListMethod, JsonObject>();
    this.#merged.set(access, ofAccess);
    let merged = ofAccess.get(method);
    if (merged === undefined) {
      merged = mergeLists(method, this.#parts(method, access), { era: "modern" });
      ofAccess.set(method, merged);
    }
    return merged;
  }

  /** One part per server, filtered and renamed. */
  #parts(method: ListMethod, access: AccessPolicy): readonly ListPart[] {
    const exposed = this.#exposed(method);
    const kind = KINDS[method];
    return this.inventories.map((offer) => {
      const { id, name: serverName } = offer.server;
      const names = exposed.get(serverName);
      const items = offer.lists[method].items.flatMap((item) => {
        const own = itemKey(method, item) ?? "";
        const name = names?.get(own);
        if (name === undefined || !access.allows(kind, id, own, targetFacts(item, offer.hashes.get(own))))
          return [];
        return [this.#rename(method, offer, item, name)];
      });
      return { ...offer.lists[method], items, isPersonal: access.isPersonal };
    });
  }

  #rename(method: ListMethod, offer: ServerInventory, item: JsonObject, name: string): JsonObject {
    const definition = this.#cut?.expose(method, offer.server.id, item) ?? item;
    const renamed = renameItem(method, definition, name);
    return method === "tools/list"
      ? exposeTool(renamed, (uri) => this.exposeUri(offer.server.name, uri))
      : renamed;
  }

  #exposed(method: ListMethod): Map<string, Map<string, string>> {
    const rows =
      method === "tools/list" || method === "prompts/list"
        ? (method === "tools/list" ? this.#tools : this.#prompts).entries.map(
            ({ server, name, exposed }) => ({ server, own: name, exposed }),
          )
        : (method === "resources/list" ? this.#resources : this.#templates).entries.map(
            ({ server, uri, exposed }) => ({ server, own: uri, exposed }),
          );
    const exposed = new Map<string, Map<string, string>>();
    for (const row of rows) {
      const ofServer = exposed.get(row.server) ?? new Map<string, string>();
      exposed.set(row.server, ofServer.set(row.own, row.exposed));
    }
    return exposed;
  }

  #named(method: ListMethod) {
    return this.inventories.flatMap((offer) =>
      itemKeys(offer, method).map((name) => ({ server: offer.server.name, name })),
    );
  }

  #addressed(method: ListMethod) {
    return this.inventories.flatMap((offer) =>
      itemKeys(offer, method).map((uri) => ({ server: offer.server.name, uri })),
    );
  }

  #findByName(name: string, table: NameTable, feature: string): ServerItem | undefined {
    const listed = table.lookup.get(name);
    const found =
      this.#cut === undefined ? (listed ?? resolveName(name, this.#servers, this.#naming.separator)) : listed;
    const inventory = found && this.#byName.get(found.server);
    if (found !== undefined) return inventory && { inventory, upstreamName: found.name };
    return this.#findSole(feature, name);
  }

  #findByUri(uri: string): ServerItem | undefined {
    const found = resolveUri(uri, this.#routes);
    const isFound = this.#cut === undefined || (found !== undefined && this.#isSelected(found));
    return isFound ? (this.#toItem(found) ?? this.#findSole("resources", uri)) : undefined;
  }

  /** Of a toolset: a wrapped URI must be listed by its server too, or come from one of its templates. */
  #isSelected({ server, uri }: NamedResource): boolean {
    const isOwn = (owner: { server: string }) => owner.server === server;
    if (this.#resources.entries.some((entry) => isOwn(entry) && entry.uri === uri)) return true;
    const templates = this.#routes.templates.filter(isOwn);
    return selectMostSpecific(uri, templates) !== undefined;
  }

  /**
   * Servers may have items that they do not list. If only one server has the feature, it receives the request. While
   * another inventory is pending, the target is unknown, and no server receives the arguments.
   */
  #findSole(feature: string, own: string): ServerItem | undefined {
    if (this.#cut !== undefined || this.inventories.length < this.#servers.length) return undefined;
    const able = this.inventories.filter(({ capabilities }) => feature in capabilities);
    const [inventory] = able;
    return able.length === 1 && inventory !== undefined ? { inventory, upstreamName: own } : undefined;
  }

  #toItem(found: { server: string; uri: string } | undefined): ServerItem | undefined {
    const inventory = found && this.#byName.get(found.server);
    return found && inventory && { inventory, upstreamName: found.uri };
  }
}

/** The tool's own annotations. */
export function targetFacts(item: JsonObject | undefined, hash?: string): TargetFacts {
  const annotations = getMember(item, "annotations");
  const readOnlyHint = isMembers(annotations) ? getMember(annotations, "readOnlyHint") : undefined;
  return { readOnlyHint: typeof readOnlyHint === "boolean" ? readOnlyHint : undefined, hash };
}

function itemKeys(offer: ServerInventory, method: ListMethod): string[] {
  return offer.lists[method].items.flatMap((item) => itemKey(method, item) ?? []);
}

export const KINDS: Record<ListMethod, TargetKind> = {
  "tools/list": "tool",
  "prompts/list": "prompt",
  "resources/list": "resource",
  "resources/templates/list": "resource",
};

export const USES: Record<RequestTarget["kind"], TargetKind> = {
  tool: "tool",
  prompt: "prompt",
  resource: "resource",
  template: "resource",
  task: "server",
};
