/** The interfaces of what contexts depend on: Durable Object stubs and the table of active requests. */
import type { ActiveRequest } from "../../core/active-requests.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { Principal } from "../../identity/principal.ts";
import type { RequestDescription } from "../../logs/request-event.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { Header } from "../../upstream/credentials.ts";
import type { EndpointTarget } from "../catalog/catalog.ts";

/** What every call to a session's object contains: the caller and the request. */
export interface SessionCall extends EndpointTarget {
  readonly requestId: string;
  readonly principal: Principal;
  /** The HTTP request that brought it, for the log. */
  readonly request: RequestDescription;
  readonly startedAt: number;
}

export interface SessionPost extends SessionCall {
  /** The message or the batch, to the digit. */
  readonly text: string;
  readonly acceptsStream: boolean;
  /** Only this message may make a session where there is none. */
  readonly isInitialize: boolean;
  /** Without credentials: routing rules look at headers. */
  readonly headers: readonly (readonly [string, string])[];
}

/** The object's methods, as its stub has them. */
export interface SessionStub {
  post(visit: SessionPost): Promise<Response>;
  get(visit: SessionCall, lastEventId: string | undefined): Promise<Response>;
  /** 2024-11-05: opens the session, and returns the path to which messages are posted. */
  openStream(visit: SessionCall, endpoint: string): Promise<Response>;
  /** Returns false if the session does not exist. */
  end(): Promise<boolean>;
}

export interface BridgeRequest {
  readonly server: SnapshotServer;
  /** Of the caller's connected account. */
  readonly credential: Header | undefined;
  /** Text of a message of the modern era. */
  readonly message: string;
  readonly acceptsStream: boolean;
  readonly headers: HeaderMap;
  readonly signal: AbortSignal;
}

/** The part of the tenant's object that this takes. */
export interface ActiveRequestTable {
  reportActive(request: ActiveRequest): Promise<boolean>;
  endActive(id: string): Promise<void>;
}
