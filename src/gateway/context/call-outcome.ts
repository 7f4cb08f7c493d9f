/** Judges from the JSON-RPC answer whether a call succeeded, for the MCP audit log and for the circuit breaker. */

import type { ErrorCode } from "../../core/error-codes.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { jsonRpcError } from "../../core/mcp/responses.ts";
import { parseEvent } from "../../core/mcp/sse.ts";
import type { CallResult } from "../../core/resilience/outcome.ts";

export interface CallOutcome {
  readonly success: boolean;
  /** The JSON-RPC error code. */
  readonly code?: number | undefined;
  /** The error code of the request log. */
  readonly reason?: ErrorCode | "tool_error" | "rpc_error" | undefined;
  readonly message?: string | undefined;
}

/** Larger responses count as successes: reading them would cost too much. */
const MAX_PARSED_CHARACTERS = 256 * 1024;
const MAX_MESSAGE_CHARACTERS = 4000;

const SUCCESS: CallOutcome = { success: true };

export function parseOutcome(text: string): CallOutcome {
  if (text.length > MAX_PARSED_CHARACTERS) return SUCCESS;
  if (!text.includes('"error"') && !text.includes('"isError"')) return SUCCESS;
  const message = parseLossless(text);
  return isMembers(message) ? messageOutcome(message) : SUCCESS;
}

export function messageOutcome(message: JsonObject): CallOutcome {
  const error = getMember(message, "error");
  if (isMembers(error)) {
    const code = getMember(error, "code");
    const text = getMember(error, "message");
    const known = typeof code === "number" && Number.isSafeInteger(code) ? code : undefined;
    return {
      success: false,
      code: known,
      reason: (known === undefined ? undefined : jsonRpcError(known)) ?? "rpc_error",
      // Sanitized and cut when it leaves (logs/events.ts): half a secret would not be recognized.
      message: typeof text === "string" ? text.slice(0, MAX_MESSAGE_CHARACTERS) : undefined,
    };
  }
  const result = getMember(message, "result");
  const isError = isMembers(result) && getMember(result, "isError") === true;
  // The tool's text may hold anything: that it failed is enough.
  return isError ? { success: false, reason: "tool_error", message: "Tool error." } : SUCCESS;
}

/** The same outcome as the circuit breaker counts it. */
export function toCallResult({ code, reason }: CallOutcome, status: number): CallResult {
  if (reason === undefined || reason === "tool_error") return { status };
  // A bridge reports its failures under the gateway's own codes.
  return reason === "rpc_error" ? { status, rpcCode: code } : { error: reason };
}

/** A failure that the bridge, or a gateway behind this one, reports in a JSON-RPC error. */
export function toUpstreamError({ reason, message }: CallOutcome, server: string): UpstreamError | undefined {
  switch (reason) {
    case "upstream_unreachable":
    case "upstream_timeout":
    case "upstream_refused":
    case "upstream_invalid":
    case "upstream_unsupported":
      return new UpstreamError(reason, server, message ?? `${server} failed.`);
    default:
      return undefined;
  }
}

const MAX_TAIL_PIECES = 4;

/** Keeps the end of an event stream, which contains the response. */
export class StreamTail {
  #pieces: Uint8Array[] = [];

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > MAX_TAIL_PIECES) this.#pieces.shift();
  }

  /** The server gives its events ids, so a client may take the stream up again where it ended. */
  get isResumable(): boolean {
    const decoder = new TextDecoder();
    return this.#pieces.some((piece) => /^id:/m.test(decoder.decode(piece)));
  }

  /** The last message; `undefined` if it is too long to be read, empty if there is none. */
  lastMessage(): string | undefined {
    const size = this.#pieces.reduce((sum, { length }) => sum + length, 0);
    if (size > MAX_PARSED_CHARACTERS) return undefined;
    const decoder = new TextDecoder();
    const text = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
    const blocks = text.split(/\r?\n\r?\n/).filter((block) => /^data:/m.test(block));
    return parseEvent(blocks.at(-1) ?? "").data ?? "";
  }
}

/** Whether a message of a stream ends its call. Batches contain responses only. */
export function isResponseText(text: string): boolean {
  if (text === "") return false;
  const message = parseLossless(text);
  if (Array.isArray(message)) return true;
  return isMembers(message) && !("method" in message) && ("result" in message || "error" in message);
}
