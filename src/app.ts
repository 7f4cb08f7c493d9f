/** MCP's own door, and the way to the house behind it. */
import { type Context, Hono } from "hono";
import { uuidv7 } from "./core/ids.ts";
import { getPath } from "./core/net/request-url.ts";
import type { McpAddress } from "./gateway/endpoint.ts";
import type { AppEnv } from "./middleware/app-env.ts";
import { onError } from "./middleware/errors.ts";
import { getServices } from "./services.ts";

async function handleMcp(c: Context<AppEnv>, address: McpAddress): Promise<Response> {
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const id = uuidv7();
  c.set("requestId", id);
  return getServices(c.env).services.gateway.handle(c.req.raw, address, id, waitUntil);
}

/** Of a call to /mcp or /mcp/{server}, the most common of all requests; undefined for all that the router looks at. */
function findCallAddress({ method, url }: Request): McpAddress | undefined {
  if (method !== "POST") return undefined;
  const path = getPath(url);
  if (path === "/mcp") return {};
  const serverName = path.startsWith("/mcp/") ? path.slice("/mcp/".length) : "";
  return serverName === "" || /[/%]/.test(serverName) ? undefined : { serverName };
}

/** What the Worker answers requests with: calls go straight to the gateway, everything else through the router. */
export function createFetchHandler(
  app: Hono<AppEnv>,
): (request: Request, env: Env, context: ExecutionContext) => Response | Promise<Response> {
  return (request, env, context) => {
    const address = findCallAddress(request);
    if (address === undefined || !isConfigured(env)) return app.fetch(request, env, context);
    const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
    return getServices(env).services.gateway.handle(request, address, uuidv7(), waitUntil);
  };
}

/** The router answers for a configuration that is wrong. */
function isConfigured(env: Env): boolean {
  try {
    return getServices(env) !== undefined;
  } catch {
    return false;
  }
}

/**
 * MCP goes by itself: pages' middleware is not for programs, and every microsecond shows. Nor is the house, which is
 * most of the bundle: it is evaluated when somebody first knocks.
 */
export function createApp() {
  const door = new Hono<AppEnv>();
  let webApp: Hono<AppEnv> | undefined;
  door.onError(onError);
  door.notFound(async (c) => {
    const { createWebApp } = await import("./web-app.ts");
    webApp ??= createWebApp(door);
    return webApp.fetch(c.req.raw, c.env, c.executionCtx);
  });
  door.all("/mcp", (c) => handleMcp(c, {}));
  door.all("/t/:tenant/mcp", (c) => handleMcp(c, { tenantSlug: c.req.param("tenant") }));
  door.all("/mcp/:server", (c) => handleMcp(c, { serverName: c.req.param("server") }));
  door.all("/t/:tenant/mcp/:server", (c) =>
    handleMcp(c, { tenantSlug: c.req.param("tenant"), serverName: c.req.param("server") }),
  );
  return door;
}
