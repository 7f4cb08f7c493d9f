/** The state of a client session that survives the eviction of its Durable Object. */
import type { EndpointTarget } from "../catalog/catalog.ts";
import type { EventStore } from "./event-store.ts";
import type { Resumable } from "./legacy-peer.ts";
import type { ClientFacts } from "./peer.ts";

export interface SessionState extends EndpointTarget {
  /** Undefined before `initialize`. */
  client: ClientFacts | undefined;
  /** URIs that the client is subscribed to, as exposed to the client. */
  watched: readonly string[];
  /** Resumable upstream sessions by server ID. */
  upstreams: Readonly<Record<string, Resumable>>;
}

/** The parts of a session that its components use. */
export interface SessionContext {
  readonly state: SessionState;
  readonly events: EventStore;
  save(): void;
}

export function createState({ serverName, toolset, isSearched }: EndpointTarget): SessionState {
  return { serverName, toolset, isSearched, client: undefined, watched: [], upstreams: {} };
}

export interface StateStore {
  /** Stores the state as JSON text, so it may contain plain JSON values only. */
  save(state: SessionState): void;
}

export function formatState(state: SessionState): string {
  return JSON.stringify(state);
}

/** Returns undefined for a state that another version of the gateway wrote in another format. */
export function parseState(text: string): SessionState | undefined {
  const state: Partial<SessionState> | null = JSON.parse(text);
  if (state === null || !Array.isArray(state.watched) || typeof state.upstreams !== "object")
    return undefined;
  const { serverName, toolset, isSearched, client, watched, upstreams } = state;
  return { serverName, toolset, isSearched, client, watched, upstreams };
}
