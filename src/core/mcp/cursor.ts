/**
 * The cursor of a merged list: how far each server's own list has been read. Callers seal what is written here, so
 * reading is strict for the sake of old versions and mistakes; garbage is answered with undefined, never with a throw.
 */
import { fromBase64url, toBase64url } from "../base64url.ts";
import { isObject } from "./json-rpc.ts";
import { isListMethod, type ListMethod } from "./lists.ts";

/** A server that is missing has not been asked yet. */
export type Progress =
  | { readonly at: "cursor"; readonly cursor: string }
  /** So many items of the last known list in the catalogue have been shown. */
  | { readonly at: "offset"; readonly offset: number }
  | { readonly at: "done" };

export type CursorKind = ListMethod | "tasks/list";

export interface MergedCursor {
  readonly kind: CursorKind;
  readonly servers: ReadonlyMap<string, Progress>;
}

/** Of the text, before sealing. Upstream cursors have no limit of their own, and ours come back in a body. */
export const MAX_CURSOR_LENGTH = 8192;

const VERSION = 1;
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** Undefined where the state is too large to hand out. */
export function encodeCursor(cursor: MergedCursor): string | undefined {
  const servers = [...cursor.servers].map(([server, progress]) => [server, written(progress)]);
  const json = JSON.stringify({ v: VERSION, k: cursor.kind, s: servers });
  const text = toBase64url(new TextEncoder().encode(json));
  return text.length <= MAX_CURSOR_LENGTH ? text : undefined;
}

/** Undefined for whatever encodeCursor did not write for a list of this kind. */
export function decodeCursor(text: string, kind: CursorKind): MergedCursor | undefined {
  if (text.length > MAX_CURSOR_LENGTH) return undefined;
  const state = parse(text);
  if (!isObject(state) || Object.keys(state).length !== 3) return undefined;
  if (state.v !== VERSION || state.k !== kind || !Array.isArray(state.s)) return undefined;
  const servers = new Map<string, Progress>();
  for (const entry of state.s) {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined;
    const [server, value]: readonly unknown[] = entry;
    const progress = read(value);
    if (typeof server !== "string" || !SERVER_NAME.test(server)) return undefined;
    if (progress === undefined || servers.has(server)) return undefined;
    servers.set(server, progress);
  }
  return { kind, servers };
}

export function isCursorKind(text: string): text is CursorKind {
  return text === "tasks/list" || isListMethod(text);
}

function parse(text: string): unknown {
  const bytes = fromBase64url(text);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** A text is the server's cursor, a number an offset, null the end: short, as fifty servers share the 8 KiB. */
function written(progress: Progress): string | number | null {
  if (progress.at === "cursor") return progress.cursor;
  return progress.at === "offset" ? progress.offset : null;
}

function read(value: unknown): Progress | undefined {
  if (typeof value === "string") return { at: "cursor", cursor: value };
  if (value === null) return { at: "done" };
  const isOffset = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  return isOffset ? { at: "offset", offset: value } : undefined;
}
