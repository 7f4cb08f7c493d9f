/** One POST, read once and parsed as far as routing needs: its message, its era, and the expected response. */

import { GatewayError, ProtocolError } from "../../core/errors.ts";
import { classifyBatch, classifyPost } from "../../core/mcp/inbound.ts";
import { type Body, type JsonRpcId, type Message, parseBody } from "../../core/mcp/json-rpc.ts";
import { type Era, HEADERS } from "../../core/mcp/revisions.ts";
import { getTarget } from "../../core/mcp/rewrite.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { type RequestBodyOptions, readRequestBody } from "../../core/net/request-body.ts";
import type { OperationSubject } from "../context/operation-recorder.ts";

export interface McpPost {
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

/** A byte order mark stays and makes the text invalid JSON, as many servers read it: the bytes go on as they came. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws for what cannot be read or contradicts itself. */
export async function parsePost(request: Request, options: RequestBodyOptions): Promise<McpPost> {
  if (!/^application\/json\s*(?:;|$)/i.test(readHeaders(request).get("content-type") ?? "")) {
    throw new GatewayError("unsupported_media_type", "Send JSON-RPC as application/json.");
  }
  const bytes = await readRequestBody(request, options);
  const { text, body } = parseBytes(bytes);
  if (body.kind === "invalid") {
    throw invalid({ code: body.code, message: body.reason }, 400, body.id);
  }
  const fields = readHeaders(request);
  const header = (name: string) => fields.get(name)?.trim();
  const isBatch = body.kind === "batch";
  const id = !isBatch && body.message.kind === "request" ? body.message.id : null;
  const inbound = isBatch ? classifyBatch(header) : classifyPost(body.message, header);
  if (!inbound.ok) throw invalid(inbound.rejection, inbound.rejection.status, id);
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

/** An error about a message that could not be served, with its id as far as that is known. */
export class InvalidPostError extends ProtocolError {
  readonly id: JsonRpcId | null;

  constructor(rpc: ProtocolError["rpc"], httpStatus: number, id: JsonRpcId | null) {
    super("bad_request", rpc, httpStatus);
    this.id = id;
  }
}

function invalid({ code, message, data }: ProtocolError["rpc"], status: number, id: JsonRpcId | null): Error {
  return new InvalidPostError({ code, message, ...(data !== undefined && { data }) }, status, id);
}

function parseBytes(bytes: Uint8Array): { text: string; body: Body } {
  try {
    const text = decoder.decode(bytes);
    return { text, body: parseBody(text) };
  } catch {
    return { text: "", body: parseBody("") };
  }
}

/** Legacy clients name the operation in the body only; more than this is not read of a refused request. */
const MAX_DRAINED_BYTES = 16 * 1024;

/** Determines the operation of a request that is rejected before dispatch, as far as that is cheap. */
export async function readSubject(request: Request): Promise<OperationSubject> {
  const fields = readHeaders(request);
  const method = fields.get(HEADERS.method);
  if (method !== undefined) return { id: undefined, method, target: fields.get(HEADERS.name) };
  const length = Number(fields.get("content-length") ?? Number.NaN);
  const unknown = { id: undefined, method: "unknown", target: undefined };
  if (!(length <= MAX_DRAINED_BYTES)) return unknown;
  // The sender may have left.
  const bytes = await request.arrayBuffer().catch(() => undefined);
  if (bytes === undefined) return unknown;
  const { body } = parseBytes(new Uint8Array(bytes));
  const message = body.kind === "single" ? body.message : undefined;
  return message?.kind === "request" ? toSubject(message) : unknown;
}

function toSubject({ id, method, params }: Message & { readonly kind: "request" }): OperationSubject {
  return { id, method, target: getTarget({ method, params })?.value };
}

/** The operations of a body that has been read before. */
export function parseSubjects(text: string): OperationSubject[] {
  const body = parseBody(text);
  const messages = body.kind === "batch" ? body.messages : body.kind === "single" ? [body.message] : [];
  return listSubjects(messages);
}

export const listSubjects = (messages: readonly Message[]): OperationSubject[] =>
  messages.flatMap((message) => (message.kind === "request" ? toSubject(message) : []));

/** Of the requests in a post. */
export const listIds = ({ messages }: McpPost): readonly JsonRpcId[] =>
  messages.flatMap((message) => (message.kind === "request" ? [message.id] : []));
