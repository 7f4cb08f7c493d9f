/** Lets only JSON and event streams of a server through to the client; core/mcp/response-content.ts decides. */
import { errorResponse } from "../core/mcp/answers.ts";
import { INVALID_REQUEST } from "../core/mcp/json-rpc.ts";
import { judgeContent } from "../core/mcp/response-content.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { nonsense, ofStatus } from "../upstream/failures.ts";
import type { Post } from "./post.ts";

/** Throws where the answer is none; a refusal keeps its status and loses its words. */
export async function withMcpContent(
  response: Response,
  request: Request,
  post: Post | undefined,
  server: SnapshotServer,
): Promise<Response> {
  const { status, headers, body } = response;
  const expectsAnswer =
    request.method === "GET" || post?.messages.some(({ kind }) => kind === "request") === true;
  const verdict = judgeContent(status, headers.get("content-type"), expectsAnswer);
  if (verdict === "pass" || (verdict === "explain" && body === null)) return response;
  await body?.cancel();
  const kept = new Headers(headers);
  kept.delete("content-type");
  switch (verdict) {
    case "drop":
      return new Response(null, { status, headers: kept });
    case "explain": {
      const message = `${server.name} answered with status ${status}.`;
      const error = { code: INVALID_REQUEST, message };
      return errorResponse(status, post?.id ?? null, error, Object.fromEntries(kept));
    }
    case "refuse":
      throw status >= 500
        ? ofStatus(server.name, status)
        : nonsense(server.name, "answered with neither JSON nor an event stream");
  }
}
