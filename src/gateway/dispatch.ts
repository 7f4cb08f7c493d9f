/** Reads a request's body, records and charges the operations in it, and selects who serves it. */
import { NotFoundError } from "../core/errors.ts";
import { INVALID_REQUEST } from "../core/mcp/json-rpc.ts";
import { aggregate } from "./aggregate/serve.ts";
import type { McpContext } from "./context.ts";
import { passThrough } from "./pass-through.ts";
import { chargeBatch } from "./pipeline/charge-limits.ts";
import { InvalidPostError, type Post, readPost, subjectsOf } from "./post.ts";

export async function dispatch(
  request: Request,
  serverName: string | undefined,
  context: McpContext,
  onRead: (post: Post) => void,
): Promise<Response> {
  const post = request.method === "POST" ? await readPost(request, context.maxBodyBytes) : undefined;
  if (post !== undefined) {
    onRead(post);
    refuseLongBatch(post);
    context.record.declare(subjectsOf(post.messages));
    await chargeBatch(context.record.operations.length, context);
  }
  if (serverName === undefined) return aggregate(request, post, undefined, context);
  const { tenant, access } = context;
  const server = tenant.servers.get(serverName);
  if (server === undefined || !access.allows("server", server.id, server.name)) {
    if (server !== undefined) {
      context.record.denied("access.denied", `An access rule denies the server ${server.name}.`, server.id);
    }
    throw new NotFoundError("There is no such MCP server here, or it is not for you. Check the address.");
  }
  return passThrough(request, post, server, context);
}

const MAX_BATCH_MESSAGES = 100;

function refuseLongBatch({ messages }: Post): void {
  if (messages.length <= MAX_BATCH_MESSAGES) return;
  const message = `A batch holds at most ${MAX_BATCH_MESSAGES} messages. Send the rest in another request.`;
  throw new InvalidPostError({ code: INVALID_REQUEST, message }, 400, null);
}
