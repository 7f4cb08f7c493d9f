/**
 * Paginates a merged list. The whole list is available, so a cursor needs no positions in the lists of servers: it
 * contains the last item shown, and changes between two pages neither repeat nor skip items.
 */
import { fromBase64url, toBase64url } from "../base64url.ts";
import { isObject, type JsonObject } from "./json-rpc.ts";
import { itemKey, LIST_MEMBERS, type ListMethod } from "./list-edit.ts";
import { getMember, isMembers } from "./lossless-json.ts";

/** Clients that read one page only see all of nearly everything. */
export const PAGE_SIZE = 1000;

const MAX_CURSOR_LENGTH = 8192;

/** Undefined for a cursor that was not made here for this list. */
export function paginate(
  result: JsonObject,
  method: ListMethod,
  cursor: string | undefined,
  size: number = PAGE_SIZE,
): JsonObject | undefined {
  const { member } = LIST_MEMBERS[method];
  const whole = getMember(result, member);
  const items = Array.isArray(whole) ? whole.filter(isMembers) : [];
  const start = cursor === undefined ? 0 : startAfter(items, method, cursor);
  if (start === undefined) return undefined;
  if (start === 0 && items.length <= size) return result;
  const end = start + size;
  const last = items[end - 1];
  const page = { ...result, [member]: items.slice(start, end) };
  return end < items.length && last !== undefined ? { ...page, nextCursor: write(method, last, end) } : page;
}

function write(method: ListMethod, last: JsonObject, end: number): string {
  const state = { list: method, after: itemKey(method, last), at: end };
  return toBase64url(new TextEncoder().encode(JSON.stringify(state)));
}

/** Behind the item that the cursor names; where that is gone, where it would have been. */
function startAfter(items: readonly JsonObject[], method: ListMethod, cursor: string): number | undefined {
  const state = read(cursor);
  if (state?.list !== method || typeof state.after !== "string") return undefined;
  if (typeof state.at !== "number" || !Number.isSafeInteger(state.at) || state.at < 1) return undefined;
  const found = items.findIndex((item) => itemKey(method, item) === state.after);
  return found === -1 ? Math.min(state.at, items.length) : found + 1;
}

function read(cursor: string): JsonObject | undefined {
  const bytes = cursor.length > MAX_CURSOR_LENGTH ? undefined : fromBase64url(cursor);
  if (bytes === undefined) return undefined;
  try {
    const state: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    return isObject(state) ? state : undefined;
  } catch {
    return undefined;
  }
}
