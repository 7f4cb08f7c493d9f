/**
 * Conditional updates (RFC 9110 §13.1.1): an update names the version it is based on, so that two admins cannot
 * overwrite each other's changes. The tag covers the fields that can be changed, not those that the gateway observes,
 * such as counts and health; otherwise a busy server could never be edited. `If-Match: *` overwrites unconditionally.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { sha256Hex } from "../../core/digest.ts";
import { GatewayError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import { isStaleWrite } from "../../db/errors.ts";

type Row = Readonly<Record<string, unknown>>;

async function computeEtag(row: Row, changeable: readonly string[]): Promise<string> {
  const known = Object.fromEntries(changeable.map((name) => [name, row[name] ?? null]));
  // As it stands on the wire: a Date and its text are one.
  const plain: unknown = JSON.parse(JSON.stringify(known));
  return `"${(await sha256Hex(canonicalJson(plain))).slice(0, 32)}"`;
}

/** Puts the tag of what is answered on the answer. */
export async function setEtag(c: Context, row: Row, changeable: readonly string[]): Promise<void> {
  c.header("etag", await computeEtag(row, changeable));
}

/** Marks the routes that require If-Match in the API's description; `requireMatch` enforces it. */
export const requireIfMatch = createMiddleware((_, next) => next());

const STRONG_TAG = /(?:^|,)\s*("[^"]*")(?=\s*(?:,|$))/g;

export async function requireMatch(c: Context, row: Row, changeable: readonly string[]): Promise<void> {
  const condition = c.req.header("if-match")?.trim();
  if (condition === undefined || condition === "") {
    throw new GatewayError(
      "precondition_required",
      "Send the current ETag in If-Match, or `*` to overwrite.",
    );
  }
  if (condition === "*") return;
  const tag = await computeEtag(row, changeable);
  const accepted = [...condition.matchAll(STRONG_TAG)].some(([, known]) => known === tag);
  if (!accepted) throw staleError();
}

export const staleError = () =>
  new GatewayError("precondition_failed", "The resource was modified. Fetch it again and retry.");

/** For batches that begin with assertUnchanged. */
export async function conflictIfChanged<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    throw isStaleWrite(error) ? staleError() : error;
  }
}
