/**
 * One request of the modern era: it contains everything the server needs, its response ends it, and disconnecting
 * cancels it. A broken stream loses the request.
 */

import { encodeHeaderValue } from "../../core/mcp/inbound.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { HEADERS, LATEST_MODERN, META, NAMED_BY } from "../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { AbortScopes } from "../connection/abort-scope.ts";
import type { ChannelTarget, UpstreamDeps } from "../connection/channel.ts";
import {
  connectionClosed,
  credentialRejected,
  isAuthorizationStatus,
  statusError,
} from "../connection/errors.ts";
import { isEventStream } from "../connection/event-stream.ts";
import { sendHttp } from "../transports/http/exchange.ts";
import {
  createCursor,
  type OnMessage,
  readErrorResponse,
  readJsonResponse,
  readStreamResponse,
} from "../transports/http/responses.ts";

export interface ModernRequest {
  readonly target: ChannelTarget;
  readonly tools: UpstreamDeps;
  readonly id: JsonRpcId;
  readonly method: string;
  readonly params?: JsonObject;
  /** The capabilities of the client; nothing is kept between requests. */
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
  /** Trace context, Mcp-Param-* and the like. */
  readonly headers?: HeaderMap;
  /** What comes on the stream before the answer. */
  readonly onMessage?: OnMessage;
  readonly signal?: AbortSignal;
}

export interface ModernResponse {
  readonly status: number;
  /** Result or error alike. */
  readonly message: JsonObject;
}

/** Resolves with whatever JSON-RPC answer there is, whatever the status; throws where there is none. */
export function sendModernRequest(request: ModernRequest): Promise<ModernResponse> {
  const { target, tools, id } = request;
  const { server, idleTimeoutMs } = target;
  const onMessage = request.onMessage ?? (() => undefined);
  return new AbortScopes(server).run(request.signal, async (signal) => {
    const reading = { server, idleMs: idleTimeoutMs, signal };
    const response = await sendHttp(
      {
        server,
        url: target.url,
        method: "POST",
        headers: buildHeaders(request),
        body: buildBody(request),
        firstByteTimeoutMs: target.firstByteTimeoutMs,
        signal,
        ...(target.credential !== undefined && { credential: target.credential }),
      },
      tools,
    );
    const { status } = response;
    if (isAuthorizationStatus(status)) {
      await response.body?.cancel();
      throw credentialRejected(server, response);
    }
    if (!response.ok) {
      const message = await readErrorResponse(response, id, reading);
      if (message === undefined) throw statusError(server, status);
      return { status, message };
    }
    if (!isEventStream(response) || response.body === null) {
      return { status, message: await readJsonResponse(response, id, onMessage, reading) };
    }
    const message = await readStreamResponse(response.body, id, onMessage, reading, createCursor());
    if (message === undefined) throw connectionClosed(server);
    return { status, message };
  });
}

function buildHeaders({ method, params, headers: extra }: ModernRequest): HeaderMap {
  const headers = new Map(extra);
  headers.set("accept", "application/json, text/event-stream");
  headers.set("content-type", "application/json");
  headers.set(HEADERS.protocolVersion, LATEST_MODERN);
  headers.set(HEADERS.method, method);
  const source = NAMED_BY[method];
  const name = source === undefined ? undefined : getMember(params, source);
  if (typeof name === "string") headers.set(HEADERS.name, encodeHeaderValue(name));
  return headers;
}

function buildBody({ id, method, params, capabilities, clientInfo }: ModernRequest): string {
  const given = getMember(params, "_meta");
  const _meta = {
    ...(isMembers(given) && given),
    [META.protocolVersion]: LATEST_MODERN,
    [META.clientCapabilities]: capabilities,
    [META.clientInfo]: clientInfo,
  };
  return stringifyLossless({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
}
