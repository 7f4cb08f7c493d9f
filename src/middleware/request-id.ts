/** Gives every request an id, and every answer the same one, so that a caller and the log can refer to the same request. */
import { createMiddleware } from "hono/factory";
import { REQUEST_ID_HEADER, uuidv7 } from "../core/ids.ts";
import type { AppEnv } from "./app-env.ts";

export const requestId = createMiddleware<AppEnv>(async (c, next) => {
  // Never the caller's own: ids key log rows, and a repeated one would swallow a row.
  const id = uuidv7();
  c.set("requestId", id);
  await next();
  c.res.headers.set(REQUEST_ID_HEADER, id);
});
