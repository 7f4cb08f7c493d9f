/**
 * Filters and renames what servers list, in a response or in the one event of a stream that holds it. Whatever does
 * not change comes back as the very same object or text, so that callers can forward the bytes that came.
 */
import { isStorable } from "../postgres-text.ts";
import type { JsonObject } from "./json-rpc.ts";
import {
  getMember,
  isMembers,
  mapItems,
  mapObject,
  parseLossless,
  stringifyLossless,
} from "./lossless-json.ts";

/** Where each list keeps its items, and what identifies one. */
export const LIST_MEMBERS = {
  "tools/list": { member: "tools", key: "name" },
  "prompts/list": { member: "prompts", key: "name" },
  "resources/list": { member: "resources", key: "uri" },
  "resources/templates/list": { member: "resourceTemplates", key: "uriTemplate" },
} as const;

export type ListMethod = keyof typeof LIST_MEMBERS;

export function isListMethod(method: string): method is ListMethod {
  return Object.hasOwn(LIST_MEMBERS, method);
}

export const LIST_METHODS = Object.keys(LIST_MEMBERS).filter(isListMethod);

export interface ListEdit {
  readonly keep?: (item: JsonObject) => boolean;
  /** The changed item, or the very same. See renameItem. */
  readonly rename?: (item: JsonObject) => JsonObject;
  /**
   * The list depends on the caller, even where this caller may see all of it or this page lost nothing: it must not be
   * cached for others, and all pages of a list must have the same scope.
   */
  readonly isPersonal?: boolean;
}

/** Takes a whole JSON-RPC response. Errors and results that are no such list come back untouched. */
export function editList(response: JsonObject, method: ListMethod, edit: ListEdit): JsonObject {
  return mapObject(response, "result", (result) =>
    isMembers(result) ? editResult(result, method, edit) : result,
  );
}

/**
 * The same for the text of a response, or of a batch of them. Undefined for what cannot be read (no JSON, or nested too
 * deep): it cannot be filtered and must not go on.
 */
export function editListText(text: string, method: ListMethod, edit: ListEdit): string | undefined {
  const content = parseLossless(text);
  if (content === undefined) return undefined;
  const one = (response: unknown) => (isMembers(response) ? editList(response, method, edit) : response);
  const edited = Array.isArray(content) ? mapItems(content, one) : one(content);
  return edited === content ? text : stringifyLossless(edited);
}

export function renameItem(method: ListMethod, item: JsonObject, exposed: string): JsonObject {
  return mapObject(item, LIST_MEMBERS[method].key, () => exposed);
}

/**
 * Returns the name or URI of an item, or undefined for one without a name or with a name that cannot be stored: such an
 * item can be neither authorized nor logged.
 */
export function itemKey(method: ListMethod, item: JsonObject): string | undefined {
  const key = getMember(item, LIST_MEMBERS[method].key);
  return typeof key === "string" && isStorable(key) ? key : undefined;
}

function editResult(result: JsonObject, method: ListMethod, edit: ListEdit): JsonObject {
  const { member } = LIST_MEMBERS[method];
  const items = getMember(result, member);
  if (!Array.isArray(items)) return result;
  const kept = edit.keep === undefined ? items : filterItems(items, edit.keep);
  const { rename } = edit;
  const renamed =
    rename === undefined ? kept : mapItems(kept, (item) => (isMembers(item) ? rename(item) : item));
  const changed = mapObject(result, member, () => renamed);
  const isFiltered = kept !== items || edit.isPersonal === true;
  return isFiltered ? mapObject(changed, "cacheScope", () => "private") : changed;
}

/** What is no object cannot be judged, and what cannot be judged is not shown. */
function filterItems(items: readonly unknown[], keep: (item: JsonObject) => boolean): readonly unknown[] {
  const kept = items.filter((item) => isMembers(item) && keep(item));
  return kept.length === items.length ? items : kept;
}
