/** Many servers as one, or one server that needs translation: which era the caller speaks, and who serves that. */
import { GatewayError, UpstreamError } from "../../core/errors.ts";
import { gatewayErrorResponse } from "../../core/mcp/answers.ts";
import type { McpContext } from "../context.ts";
import { type Post, readPost } from "../post.ts";
import { outcomeOfError } from "../record.ts";
import { sessionDoor } from "../session/door.ts";
import { scopeOf } from "./catalogue.ts";
import { serveModern } from "./modern.ts";

export async function aggregate(
  request: Request,
  serverName: string | undefined,
  context: McpContext,
): Promise<Response> {
  const post = request.method === "POST" ? await readPost(request, context.maxBodyBytes) : undefined;
  return post instanceof Response ? post : aggregatePost(request, post, serverName, context);
}

/** For whoever has read the body already. */
export async function aggregatePost(
  request: Request,
  post: Post | undefined,
  serverName: string | undefined,
  context: McpContext,
): Promise<Response> {
  try {
    if (post?.era !== "modern") return await sessionDoor(request, post, serverName, context);
    return await serveModern(request, post, scopeOf(context.tenant, serverName), context);
  } catch (error) {
    if (error instanceof GatewayError && error.status >= 500) context.record.outcome(outcomeOfError(error));
    if (error instanceof UpstreamError) return gatewayErrorResponse(post?.id ?? null, error);
    throw error;
  }
}
