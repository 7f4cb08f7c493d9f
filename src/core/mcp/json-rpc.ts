/**
 * Parses a JSON-RPC body as far as routing and validation require. Unknown members are ignored: the original bytes are
 * forwarded, not the parsed value.
 */
import { MAX_JSON_DEPTH } from "../size-limits.ts";
import { type AmbiguousMember, findAmbiguousMember } from "./ambiguous-json.ts";
import { validateTarget } from "./target-fault.ts";

export type JsonRpcId = string | number;
export type JsonObject = { readonly [member: string]: unknown };

export type Message =
  | {
      readonly kind: "request";
      readonly id: JsonRpcId;
      readonly method: string;
      readonly params: JsonObject | undefined;
    }
  | { readonly kind: "notification"; readonly method: string; readonly params: JsonObject | undefined }
  | { readonly kind: "response"; readonly id: JsonRpcId | null; readonly isError: boolean };

export type Body =
  | { readonly kind: "single"; readonly message: Message }
  /** Only revision 2025-03-26 has batches. */
  | { readonly kind: "batch"; readonly messages: readonly Message[] }
  | {
      readonly kind: "invalid";
      readonly code: number;
      readonly reason: string;
      readonly id: JsonRpcId | null;
    };

type Invalid = Body & { readonly kind: "invalid" };

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

export function parseBody(text: string): Body {
  const fault = findAmbiguousMember(text);
  if (fault === "too_deep") {
    return invalid(PARSE_ERROR, `The message is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(PARSE_ERROR, "The body is not valid JSON.");
  }
  if (fault !== undefined) return ambiguous(fault, value);
  if (!Array.isArray(value)) {
    const message = parseMessage(value);
    return "code" in message ? message : { kind: "single", message };
  }
  if (value.length === 0) return invalid(INVALID_REQUEST, "A batch must hold at least one message.");
  const messages: Message[] = [];
  for (const item of value) {
    const message = parseMessage(item);
    if ("code" in message) return message;
    messages.push(message);
  }
  return { kind: "batch", messages };
}

/** An ambiguous body is rejected completely, since the next parser may read other values than were validated here. */
function ambiguous({ member, spelled }: Exclude<AmbiguousMember, "too_deep">, value: unknown): Invalid {
  const id = isObject(value) && isId(value.id) ? value.id : null;
  const name = JSON.stringify(spelled.slice(0, 80));
  const why =
    spelled === member
      ? `The member ${name} is duplicated.`
      : `The member ${name} must be written "${member}".`;
  return invalid(INVALID_REQUEST, `${why} Send each member once, spelled exactly.`, id);
}

function parseMessage(value: unknown): Message | Invalid {
  if (!isObject(value)) return invalid(INVALID_REQUEST, "A message must be a JSON object.");
  const { id, method, params } = value;
  const known = isId(id) ? id : null;
  if (value.jsonrpc !== "2.0")
    return invalid(INVALID_REQUEST, 'A message must contain "jsonrpc": "2.0".', known);
  if (method === undefined) return parseResponse(value, known);
  if (typeof method !== "string") return invalid(INVALID_REQUEST, "A method must be a string.", known);
  if (params !== undefined && !isObject(params)) {
    return invalid(INVALID_REQUEST, "Parameters must be a JSON object.", known);
  }
  const fault = validateTarget(method, params);
  if (fault !== undefined) return invalid(INVALID_PARAMS, fault, known);
  if (id === undefined) return { kind: "notification", method, params };
  if (known === null) return invalid(INVALID_REQUEST, "A request's id must be a string or a number.");
  return { kind: "request", id: known, method, params };
}

function parseResponse(value: JsonObject, id: JsonRpcId | null): Message | Invalid {
  const isError = "error" in value;
  if (isError === "result" in value) {
    return invalid(INVALID_REQUEST, "A message must have a method, a result or an error.", id);
  }
  // Only an error response may have no ID, because its request could not be parsed.
  if (id === null && !isError)
    return invalid(INVALID_REQUEST, "A response must carry the id of its request.");
  return { kind: "response", id, isError };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is JsonRpcId {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

function invalid(code: number, reason: string, id: JsonRpcId | null = null): Invalid {
  return { kind: "invalid", code, reason, id };
}
