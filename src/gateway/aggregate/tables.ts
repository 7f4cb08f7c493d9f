/** The names under which a tenant's servers appear as one, and the way back to the server that has the thing. */

import { exposeNames, type NameTable, resolveName, serverOrder } from "../../core/mcp/exposed-names.ts";
import {
  exposeUri,
  exposeUris,
  resolveUri,
  type UriRoutes,
  type UriTable,
} from "../../core/mcp/exposed-uris.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { itemKey, type ListMethod, renameItem } from "../../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { type ListPart, mergeLists, type UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { exposeTool, type RequestTarget } from "../../core/mcp/rewrite.ts";
import type { Access, Facts, TargetKind } from "../../policy/access.ts";
import type { Naming } from "../../policy/naming.ts";
import type { Offer } from "./offers.ts";

/** Where something lives, and what it is called there. */
export interface Place {
  readonly offer: Offer;
  readonly own: string;
}

export class Tables {
  readonly offers: readonly Offer[];
  readonly #byName: ReadonlyMap<string, Offer>;
  readonly #servers: readonly string[];
  readonly #naming: Naming;
  readonly #tools: NameTable;
  readonly #prompts: NameTable;
  readonly #resources: UriTable;
  readonly #templates: UriTable;
  readonly #routes: UriRoutes;
  /** Whole lists, as long as those who may see them so are remembered. */
  readonly #merged = new WeakMap<Access, Map<ListMethod, JsonObject>>();

  /** `servers` also names those that nothing is known of yet. */
  constructor(offers: readonly Offer[], servers: readonly string[], naming: Naming) {
    const byPriority = serverOrder(naming.priority);
    this.offers = offers.toSorted((left, right) => byPriority(left.server.name, right.server.name));
    this.#byName = new Map(offers.map((offer) => [offer.server.name, offer]));
    this.#servers = servers;
    this.#naming = naming;
    this.#tools = exposeNames(this.#named("tools/list"), naming.prefix, naming);
    this.#prompts = exposeNames(this.#named("prompts/list"), naming.prefix, naming);
    this.#resources = exposeUris(this.#addressed("resources/list"), naming.priority);
    this.#templates = exposeUris(this.#addressed("resources/templates/list"), naming.priority);
    this.#routes = {
      lookup: this.#resources.lookup,
      templates: this.offers.flatMap((offer) =>
        keysOf(offer, "resources/templates/list").map((template) => ({
          server: offer.server.name,
          template,
        })),
      ),
    };
  }

  /** Undefined where nobody has it, and where it is unclear who is meant. */
  place(target: RequestTarget): Place | undefined {
    switch (target.kind) {
      case "tool":
        return this.#placeOfName(target.value, this.#tools, "tools");
      case "prompt":
        return this.#placeOfName(target.value, this.#prompts, "prompts");
      case "resource":
        return this.#placeOfUri(target.value);
      case "template":
        return this.#at(this.#templates.lookup.get(target.value)) ?? this.#placeOfUri(target.value);
      case "task":
        return undefined;
    }
  }

  allows(kind: TargetKind, place: Place, access: Access): boolean {
    const facts = kind === "tool" ? factsOf(this.toolAt(place), place.offer.hashes.get(place.own)) : {};
    return access.allows(kind, place.offer.server.id, place.own, facts);
  }

  /** Undefined where the server has not listed it. */
  toolAt({ offer, own }: Place): JsonObject | undefined {
    return offer.lists["tools/list"].items.find((item) => itemKey("tools/list", item) === own);
  }

  byName(server: string): Offer | undefined {
    return this.#byName.get(server);
  }

  /** What a server calls something, in the words of the merged server. */
  outwardUri(server: string, uri: string): string {
    return exposeUri(server, uri, this.#routes);
  }

  /** The whole list as the caller may see it, in the modern form; without what nobody can name. */
  merged(method: ListMethod, access: Access, gaps: readonly UnavailableServer[]): JsonObject {
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
  #parts(method: ListMethod, access: Access): readonly ListPart[] {
    const exposed = this.#exposed(method);
    const kind = KINDS[method];
    return this.offers.map((offer) => {
      const { id, name: serverName } = offer.server;
      const names = exposed.get(serverName);
      const items = offer.lists[method].items.flatMap((item) => {
        const own = itemKey(method, item) ?? "";
        const name = names?.get(own);
        if (name === undefined || !access.allows(kind, id, own, factsOf(item, offer.hashes.get(own))))
          return [];
        return [this.#renamed(method, offer, item, name)];
      });
      return { ...offer.lists[method], items, isPersonal: access.isPersonal };
    });
  }

  #renamed(method: ListMethod, offer: Offer, item: JsonObject, name: string): JsonObject {
    const renamed = renameItem(method, item, name);
    return method === "tools/list"
      ? exposeTool(renamed, (uri) => this.outwardUri(offer.server.name, uri))
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
    return this.offers.flatMap((offer) =>
      keysOf(offer, method).map((name) => ({ server: offer.server.name, name })),
    );
  }

  #addressed(method: ListMethod) {
    return this.offers.flatMap((offer) =>
      keysOf(offer, method).map((uri) => ({ server: offer.server.name, uri })),
    );
  }

  #placeOfName(name: string, table: NameTable, feature: string): Place | undefined {
    const found = table.lookup.get(name) ?? resolveName(name, this.#servers, this.#naming.separator);
    const offer = found && this.#byName.get(found.server);
    if (found !== undefined) return offer && { offer, own: found.name };
    return this.#only(feature, name);
  }

  #placeOfUri(uri: string): Place | undefined {
    return this.#at(resolveUri(uri, this.#routes)) ?? this.#only("resources", uri);
  }

  /**
   * Servers have things that they list nowhere, or not to us; where one server only has the feature, it is asked. As
   * long as others have not been heard, nobody knows whom the caller means, and nobody gets to see the arguments.
   */
  #only(feature: string, own: string): Place | undefined {
    if (this.offers.length < this.#servers.length) return undefined;
    const able = this.offers.filter(({ capabilities }) => feature in capabilities);
    const [offer] = able;
    return able.length === 1 && offer !== undefined ? { offer, own } : undefined;
  }

  #at(found: { server: string; uri: string } | undefined): Place | undefined {
    const offer = found && this.#byName.get(found.server);
    return found && offer && { offer, own: found.uri };
  }
}

/** What the tool itself says of what it does. */
export function factsOf(item: JsonObject | undefined, hash?: string): Facts {
  const annotations = getMember(item, "annotations");
  const readOnlyHint = isMembers(annotations) ? getMember(annotations, "readOnlyHint") : undefined;
  return { readOnlyHint: typeof readOnlyHint === "boolean" ? readOnlyHint : undefined, hash };
}

function keysOf(offer: Offer, method: ListMethod): string[] {
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
