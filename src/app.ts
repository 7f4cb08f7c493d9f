/** The root app: serves the MCP endpoints itself, and loads the app for everything else when it is first needed. */
import { type Context, Hono } from "hono";
import { uuidv7 } from "./core/ids.ts";
import { getPath } from "./core/net/request-url.ts";
import type { McpAddress } from "./gateway/endpoint.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { getGatewayServices } from "./gateway-services.ts";
import type { AppEnv } from "./middleware/app-env.ts";
import { onError } from "./middleware/errors.ts";

async function handleMcp(c: Context<AppEnv>, address: McpAddress): Promise<Response> {
  const id = uuidv7();
  c.set("requestId", id);
  return getGatewayServices(c.env).gateway.handle(c.req.raw, address, id, (work) =>
    c.executionCtx.waitUntil(work),
  );
}

/** The address of a POST to /mcp or /mcp/{server}, the most common of all requests; undefined for what the router serves. */
function findCallAddress({ method, url }: Request): McpAddress | undefined {
  if (method !== "POST") return undefined;
  const path = getPath(url);
  if (path === "/mcp") return {};
  const serverName = path.startsWith("/mcp/") ? path.slice("/mcp/".length) : "";
  return serverName === "" || /[/%]/.test(serverName) ? undefined : { serverName };
}

/** The Worker's fetch handler: calls go straight to the gateway, everything else through the router. */
export function createFetchHandler(
  app: Hono<AppEnv>,
): (request: Request, env: Env, context: ExecutionContext) => Response | Promise<Response> {
  return (request, env, context) => {
    const address = findCallAddress(request);
    const gateway = address && findGateway(env);
    if (address === undefined || gateway === undefined) return app.fetch(request, env, context);
    return gateway.handle(request, address, uuidv7(), (work) => context.waitUntil(work));
  };
}

/** Undefined where the configuration is invalid: the router reports that. */
function findGateway(env: Env): Gateway | undefined {
  try {
    return getGatewayServices(env).gateway;
  } catch {
    return undefined;
  }
}

/**
 * MCP passes no middleware, which is for pages and REST and would cost every call time. The web app, most of the bundle, is
 * evaluated at the first request for it.
 */
export function createApp() {
  const app = new Hono<AppEnv>();
  let webApp: Hono<AppEnv> | undefined;
  app.onError(onError);
  app.notFound(async (c) => {
    const { createWebApp } = await import("./web-app.ts");
    webApp ??= createWebApp(app);
    return webApp.fetch(c.req.raw, c.env, c.executionCtx);
  });
  app.all("/mcp", (c) => handleMcp(c, {}));
  app.all("/t/:tenant/mcp", (c) => handleMcp(c, { tenantSlug: c.req.param("tenant") }));
  app.all("/mcp/:server", (c) => handleMcp(c, { serverName: c.req.param("server") }));
  app.all("/t/:tenant/mcp/:server", (c) =>
    handleMcp(c, { tenantSlug: c.req.param("tenant"), serverName: c.req.param("server") }),
  );
  app.all("/mcp/toolsets/:toolset", (c) => handleMcp(c, { toolset: c.req.param("toolset") }));
  app.all("/t/:tenant/mcp/toolsets/:toolset", (c) =>
    handleMcp(c, { tenantSlug: c.req.param("tenant"), toolset: c.req.param("toolset") }),
  );
  return app;
}
