/**
 * Reads a JSON-RPC body just far enough to route and judge it. Members that nobody here knows are left alone: what is
 * forwarded is the bytes that came, not what was read.
 */
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
  /** Only revision 2025-03-26 knows batches. */
  | { readonly kind: "batch"; readonly messages: readonly Message[] }
  | {
      readonly kind: "invalid";
      readonly code: number;
      readonly reason: string;
      readonly id: JsonRpcId | null;
    };

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** Deeper than any honest message, shallow enough for every recursive reader behind us. */
export const MAX_DEPTH = 100;

export function readBody(text: string): Body {
  if (isTooDeep(text, MAX_DEPTH))
    return invalid(PARSE_ERROR, `The message is nested deeper than ${MAX_DEPTH} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(PARSE_ERROR, "The body is not valid JSON.");
  }
  if (!Array.isArray(value)) {
    const message = readMessage(value);
    return "code" in message ? message : { kind: "single", message };
  }
  if (value.length === 0) return invalid(INVALID_REQUEST, "A batch must hold at least one message.");
  const messages: Message[] = [];
  for (const item of value) {
    const message = readMessage(item);
    if ("code" in message) return message;
    messages.push(message);
  }
  return { kind: "batch", messages };
}

export function readMessage(value: unknown): Message | (Body & { kind: "invalid" }) {
  if (!isObject(value)) return invalid(INVALID_REQUEST, "A message must be a JSON object.");
  const { id, method, params } = value;
  const known = isId(id) ? id : null;
  if (value.jsonrpc !== "2.0") return invalid(INVALID_REQUEST, 'A message must say "jsonrpc": "2.0".', known);
  if (method === undefined) return readResponse(value, known);
  if (typeof method !== "string") return invalid(INVALID_REQUEST, "A method must be a string.", known);
  if (params !== undefined && !isObject(params)) {
    return invalid(INVALID_REQUEST, "Parameters must be a JSON object.", known);
  }
  if (id === undefined) return { kind: "notification", method, params };
  if (known === null) return invalid(INVALID_REQUEST, "A request's id must be a string or a number.");
  return { kind: "request", id: known, method, params };
}

function readResponse(value: JsonObject, id: JsonRpcId | null): Message | (Body & { kind: "invalid" }) {
  const isError = "error" in value;
  if (isError === "result" in value) {
    return invalid(INVALID_REQUEST, "A message must have a method, a result or an error.", id);
  }
  // Only an error may answer nobody: the request it is about could not be read.
  if (id === null && !isError)
    return invalid(INVALID_REQUEST, "A response must carry the id of its request.");
  return { kind: "response", id, isError };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isId(value: unknown): value is JsonRpcId {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

function invalid(code: number, reason: string, id: JsonRpcId | null = null): Body & { kind: "invalid" } {
  return { kind: "invalid", code, reason, id };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Counts brackets outside strings, before anything that recurses gets hold of the text. */
export function isTooDeep(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return false;
}

/** Where the string that opens at `start` closes. Native search makes long strings cheap. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
