/**
 * JSON-RPC in text frames over a WebSocket with the subprotocol `mcp`. No revision of the protocol defines it, servers
 * implement it nevertheless. The socket is the session; a heartbeat notices when the other side is no longer there.
 */
import { UpstreamError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/mcp/json-rpc.ts";
import { getMember, stringifyLossless } from "../../../core/mcp/lossless-json.ts";
import { HEADERS } from "../../../core/mcp/revisions.ts";
import { MAX_EVENT_BYTES } from "../../../core/size-limits.ts";
import { createTimer, type Timer } from "../../../core/timers.ts";
import { AbortScopes } from "../../connection/abort-scope.ts";
import {
  type ChannelOptions,
  createGatewayId,
  HandshakeError,
  type Request,
  type RequestOptions,
  type SocketLike,
  type UpstreamChannel,
} from "../../connection/channel.ts";
import {
  connectionClosed,
  idleTimeout,
  invalidResponse,
  requestCanceled,
  responseTimeout,
  responseTooLarge,
  statusError,
  toUpstreamError,
} from "../../connection/errors.ts";
import { parseMessages } from "../../connection/event-stream.ts";
import { PendingRequests } from "../../connection/pending-requests.ts";
import { checkUrl } from "../../connection/url-guard.ts";

const HEARTBEAT = { intervalMs: 30_000, pongTimeoutMs: 10_000 };
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;

export async function openWebSocketChannel(
  options: ChannelOptions,
  signal?: AbortSignal,
): Promise<UpstreamChannel> {
  const channel = new WebSocketChannel(options);
  await channel.open(signal);
  return channel;
}

class WebSocketChannel implements UpstreamChannel {
  readonly sessionId = undefined;
  revision: string | undefined;
  readonly #options: ChannelOptions;
  readonly #scopes: AbortScopes;
  /** Their timer fires when no message arrives; responses to the gateway's own pings do not count. */
  readonly #pending: PendingRequests;
  readonly #silence: Timer;
  /** Any frame counts as a pong, because it shows that the connection is alive. */
  readonly #unanswered: Timer;
  #lastPing = "";
  #socket: SocketLike | undefined;

  constructor(options: ChannelOptions) {
    const { server, idleTimeoutMs } = options.target;
    const { intervalMs, pongTimeoutMs } = options.heartbeat ?? HEARTBEAT;
    this.#options = options;
    this.#scopes = new AbortScopes(server);
    this.#silence = createTimer(intervalMs, () => this.#ping());
    this.#unanswered = createTimer(pongTimeoutMs, () =>
      this.#end(idleTimeout(server, intervalMs + pongTimeoutMs), NORMAL),
    );
    this.#pending = new PendingRequests(
      createTimer(idleTimeoutMs, () => this.#end(idleTimeout(server, idleTimeoutMs), NORMAL)),
    );
  }

  async open(caller: AbortSignal | undefined): Promise<void> {
    const { server, credential, firstByteTimeoutMs, handshakeHeaders } = this.#options.target;
    const url = this.#checkUrl();
    const headers = new Map<string, string>(handshakeHeaders);
    const { gatewayId } = this.#options.deps;
    if (gatewayId !== undefined) headers.set(HEADERS.gatewayPath, gatewayId);
    if (credential !== undefined) headers.set(...credential);
    const timeout = new AbortController();
    const giveUp = () => timeout.abort();
    const timer = setTimeout(giveUp, firstByteTimeoutMs);
    caller?.addEventListener("abort", giveUp);
    if (caller?.aborted) giveUp();
    try {
      const handshake = { url, headers, protocols: ["mcp"], signal: timeout.signal };
      this.#socket = await this.#options.deps.openSocket(handshake, {
        message: (data) => this.#receive(data),
        closed: () => this.#end(connectionClosed(server)),
      });
    } catch (error) {
      this.#scopes.end(undefined);
      throw this.#handshakeFailure(error, caller, timeout.signal);
    } finally {
      clearTimeout(timer);
      caller?.removeEventListener("abort", giveUp);
    }
    this.#silence.start();
    if (!this.#scopes.isEnded) return;
    this.#end(undefined, NORMAL);
    throw connectionClosed(server);
  }

  async request(message: Request, options: RequestOptions = {}): Promise<JsonObject> {
    return this.#pending.wait(message.id, (answer) =>
      this.#scopes.run(options.signal, async () => {
        this.#transmit(message);
        return answer;
      }),
    );
  }

  send(message: JsonObject): Promise<void> {
    return this.#scopes.run(undefined, async () => this.#transmit(message));
  }

  async listen(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#end(undefined, NORMAL);
  }

  /** The session is the connection. */
  abandon(): Promise<void> {
    return this.close();
  }

  #end(reason: UpstreamError | undefined, code?: number): void {
    this.#silence.stop();
    this.#unanswered.stop();
    this.#pending.stop();
    const isFirst = this.#scopes.end(reason);
    if (code !== undefined) this.#socket?.close(code);
    // Before the socket is open, the failure is reported by the exception of `open`.
    if (isFirst && this.#socket !== undefined) this.#options.events.closed(reason);
  }

  #receive(data: unknown): void {
    if (this.#scopes.isEnded) return;
    this.#unanswered.stop();
    this.#silence.start();
    const { server } = this.#options.target;
    try {
      if (typeof data !== "string")
        throw invalidResponse(server, "sent a binary WebSocket frame; only text frames are supported");
      if (data.length > MAX_EVENT_BYTES) throw responseTooLarge(server, MAX_EVENT_BYTES);
      for (const message of parseMessages(data, server)) {
        if (getMember(message, "id") !== this.#lastPing) this.#pending.noteActivity();
        if (!this.#pending.resolve(message)) this.#options.events.message(message, undefined);
      }
    } catch (error) {
      this.#end(toUpstreamError(server, error), UNSUPPORTED_DATA);
    }
  }

  /** The response is not awaited: PendingRequests drops responses without a pending request. */
  #ping(): void {
    this.#unanswered.start();
    try {
      this.#lastPing = createGatewayId("ping");
      this.#transmit({ jsonrpc: "2.0", id: this.#lastPing, method: "ping" });
    } catch {
      // The socket reports that it is closed, or else no response comes.
    }
  }

  #transmit(message: JsonObject): void {
    try {
      this.#socket?.send(stringifyLossless(message));
    } catch (error) {
      throw connectionClosed(this.#options.target.server, error);
    }
  }

  #checkUrl(): URL {
    const { server, url } = this.#options.target;
    const verdict = checkUrl(url, this.#options.deps.urlPolicy);
    const reason = verdict.ok ? "must be a wss URL" : verdict.reason;
    if (verdict.ok && /^wss?:$/.test(verdict.url.protocol)) return verdict.url;
    const message = `The URL of server ${server} ${reason}. Correct it in the server's settings.`;
    throw new UpstreamError("upstream_refused", server, message);
  }

  #handshakeFailure(error: unknown, caller: AbortSignal | undefined, timeout: AbortSignal): UpstreamError {
    const { server, firstByteTimeoutMs } = this.#options.target;
    if (caller?.aborted) return requestCanceled(server);
    if (error instanceof HandshakeError) return statusError(server, error.status);
    if (timeout.aborted) return responseTimeout(server, firstByteTimeoutMs);
    const message = `Server ${server} is unreachable. Retry later.`;
    return new UpstreamError("upstream_unreachable", server, message, error);
  }
}
