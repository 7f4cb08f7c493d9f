/**
 * HTTP+SSE of 2024-11-05: one GET opens the stream on which everything comes, its first event names the address to post
 * to. The stream is the session: when it ends, nothing can be resumed.
 */

import { UpstreamError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../../core/mcp/lossless-json.ts";
import { HEADERS } from "../../../core/mcp/revisions.ts";
import type { SseEvent } from "../../../core/mcp/sse.ts";
import type { HeaderMap } from "../../../core/net/headers.ts";
import { createTimer, withTimeout } from "../../../core/timers.ts";
import { AbortScopes } from "../../connection/abort-scope.ts";
import {
  type ChannelOptions,
  type Request,
  type RequestOptions,
  SessionLostError,
  type UpstreamChannel,
} from "../../connection/channel.ts";
import {
  connectionClosed,
  credentialRejected,
  idleTimeout,
  invalidResponse,
  isAuthorizationStatus,
  responseTimeout,
  statusError,
  toUpstreamError,
} from "../../connection/errors.ts";
import { eventData, isEventStream, parseMessages, readEvents } from "../../connection/event-stream.ts";
import { PendingRequests } from "../../connection/pending-requests.ts";
import { checkUrl } from "../../connection/url-guard.ts";
import { type SignalledRequest, sendHttp } from "../http/exchange.ts";

/** Resolves once the server has named the address to post to. */
export async function openSseChannel(
  options: ChannelOptions,
  signal?: AbortSignal,
): Promise<UpstreamChannel> {
  const channel = new SseChannel(options);
  await channel.open(signal);
  return channel;
}

class SseChannel implements UpstreamChannel {
  readonly sessionId = undefined;
  revision: string | undefined;
  readonly #options: ChannelOptions;
  readonly #scopes: AbortScopes;
  /** Their timer fires when no bytes arrive. Without a pending request, silence is normal. */
  readonly #pending: PendingRequests;
  #endpoint: string | undefined;

  constructor(options: ChannelOptions) {
    const { server, idleTimeoutMs } = options.target;
    this.#options = options;
    this.#scopes = new AbortScopes(server);
    this.#pending = new PendingRequests(
      createTimer(idleTimeoutMs, () => this.#end(idleTimeout(server, idleTimeoutMs))),
    );
  }

  async open(caller: AbortSignal | undefined): Promise<void> {
    const { server, firstByteTimeoutMs } = this.#options.target;
    const { promise: named, resolve, reject } = Promise.withResolvers<true>();
    const reading = this.#scopes.run(undefined, (signal) => this.#readStream(signal, () => resolve(true)));
    reading.catch((error: unknown) => {
      reject(error);
      // Before the endpoint is known, the failure is reported by the exception of `open`.
      if (this.#endpoint !== undefined) this.#end(toUpstreamError(server, error));
    });
    try {
      // The headers have this long, and so has the first event after them.
      const wait = () => withTimeout(named, 2 * firstByteTimeoutMs);
      const isNamed = await new AbortScopes(server).run(caller, wait);
      if (isNamed === undefined) throw responseTimeout(server, 2 * firstByteTimeoutMs);
    } catch (error) {
      named.catch(() => undefined);
      this.#scopes.end(undefined);
      throw error;
    }
  }

  async request(message: Request, options: RequestOptions = {}): Promise<JsonObject> {
    return this.#pending.wait(message.id, (answer) =>
      this.#scopes.run(options.signal, async (signal) => {
        // The answer may overtake the end of the POST, and some servers end the POST only then.
        const posted = this.#post(message, signal, options.headers);
        await Promise.race([answer, posted]);
        return answer;
      }),
    );
  }

  send(message: JsonObject): Promise<void> {
    return this.#scopes.run(undefined, (signal) => this.#post(message, signal));
  }

  async listen(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#end(undefined);
  }

  /** The session is the connection. */
  abandon(): Promise<void> {
    return this.close();
  }

  #end(reason: UpstreamError | undefined): void {
    this.#pending.stop();
    if (this.#scopes.end(reason)) this.#options.events.closed(reason);
  }

  async #readStream(signal: AbortSignal, named: () => void): Promise<never> {
    const { server } = this.#options.target;
    const headers = new Map([["accept", "text/event-stream"]]);
    const response = await sendHttp(this.#to("GET", headers, signal), this.#options.deps);
    if (!response.ok || !isEventStream(response) || response.body === null) {
      await response.body?.cancel();
      throw response.ok
        ? invalidResponse(server, "answered GET without an event stream")
        : statusError(server, response.status);
    }
    const onActivity = () => this.#pending.noteActivity();
    for await (const event of readEvents(response.body, { server, idleMs: undefined, signal, onActivity })) {
      if (event.event !== "endpoint") this.#deliver(event);
      else if (this.#endpoint === undefined) {
        this.#endpoint = this.#checkEndpoint(event.data ?? "");
        named();
      }
    }
    throw connectionClosed(server);
  }

  #deliver(event: SseEvent): void {
    const data = eventData(event);
    if (data === undefined) return;
    for (const message of parseMessages(data, this.#options.target.server)) {
      if (!this.#pending.resolve(message)) this.#options.events.message(message, undefined);
    }
  }

  /** Where we post goes our credential: an address of the server's choosing must be on its own origin. */
  #checkEndpoint(text: string): string {
    const { server, url } = this.#options.target;
    const endpoint = URL.parse(text, url);
    if (endpoint === null) throw invalidResponse(server, "sent an invalid endpoint URL");
    const isOwn = endpoint.origin === new URL(url).origin;
    if (isOwn && checkUrl(endpoint.href, this.#options.deps.urlPolicy).ok) return endpoint.href;
    const message = `Server ${server} redirects its messages to another origin than the registered one. Contact its owner.`;
    throw new UpstreamError("upstream_refused", server, message);
  }

  async #post(message: JsonObject, signal: AbortSignal, extra?: HeaderMap): Promise<void> {
    const { server } = this.#options.target;
    const headers = new Map(extra);
    headers.set("accept", "application/json, text/event-stream");
    headers.set("content-type", "application/json");
    if (this.revision !== undefined) headers.set(HEADERS.protocolVersion, this.revision);
    const request = { ...this.#to("POST", headers, signal), body: stringifyLossless(message) };
    const response = await sendHttp(request, this.#options.deps);
    await response.body?.cancel();
    if (response.ok) return;
    if (isAuthorizationStatus(response.status)) throw credentialRejected(server, response);
    if (response.status !== 404) throw statusError(server, response.status);
    const lost = new SessionLostError(server);
    this.#end(lost);
    throw lost;
  }

  #to(method: "GET" | "POST", headers: HeaderMap, signal: AbortSignal): SignalledRequest {
    const { server, url, credential, firstByteTimeoutMs } = this.#options.target;
    return {
      server,
      url: method === "GET" ? url : (this.#endpoint ?? url),
      method,
      headers,
      signal,
      firstByteTimeoutMs,
      ...(credential !== undefined && { credential }),
    };
  }
}
