/**
 * Reads the body of every request that is not MCP's, under the limits of its group of routes, before anything else
 * touches it. Handlers get a request with the bytes in memory, so that none of them can read without a limit.
 */
import { createMiddleware } from "hono/factory";
import { readRequestBody } from "../core/net/request-body.ts";
import { MAX_REQUEST_BYTES } from "../core/size-limits.ts";
import type { AppEnv } from "./app-env.ts";

type Group = keyof typeof MAX_REQUEST_BYTES;

/** The first prefix that fits decides. */
const GROUPS: readonly (readonly [prefix: string, group: Group])[] = [
  ["/api/auth/", "auth"],
  ["/r/", "registry"],
  ["/scim/", "scim"],
  ["/api/v1/configuration/", "configuration"],
  ["/api/", "api"],
];

export function maxRequestBytes(path: string): number {
  const [, group = "pages"] = GROUPS.find(([prefix]) => path.startsWith(prefix)) ?? [];
  return MAX_REQUEST_BYTES[group];
}

export const bodyLimit = createMiddleware<AppEnv>(async (c, next) => {
  const { raw } = c.req;
  // A page's own request within the process carries what came with the page, which was limited.
  if (raw.body === null || c.get("isInternal")) return next();
  const body = await readRequestBody(raw, { maxBytes: maxRequestBytes(c.req.path) });
  c.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers, signal: raw.signal, body });
  return next();
});
