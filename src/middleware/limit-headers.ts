/** Adds to each response what admission found out about the caller's limits. */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";

export const limitHeaders = createMiddleware<AppEnv>(async (c, next) => {
  c.set("limitHeaders", {});
  await next();
  for (const [name, value] of Object.entries(c.get("limitHeaders"))) c.res.headers.set(name, value);
});
