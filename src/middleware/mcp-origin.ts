/**
 * Keeps the pages and the REST API off the origin of the MCP endpoints, where that is one of its own (MCP_URL): what
 * an upstream sends then never shares an origin with sign-in cookies. Metadata and health checks answer on both.
 */
import { createMiddleware } from "hono/factory";
import { NotFoundError } from "../core/errors.ts";
import { getHost } from "../core/net/request-url.ts";
import type { AppEnv } from "./app-env.ts";

const ON_BOTH = /^\/(?:\.well-known\/|healthz$|readyz$)/;

export const mcpOrigin = createMiddleware<AppEnv>(async (c, next) => {
  const { publicUrl, mcpUrl } = c.get("config");
  const isSeparate = mcpUrl !== publicUrl && !c.get("isInternal");
  if (isSeparate && getHost(c.req.url) === new URL(mcpUrl).host && !ON_BOTH.test(c.req.path)) {
    throw new NotFoundError(`Only MCP is served at this host. Pages and the REST API are at ${publicUrl}.`);
  }
  await next();
});
