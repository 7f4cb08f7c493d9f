/**
 * Marks requests that a page makes in process. They are charged, logged and admitted as part of the page request, and
 * external clients cannot set the mark.
 */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";

const internal = new WeakSet<Request>();

export function markInternal(request: Request): Request {
  internal.add(request);
  return request;
}

export const internalRequests = createMiddleware<AppEnv>(async (c, next) => {
  c.set("isInternal", internal.has(c.req.raw));
  await next();
});
