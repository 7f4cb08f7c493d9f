/** MCP's own door, and the way to the house behind it. */
import { type Context, Hono } from "hono";
import { uuidv7 } from "./core/ids.ts";
import type { AppEnv } from "./edge/context.ts";
import { onError } from "./edge/errors.ts";
import type { McpAddress } from "./gateway/endpoint.ts";
import { servicesOf } from "./services.ts";

async function mcp(c: Context<AppEnv>, address: McpAddress): Promise<Response> {
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const id = uuidv7();
  c.set("requestId", id);
  return servicesOf(c.env).services.gateway.mcp(c.req.raw, address, id, background);
}

/**
 * MCP goes by itself: pages' middleware is not for programs, and every microsecond shows. Nor is the house, which is
 * most of the bundle: it is evaluated when somebody first knocks.
 */
export function createApp() {
  const door = new Hono<AppEnv>();
  let house: Hono<AppEnv> | undefined;
  door.onError(onError);
  door.notFound(async (c) => {
    const { createHouse } = await import("./house.ts");
    house ??= createHouse(door);
    return house.fetch(c.req.raw, c.env, c.executionCtx);
  });
  door.all("/mcp", (c) => mcp(c, {}));
  door.all("/t/:tenant/mcp", (c) => mcp(c, { tenantSlug: c.req.param("tenant") }));
  door.all("/mcp/:server", (c) => mcp(c, { serverName: c.req.param("server") }));
  door.all("/t/:tenant/mcp/:server", (c) =>
    mcp(c, { tenantSlug: c.req.param("tenant"), serverName: c.req.param("server") }),
  );
  return door;
}
