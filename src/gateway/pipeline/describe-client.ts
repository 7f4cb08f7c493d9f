/** Describes the client of a call, for answers that depend on what its revision can express. */
import type { CallingClient } from "../../core/mcp/account-request.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { META } from "../../core/mcp/revisions.ts";
import type { McpPost } from "../request/mcp-post.ts";
import type { SessionCaller } from "./upstream-call.ts";

export function describeClient(
  client: { readonly post: McpPost | undefined } | SessionCaller,
): CallingClient | undefined {
  return "post" in client ? describePoster(client.post) : describeSession(client);
}

/** Undefined for a batch, for whose requests no one answer is right, and where nothing is requested. */
function describePoster(post: McpPost | undefined): CallingClient | undefined {
  const [message] = post?.isBatch === true ? [] : (post?.messages ?? []);
  if (post === undefined || message?.kind !== "request") return undefined;
  const { method, params } = message;
  const { era, revision } = post;
  // A legacy client declares its capabilities in initialize, which was passed through.
  const meta = getMember(params, "_meta");
  const stated = isMembers(meta) ? getMember(meta, META.clientCapabilities) : undefined;
  const capabilities = era === "modern" ? stated : params?.capabilities;
  return { era, revision, capabilities, method, params };
}

function describeSession({ facts, message }: SessionCaller): CallingClient {
  const params = getMember(message, "params");
  return {
    ...{ era: "legacy", revision: facts?.revision ?? "", capabilities: facts?.capabilities ?? {} },
    method: String(getMember(message, "method")),
    params: isMembers(params) ? params : undefined,
  };
}
