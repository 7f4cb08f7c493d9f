/**
 * A legacy client's session: it keeps what the client said of itself, gives the answers that need no server, and brings
 * every other request to the server that it is about, in whichever era that server speaks.
 */
import { GatewayError, toGatewayError } from "../../core/errors.ts";
import {
  INVALID_REQUEST,
  type JsonObject,
  type JsonRpcId,
  METHOD_NOT_FOUND,
} from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { toRpcError } from "../../core/mcp/responses.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { cancelledByAdmin } from "../active.ts";
import { judgeMessage } from "../context/call-outcome.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import type { McpContext } from "../context.ts";
import { initialized } from "./initialize.ts";
import { answerLocally } from "./local.ts";
import { Outbox, type Sink } from "./outbox.ts";
import type { Exchange } from "./peer.ts";
import { Peers } from "./peers.ts";
import { Questions } from "./questions.ts";
import { routeRequest } from "./route.ts";
import type { Keeper, SessionState } from "./state.ts";
import { Watching } from "./watching.ts";

/** One POST of the client's, or one message that came in another way. */
export interface Incoming {
  readonly messages: readonly JsonObject[];
  /** Trace context and the like, for servers that take headers. */
  readonly headers: HeaderMap;
  readonly context: McpContext;
}

export class Session {
  readonly state: SessionState;
  readonly outbox = new Outbox();
  readonly peers: Peers;
  readonly #keeper: Keeper;
  readonly #questions = new Questions();
  readonly #running = new Map<JsonRpcId, AbortController>();
  readonly #watching: Watching;

  constructor(state: SessionState, keeper: Keeper) {
    this.state = state;
    this.#keeper = keeper;
    this.peers = new Peers(this, {
      notify: (message) => this.outbox.general.send(message),
      ask: (request, withdrawn) => this.#questions.ask(request, this.#anyStream(), withdrawn),
    });
    this.#watching = new Watching(this);
  }

  save(): void {
    this.#keeper.save(this.state);
  }

  /** Requests are answered on the stream, in whatever order their answers come; the stream ends with the last. */
  async receive({ messages, headers, context }: Incoming, stream: Sink): Promise<void> {
    await Promise.all(
      messages.map(async (message) => {
        const { id, method } = message;
        if (typeof method !== "string") this.#questions.answered(message);
        else if (typeof id === "string" || typeof id === "number") {
          const answer = await this.#answer(id, method, message, { headers, context, stream });
          settle(context.record.operation(id), answer);
          stream.send(answer);
        } else this.#told(method, message);
      }),
    );
  }

  /** The client reads the general stream now, so what servers tell unasked is worth listening to. */
  attend(context: McpContext): void {
    this.#watching.start(context);
  }

  async close(forGood: boolean): Promise<void> {
    for (const abort of this.#running.values()) abort.abort();
    this.#watching.stop();
    this.outbox.general.finish();
    await this.peers.close(forGood);
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.outbox.isAttached;
  }

  async #answer(
    id: JsonRpcId,
    method: string,
    message: JsonObject,
    { headers, context, stream }: { headers: HeaderMap; context: McpContext; stream: Sink },
  ): Promise<JsonObject> {
    const failed = (code: number, text: string) => ({ jsonrpc: "2.0", id, error: { code, message: text } });
    if (method === "initialize") return this.#initialize(id, message, context);
    if (this.state.client === undefined) return failed(INVALID_REQUEST, "Session not initialized.");
    if (this.#running.has(id))
      return failed(INVALID_REQUEST, "A request with this ID is already in progress.");
    const abort = new AbortController();
    this.#running.set(id, abort);
    const exchange: Exchange = {
      id,
      signal: abort.signal,
      cancel: () => abort.abort(cancelledByAdmin()),
      headers,
      notify: (notification) => stream.send(notification),
      ask: (request, withdrawn) => this.#questions.ask(request, stream, withdrawn, abort.signal),
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
      const known = reasonOf(abort.signal, error);
      context.record.operation(id)?.fail(known);
      return { jsonrpc: "2.0", id, error: toRpcError(known) };
    } finally {
      this.#running.delete(id);
    }
  }

  async #initialize(id: JsonRpcId, message: JsonObject, context: McpContext): Promise<JsonObject> {
    if (this.state.client !== undefined) {
      const error = { code: INVALID_REQUEST, message: "The session is already initialized." };
      return { jsonrpc: "2.0", id, error };
    }
    const { client, result } = await initialized(message, this.state.serverName, context);
    this.state.client = client;
    this.save();
    return { jsonrpc: "2.0", id, result };
  }

  #told(method: string, message: JsonObject): void {
    const params = getMember(message, "params");
    if (method === "notifications/cancelled") {
      const requestId = isMembers(params) ? getMember(params, "requestId") : undefined;
      if (typeof requestId === "string" || typeof requestId === "number")
        this.#running.get(requestId)?.abort();
    } else if (method !== "notifications/initialized") {
      // Progress on what a server asked, or roots that have changed.
      this.peers.notify(message);
    }
  }

  /** A question that belongs to no request goes where the client is sure to read. */
  #anyStream(): Sink {
    return this.outbox.general;
  }
}

/** Operations that reached a server are settled by the pipeline. */
function settle(operation: OperationRecorder | undefined, answer: JsonObject): void {
  if (operation !== undefined && operation.outcome === undefined) operation.settle(judgeMessage(answer));
}

/** A request that was ended from outside has not failed. */
function reasonOf(signal: AbortSignal, error: unknown): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return signal.aborted ? new GatewayError("cancelled", "The request was canceled.") : toGatewayError(error);
}
