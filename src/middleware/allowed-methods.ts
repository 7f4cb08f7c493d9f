/** Finds the methods that an address takes, for the `Allow` of a 405 (RFC 9110 §15.5.6). */
import type { Env, Hono } from "hono";
import { getPermission } from "./require-permission.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Of routes behind a guard: every route of the REST API has one, and middleware has none. */
export function allowedMethods<E extends Env>(app: Hono<E>, path: string): string[] {
  const allowed = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[handler]]) => getPermission(handler) !== undefined),
  );
  return allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}
