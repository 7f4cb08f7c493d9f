/** Many servers as one, or one server that needs translation: selects the handler of the client's era. */

import { serveModern } from "../aggregate/modern.ts";
import { type EndpointTarget, resolveScope } from "../catalog/catalog.ts";
import { proxyToSession } from "../client-session/session-proxy.ts";
import type { McpContext } from "../context/context.ts";
import type { McpPost } from "../request/mcp-post.ts";

export async function serveAggregate(
  request: Request,
  post: McpPost | undefined,
  target: EndpointTarget,
  context: McpContext,
): Promise<Response> {
  if (post?.era !== "modern") return proxyToSession(request, post, target, context);
  return serveModern(request, post, resolveScope(context.tenant, target), context);
}
