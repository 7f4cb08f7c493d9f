/**
 * A legacy client's session: it keeps the client's initialize data, answers what needs no server, and sends
 * every other request to its server, in that server's era.
 */
import { GatewayError, toGatewayError } from "../../core/errors.ts";
import {
  INVALID_REQUEST,
  type JsonObject,
  type JsonRpcId,
  METHOD_NOT_FOUND,
} from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { toResponseContent } from "../../core/mcp/responses.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { messageOutcome } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { canceledByAdmin } from "../pipeline/active-requests.ts";
import { ClientRequests } from "./client-requests.ts";
import { EventStore, type Sink } from "./event-store.ts";
import { buildInitializeResult } from "./initialize.ts";
import { answerLocally } from "./local-methods.ts";
import type { PeerExchange } from "./peer.ts";
import { ResourceSubscriptions } from "./resource-subscriptions.ts";
import { routeRequest } from "./route-request.ts";
import type { SessionState, StateStore } from "./state.ts";
import { UpstreamPeers } from "./upstream-peers.ts";

/** One POST of the client's, or one message that came in another way. */
export interface IncomingMessages {
  readonly messages: readonly JsonObject[];
  /** Trace context and the like, for servers that take headers. */
  readonly headers: HeaderMap;
  readonly context: McpContext;
}

export class Session {
  readonly state: SessionState;
  readonly events = new EventStore();
  readonly peers: UpstreamPeers;
  readonly #keeper: StateStore;
  readonly #clientRequests = new ClientRequests();
  readonly #running = new Map<JsonRpcId, AbortController>();
  readonly #subscriptions: ResourceSubscriptions;

  constructor(state: SessionState, keeper: StateStore) {
    this.state = state;
    this.#keeper = keeper;
    this.peers = new UpstreamPeers(this, {
      notify: (message) => this.events.general.send(message),
      request: (request, withdrawn) => this.#clientRequests.send(request, this.#anyStream(), withdrawn),
    });
    this.#subscriptions = new ResourceSubscriptions(this);
  }

  save(): void {
    this.#keeper.save(this.state);
  }

  /** Requests are answered on the stream, in whatever order their answers come; the stream ends with the last. */
  async receive({ messages, headers, context }: IncomingMessages, stream: Sink): Promise<void> {
    await Promise.all(
      messages.map(async (message) => {
        const { id, method } = message;
        if (typeof method !== "string") this.#clientRequests.resolve(message);
        else if (typeof id === "string" || typeof id === "number") {
          const answer = await this.#respond(id, method, message, { headers, context, stream });
          settle(context.record.operation(id), answer);
          stream.send(answer);
        } else this.#receiveNotification(method, message);
      }),
    );
  }

  /** The client reads the general stream now, so servers' unsolicited notifications are subscribed to. */
  attend(context: McpContext): void {
    this.#subscriptions.start(context);
  }

  async close(forGood: boolean): Promise<void> {
    for (const abort of this.#running.values()) abort.abort();
    this.#subscriptions.stop();
    this.events.general.finish();
    await this.peers.close(forGood);
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.events.isAttached;
  }

  async #respond(
    id: JsonRpcId,
    method: string,
    message: JsonObject,
    { headers, context, stream }: { headers: HeaderMap; context: McpContext; stream: Sink },
  ): Promise<JsonObject> {
    const failed = (code: number, text: string) => ({ jsonrpc: "2.0", id, error: { code, message: text } });
    if (method === "initialize") return this.#initialize(id, message, context);
    if (this.state.client === undefined)
      return failed(INVALID_REQUEST, "Session not initialized. Send initialize.");
    if (this.#running.has(id))
      return failed(INVALID_REQUEST, "A request with this ID is already in progress. Use another ID.");
    const abort = new AbortController();
    this.#running.set(id, abort);
    const exchange: PeerExchange = {
      id,
      signal: abort.signal,
      cancel: () => abort.abort(canceledByAdmin()),
      headers,
      notify: (notification) => stream.send(notification),
      request: (request, withdrawn) => this.#clientRequests.send(request, stream, withdrawn, abort.signal),
    };
    try {
      const local = await answerLocally(method, message, this, context);
      if (local !== undefined)
        return "error" in local
          ? { jsonrpc: "2.0", id, ...local }
          : { jsonrpc: "2.0", id, result: local.result };
      return (
        (await routeRequest(message, exchange, this, context)) ??
        failed(METHOD_NOT_FOUND, "Method not found.")
      );
    } catch (error) {
      const known = abortReason(abort.signal, error);
      context.record.operation(id)?.fail(known);
      return { jsonrpc: "2.0", id, ...toResponseContent(known, context.requestId) };
    } finally {
      this.#running.delete(id);
    }
  }

  async #initialize(id: JsonRpcId, message: JsonObject, context: McpContext): Promise<JsonObject> {
    if (this.state.client !== undefined) {
      const error = { code: INVALID_REQUEST, message: "The session is already initialized." };
      return { jsonrpc: "2.0", id, error };
    }
    const { client, result } = await buildInitializeResult(message, this.state, context);
    this.state.client = client;
    this.save();
    return { jsonrpc: "2.0", id, result };
  }

  #receiveNotification(method: string, message: JsonObject): void {
    const params = getMember(message, "params");
    if (method === "notifications/cancelled") {
      const requestId = isMembers(params) ? getMember(params, "requestId") : undefined;
      if (typeof requestId === "string" || typeof requestId === "number")
        this.#running.get(requestId)?.abort();
    } else if (method !== "notifications/initialized") {
      // Progress on a server's request, or roots that have changed.
      this.peers.notify(message);
    }
  }

  /** A server's request that is related to no request goes to a stream that the client reads. */
  #anyStream(): Sink {
    return this.events.general;
  }
}

/** Operations that reached a server are settled by the pipeline. */
function settle(operation: OperationRecorder | undefined, answer: JsonObject): void {
  if (operation !== undefined && operation.outcome === undefined) operation.settle(messageOutcome(answer));
}

/** A request that was ended from outside has not failed. */
function abortReason(signal: AbortSignal, error: unknown): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return signal.aborted ? new GatewayError("cancelled", "The request was canceled.") : toGatewayError(error);
}
