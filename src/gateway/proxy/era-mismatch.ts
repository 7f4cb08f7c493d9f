/**
 * Detects from a server's response that it does not support the era of the request, as clients of both eras detect it
 * (2026-07-28, versioning). What the answer suggests is made sure of before anything follows from it.
 */

import { INVALID_PARAMS, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import {
  type Era,
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../../core/mcp/revisions.ts";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { REQUEST_IDLE_TIMEOUT_MS } from "../../core/size-limits.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { serverScope } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import type { McpPost } from "../request/mcp-post.ts";

const SUSPICIOUS = new Set([400, 404, 405]);

/** The error codes of a modern server's rejection; another's 400 means that it did not understand the request. */
const MODERN_CODES = new Set([
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
]);

/** Whether `detectEraMismatch` needs to look at the response. */
export const mayMismatch = ({ status }: Response): boolean => SUSPICIOUS.has(status);

export async function detectEraMismatch(
  response: Response,
  request: Request,
  post: McpPost | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<boolean> {
  if (!mayMismatch(response)) return false;
  if (post === undefined) return opensLegacyStream(request, response);
  const suspected = suspicion(post, await readErrorCode(response));
  if (suspected === undefined) return false;
  const scope = serverScope(context.tenant, server);
  const { tables } = await context.catalog.loadView(scope, context);
  const offer = tables.findServer(server.name);
  // A server of both eras is listed as a modern one; its rejection of a handshake shows that it is not.
  if (offer?.era !== suspected) return false;
  context.eras.set(server, suspected);
  return true;
}

/** 2024-11-05: a GET without a session begins one, and this server has no such thing. */
function opensLegacyStream(request: Request, response: Response): boolean {
  const asksForStream = request.headers.get("accept")?.includes("text/event-stream") === true;
  return request.method === "GET" && asksForStream && response.status !== 404 && !namesSession(request);
}

const namesSession = (request: Request) =>
  request.headers.has("mcp-session-id") || request.headers.has("mcp-protocol-version");

function suspicion({ era, messages }: McpPost, code: number | undefined): Era | undefined {
  const [message] = messages;
  if (message?.kind !== "request") return undefined;
  const isModernsNo = code !== undefined && MODERN_CODES.has(code);
  if (era === "modern") return isModernsNo ? undefined : "legacy";
  return message.method === "initialize" && isModernsNo ? "modern" : undefined;
}

/** Larger explanations are none: the status alone is judged then. */
const MAX_EXPLANATION_BYTES = 64 * 1024;

async function readErrorCode(response: Response): Promise<number | undefined> {
  const text = await readBoundedText(response.clone().body, {
    maxBytes: MAX_EXPLANATION_BYTES,
    idleMs: REQUEST_IDLE_TIMEOUT_MS,
    totalMs: REQUEST_IDLE_TIMEOUT_MS,
  }).catch(() => "");
  const body = parseLossless(text);
  const error = isMembers(body) ? getMember(body, "error") : undefined;
  const code = isMembers(error) ? getMember(error, "code") : undefined;
  return typeof code === "number" ? code : undefined;
}
