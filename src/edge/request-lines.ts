/** One line of JSON a request on the console, where whoever runs the gateway wants it. MCP requests tell their own. */
import { createMiddleware } from "hono/factory";
import { cleanText } from "../core/sanitise.ts";
import type { AppEnv } from "./context.ts";

export const requestLines = createMiddleware<AppEnv>(async (c, next) => {
  if (!c.get("config").requestLines) return next();
  const startedAt = Date.now();
  await next();
  console.log(
    JSON.stringify({
      ...{ level: "info", requestId: c.get("requestId"), method: c.req.method, path: cleanText(c.req.path) },
      ...{ statusCode: c.res.status, durationMs: Date.now() - startedAt },
    }),
  );
});
