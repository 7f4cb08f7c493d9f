/**
 * Marks requests that a page makes within the process. They are charged, logged and admitted as part of the request
 * for the page; nobody outside can make one.
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
