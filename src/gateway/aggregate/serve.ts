/** Many servers as one, or one server that needs translation: selects who serves the era that the client speaks. */
import type { McpContext } from "../context.ts";
import type { Post } from "../post.ts";
import { sessionDoor } from "../session/door.ts";
import { scopeOf } from "./catalogue.ts";
import { serveModern } from "./modern.ts";

export async function aggregate(
  request: Request,
  post: Post | undefined,
  serverName: string | undefined,
  context: McpContext,
): Promise<Response> {
  if (post?.era !== "modern") return sessionDoor(request, post, serverName, context);
  return serveModern(request, post, scopeOf(context.tenant, serverName), context);
}
