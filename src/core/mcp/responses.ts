/** JSON-RPC answers that the gateway gives by itself. */
import { ERROR_CODES, type ErrorCode } from "../error-codes.ts";
import {
  errorHeaders,
  type GatewayError,
  MaintenanceError,
  mcpStatus,
  ProtocolError,
  ResultError,
} from "../errors.ts";
import { REQUEST_ID_HEADER } from "../ids.ts";
import { INTERNAL_ERROR, INVALID_REQUEST, type JsonObject, type JsonRpcId, PARSE_ERROR } from "./json-rpc.ts";

/**
 * Our own codes lie outside the ranges that JSON-RPC and MCP reserve. None of them makes a client that supports both
 * eras treat the server as a legacy one and start over with a handshake.
 */
const JSON_RPC_CODES: Record<ErrorCode, number> = {
  bad_request: INVALID_REQUEST,
  payload_too_large: INVALID_REQUEST,
  method_not_allowed: INVALID_REQUEST,
  unsupported_media_type: PARSE_ERROR,
  not_acceptable: INVALID_REQUEST,
  internal: INTERNAL_ERROR,
  unauthorized: -31401,
  forbidden: -31403,
  not_found: -31404,
  conflict: -31409,
  precondition_failed: -31412,
  precondition_required: -31428,
  key_reused: -31422,
  account_required: -31424,
  too_many_requests: -31429,
  budget_exceeded: -31430,
  headers_too_large: -31431,
  cancelled: -31499,
  limits_unavailable: -31507,
  upstream_closed: -31508,
  maintenance: -31509,
  configuration: -31500,
  database_unavailable: -31503,
  upstream_unreachable: -31502,
  upstream_refused: -31505,
  upstream_invalid: -31506,
  upstream_unsupported: -31501,
  upstream_timeout: -31504,
};

export const jsonRpcCode = (code: ErrorCode): number => JSON_RPC_CODES[code];

const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** The others are JSON-RPC's, and many of ours share one. */
const isGatewayCode = (code: number) => code <= -31_400 && code > -31_600;

const GATEWAY_CODES: ReadonlyMap<number, ErrorCode> = new Map(
  ERROR_CODES.filter((code) => isGatewayCode(JSON_RPC_CODES[code])).map((code) => [
    JSON_RPC_CODES[code],
    code,
  ]),
);

/** Which of our errors a number of our own range stands for. */
export const jsonRpcError = (code: number): ErrorCode | undefined => GATEWAY_CODES.get(code);

export function errorBody(id: JsonRpcId | null, code: number, message: string, data?: JsonObject): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: { code, message, ...(data !== undefined && { data }) },
  });
}

export function errorResponse(
  status: number,
  id: JsonRpcId | null,
  error: RpcError,
  headers: Record<string, string> = {},
): Response {
  return new Response(errorBody(id, error.code, error.message, error.data), {
    status,
    headers: { ...JSON_HEADERS, ...headers },
  });
}

/** Responses are not cached by intermediaries; the protocol has its own cache rules. */
export function resultResponse(id: JsonRpcId | null, result: JsonObject): Response {
  return serializedResultResponse(id, JSON.stringify(result));
}

/** `result`: its JSON text, for results that are serialized once and sent often. */
export function serializedResultResponse(id: JsonRpcId | null, result: string): Response {
  return new Response(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`, {
    headers: JSON_HEADERS,
  });
}

interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonObject;
}

/** The JSON-RPC error object of a gateway error; `requestId` leads from it to the request log. */
function toRpcError(error: GatewayError, requestId?: string): RpcError {
  const inLog = requestId === undefined ? {} : { requestId };
  if (error instanceof ProtocolError) {
    const { data } = error.rpc;
    return requestId === undefined ? error.rpc : { ...error.rpc, data: { ...data, ...inLog } };
  }
  return {
    code: JSON_RPC_CODES[error.code],
    message: error.message,
    data: {
      reason: error.code,
      ...(error instanceof MaintenanceError && { endsAt: error.endsAt.toISOString() }),
      ...inLog,
    },
  };
}

/** What a response holds beside its ID: the error, or the result that expresses it. */
export const toResponseContent = (
  error: GatewayError,
  requestId?: string,
): { readonly error: RpcError } | { readonly result: JsonObject } =>
  error instanceof ResultError ? { result: error.result } : { error: toRpcError(error, requestId) };

export function gatewayErrorResponse(
  id: JsonRpcId | null,
  error: GatewayError,
  headers?: Record<string, string>,
): Response {
  return new Response(gatewayErrorBody(id, error, headers?.[REQUEST_ID_HEADER]), {
    status: mcpStatus(error),
    headers: { ...JSON_HEADERS, ...headers, ...errorHeaders(error) },
  });
}

/** To a batch: the same error for each of its requests. */
export function gatewayErrorBatch(
  ids: readonly JsonRpcId[],
  error: GatewayError,
  headers?: Record<string, string>,
): Response {
  return new Response(gatewayErrorBatchBody(ids, error, headers?.[REQUEST_ID_HEADER]), {
    status: mcpStatus(error),
    headers: { ...JSON_HEADERS, ...headers, ...errorHeaders(error) },
  });
}

export function gatewayErrorBatchBody(
  ids: readonly JsonRpcId[],
  error: GatewayError,
  requestId?: string,
): string {
  const content = toResponseContent(error, requestId);
  return JSON.stringify(ids.map((id) => ({ jsonrpc: "2.0", id, ...content })));
}

export function gatewayErrorBody(id: JsonRpcId | null, error: GatewayError, requestId?: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, ...toResponseContent(error, requestId) });
}
