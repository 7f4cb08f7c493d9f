/** One POST, read once and understood as far as routing needs: what it says, which era it speaks, what it expects. */

import { GatewayError } from "../core/errors.ts";
import { errorResponse, gatewayErrorResponse } from "../core/mcp/answers.ts";
import { classify, classifyBatch } from "../core/mcp/inbound.ts";
import { type Body, type JsonRpcId, type Message, readBody } from "../core/mcp/json-rpc.ts";
import type { Era } from "../core/mcp/revisions.ts";
import { fieldsOf } from "../core/net/fields.ts";
import { readRequestBody } from "../core/net/request-body.ts";

export interface Post {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
  readonly messages: readonly Message[];
  readonly isBatch: boolean;
  /** Of the one request; null for everything else. */
  readonly id: JsonRpcId | null;
  readonly era: Era;
  readonly revision: string;
  readonly acceptsStream: boolean;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** What cannot be read, or contradicts itself, is answered here. */
export async function readPost(request: Request, limit: number): Promise<Post | Response> {
  if (!/^application\/json\s*(?:;|$)/i.test(fieldsOf(request).get("content-type") ?? "")) {
    return gatewayErrorResponse(
      null,
      new GatewayError("unsupported_media_type", "Send JSON-RPC as application/json."),
    );
  }
  const bytes = await readRequestBody(request, limit);
  const { text, body } = understand(bytes);
  if (body.kind === "invalid") {
    return errorResponse(400, body.id, { code: body.code, message: body.reason });
  }
  const fields = fieldsOf(request);
  const header = (name: string) => fields.get(name.toLowerCase())?.trim();
  const isBatch = body.kind === "batch";
  const id = !isBatch && body.message.kind === "request" ? body.message.id : null;
  const inbound = isBatch ? classifyBatch(header) : classify(body.message, header);
  if (!inbound.ok) return errorResponse(inbound.rejection.status, id, inbound.rejection);
  return {
    bytes,
    text,
    messages: isBatch ? body.messages : [body.message],
    isBatch,
    id,
    era: inbound.era,
    revision: inbound.revision,
    acceptsStream: (fields.get("accept") ?? "").includes("text/event-stream"),
  };
}

function understand(bytes: Uint8Array): { text: string; body: Body } {
  try {
    const text = decoder.decode(bytes);
    return { text, body: readBody(text) };
  } catch {
    return { text: "", body: readBody("") };
  }
}
