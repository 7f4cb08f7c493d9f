/** One server as a legacy client's session uses it, in either era. */

import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import type { HeaderMap } from "../../core/net/headers.ts";

/** A pending request of the client, with the means to notify the client and to send it requests. */
export interface PeerExchange {
  readonly id: JsonRpcId;
  readonly signal: AbortSignal;
  /** Ends it from outside: the client gets an error. */
  readonly cancel: () => void;
  readonly headers: HeaderMap;
  /** A notification of the server's, in the server's own words. */
  notify(message: JsonObject): void;
  /** A request of the server's; resolves with the client's response, result or error alike, unless it is withdrawn. */
  request(request: JsonObject, withdrawn?: AbortSignal): Promise<JsonObject>;
}

export interface SessionPeer {
  /** The client's request under the server's own names; resolves with the response, in the server's own words. */
  request(message: JsonObject, exchange: PeerExchange): Promise<JsonObject>;
  /** Forwards a notification of the client. */
  notify(message: JsonObject): void;
  /** Releases the server; `forGood` where the session shall end on its side too. */
  close(forGood: boolean): Promise<void>;
}

/** The client information of a session, which is sent to servers. */
export interface ClientFacts {
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
  readonly logLevel: string | undefined;
}
