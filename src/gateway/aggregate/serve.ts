/** Many servers as one: which era the caller speaks, and who serves that. */
import { GatewayError, UpstreamError } from "../../core/errors.ts";
import { gatewayErrorResponse } from "../../core/mcp/answers.ts";
import type { McpContext } from "../context.ts";
import { readPost } from "../post.ts";
import type { Scope } from "./catalogue.ts";
import { serveModern } from "./modern.ts";

export async function aggregate(request: Request, scope: Scope, context: McpContext): Promise<Response> {
  if (request.method !== "POST") throw new GatewayError("method_not_allowed", "Use POST.");
  const post = await readPost(request, context.maxBodyBytes);
  if (post instanceof Response) return post;
  try {
    if (post.era === "modern") return await serveModern(request, post, scope, context);
    throw new GatewayError("method_not_allowed", "Use POST.");
  } catch (error) {
    if (error instanceof UpstreamError) return gatewayErrorResponse(post.id, error);
    throw error;
  }
}
