/**
 * A server of the modern era. Every request is independent; input that the server requires is requested from the client
 * between two requests.
 */
import {
  addInputResponses,
  parseInputRequired,
  toLegacyRequest,
  toLegacyResponse,
} from "../../core/mcp/eras.ts";
import { INTERNAL_ERROR, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { buildParamHeaders } from "../../core/mcp/param-headers.ts";
import { META } from "../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { sleep } from "../../core/timers.ts";
import { type ChannelDeps, type ChannelTarget, createGatewayId } from "../../upstream/connection/channel.ts";
import { sendModernRequest } from "../../upstream/protocol/modern-request.ts";
import type { ClientFacts, PeerExchange, SessionPeer } from "./peer.ts";

/** A server that is never content is no server. */
const MAX_ROUNDS = 20;
const MIN_RETRY_DELAY_MS = 200;

export interface ModernPeerOptions {
  readonly target: ChannelTarget;
  readonly tools: ChannelDeps;
  readonly client: () => ClientFacts;
  /** The definition of a tool, by its own name. */
  readonly toolNamed: (name: string) => JsonObject | undefined;
}

export class ModernPeer implements SessionPeer {
  readonly #options: ModernPeerOptions;

  constructor(options: ModernPeerOptions) {
    this.#options = options;
  }

  async request(message: JsonObject, exchange: PeerExchange): Promise<JsonObject> {
    const method = String(getMember(message, "method"));
    let request = toLegacyRequest(message, exchange.id);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const answer = await this.#send(method, request, exchange);
      const wanted = parseInputRequired(answer);
      if (wanted === undefined) return toLegacyResponse(answer, method, exchange.id);
      const responses: Record<string, unknown> = {};
      for (const [key, asked] of wanted.requests) {
        const response = await exchange.request({ method: asked.method, params: asked.params });
        // The modern era cannot report that an input request failed; the call fails with it.
        if ("error" in response) return { ...response, id: exchange.id };
        responses[key] = getMember(response, "result");
      }
      // Without input requests it only requests to be called again.
      if (wanted.requests.size === 0)
        await sleep(MIN_RETRY_DELAY_MS * 2 ** Math.min(round, 6), exchange.signal);
      request = { ...request, ...addInputResponses(request, responses, wanted.state) };
    }
    const error = { code: INTERNAL_ERROR, message: "The server sent too many requests to the client." };
    return { jsonrpc: "2.0", id: exchange.id, error };
  }

  /** A modern server has no session state, so the notification is dropped. */
  notify(): void {}

  async close(): Promise<void> {}

  async #send(method: string, request: JsonObject, exchange: PeerExchange): Promise<JsonObject> {
    const { target, tools, client, toolNamed } = this.#options;
    const { capabilities, clientInfo, logLevel } = client();
    const params = getMember(request, "params");
    const given = isMembers(params) ? params : {};
    const { message } = await sendModernRequest({
      target,
      tools,
      id: createGatewayId("call"),
      method,
      params: logLevel === undefined ? given : withLogLevel(given, logLevel),
      capabilities,
      clientInfo,
      headers: buildHeaders(method, given, exchange.headers, toolNamed),
      onMessage: (notification) => exchange.notify(notification),
      signal: exchange.signal,
    });
    return message;
  }
}

function withLogLevel(params: JsonObject, level: string): JsonObject {
  const meta = getMember(params, "_meta");
  return { ...params, _meta: { ...(isMembers(meta) && meta), [META.logLevel]: level } };
}

/** Adds the headers that the tool's schema declares; a legacy client does not send them. */
function buildHeaders(
  method: string,
  params: JsonObject,
  given: HeaderMap,
  toolNamed: ModernPeerOptions["toolNamed"],
): HeaderMap {
  const headers = new Map(given);
  if (method !== "tools/call") return headers;
  const tool = toolNamed(String(getMember(params, "name")));
  for (const [name, value] of buildParamHeaders(
    getMember(tool, "inputSchema"),
    getMember(params, "arguments"),
  )) {
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}
