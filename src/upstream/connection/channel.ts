/** A legacy-era session with an upstream, independent of its transport: Streamable HTTP, HTTP+SSE, WebSocket or a connector. */

import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { UrlPolicy } from "./url-guard.ts";

export interface ChannelTarget {
  readonly server: string;
  /** Of a registered server: a connector serves no other. */
  readonly serverId?: string;
  readonly url: string;
  readonly credential?: readonly [name: string, value: string];
  /** Of a WebSocket's handshake. */
  readonly handshakeHeaders?: readonly (readonly [name: string, value: string])[];
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface ChannelDeps extends UpstreamDeps {
  readonly openSocket: OpenSocket;
  /** Opens sockets to the object of a stdio server, through which its connectors are reached. */
  readonly getConnectorSocket?: (serverId: string) => OpenSocket;
}

export interface ChannelEvents {
  /**
   * Whatever is not the answer to a request of ours: notifications and the server's own requests. `relatedTo` is the
   * id of our request on whose stream it came, where the transport shows it. Responses come here only where a session
   * was taken over and its streams are replayed: they answer requests of the former holder.
   */
  message(message: JsonObject, relatedTo: JsonRpcId | undefined): void;
  /** Called once when the channel has ended; all pending requests fail. The reason is undefined after `close`. */
  closed(reason: UpstreamError | undefined): void;
}

export interface RequestOptions {
  /**
   * Aborting stops waiting for the response. The caller sends notifications/cancelled if the server must be notified.
   */
  readonly signal?: AbortSignal;
  /** Trace context and the like, added where the transport has headers. */
  readonly headers?: HeaderMap;
}

export type Request = JsonObject & { readonly id: JsonRpcId };

export interface UpstreamChannel {
  /** Where the transport has sessions; together with the revision it lets another isolate take the session over. */
  readonly sessionId: string | undefined;
  /** What initialize agreed on; HTTP repeats it in a header from then on. */
  revision: string | undefined;
  /** Resolves with the response message, result or error alike. Ids of waiting requests must differ. */
  request(message: Request, options?: RequestOptions): Promise<JsonObject>;
  /** A notification, or our answer to a request of the server's. */
  send(message: JsonObject): Promise<void>;
  /**
   * Opens the stream for unsolicited messages, if the transport has a separate one. Returns false if the server has
   * none.
   */
  listen(lastEventId?: string): Promise<boolean>;
  /** Ends the session on the server too, as far as the transport can. Never throws. */
  close(): Promise<void>;
  /** Disconnects without ending the session, so that another isolate with its ID can resume it. */
  abandon(): Promise<void>;
}

export interface ChannelOptions {
  readonly target: ChannelTarget;
  readonly deps: ChannelDeps;
  readonly events: ChannelEvents;
  /** WebSocket only: how long silence lasts before a ping, and how long the ping may stay unanswered. */
  readonly heartbeat?: Heartbeat;
}

export interface ResumeOptions extends ChannelOptions {
  /** Takes an existing session over, without initialize. */
  readonly resume: { readonly sessionId: string; readonly revision: string };
}

export interface Heartbeat {
  readonly intervalMs: number;
  readonly pongTimeoutMs: number;
}

export interface Handshake {
  /** ws or wss, already judged. */
  readonly url: URL;
  readonly headers: HeaderMap;
  readonly protocols: readonly string[];
  /** Aborting it gives the attempt up; once the socket is open it means nothing. */
  readonly signal: AbortSignal;
}

export interface SocketEvents {
  /** Text as a string, anything else for binary. */
  message(data: unknown): void;
  /** Called once, also after an error. */
  closed(): void;
}

export interface SocketLike {
  send(text: string): void;
  close(code: number): void;
}

/** Rejects with HandshakeError where the server answers with anything but an upgrade, with whatever else otherwise. */
export type OpenSocket = (handshake: Handshake, events: SocketEvents) => Promise<SocketLike>;

export class HandshakeError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The server returned HTTP ${status} to the handshake.`);
    this.name = "HandshakeError";
    this.status = status;
  }
}

/** The server has lost the session: connect again, and the request may be repeated. */
export class SessionLostError extends UpstreamError {
  constructor(server: string) {
    super("upstream_invalid", server, `Server ${server} no longer has the session. Retry.`);
  }
}

/** Our own requests go by names that no caller's id is ever the same as. */
export const createGatewayId = (purpose: string) => `gateway-${purpose}-${crypto.randomUUID()}`;

export interface UpstreamDeps {
  readonly fetch: typeof fetch;
  /** How this gateway names itself on the way of a request (core/mcp/revisions.ts, gatewayPath). */
  readonly gatewayId?: string;
  readonly urlPolicy: UrlPolicy;
}
