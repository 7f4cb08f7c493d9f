/** What a session must not forget when the object that holds it is evicted. */
import type { Resumable } from "./legacy-peer.ts";
import type { ClientFacts } from "./peer.ts";

export interface SessionState {
  /** The one server that it is with; all of the tenant's otherwise. */
  readonly serverName: string | undefined;
  /** Undefined until the client has introduced itself. */
  client: ClientFacts | undefined;
  /** Resources that the client watches, as it calls them. */
  watched: readonly string[];
  /** By server id. */
  upstreams: Readonly<Record<string, Resumable>>;
}

export function createState(serverName: string | undefined): SessionState {
  return { serverName, client: undefined, watched: [], upstreams: {} };
}

export interface StateStore {
  /** Kept as text: only plain JSON survives. */
  save(state: SessionState): void;
}

export function formatState(state: SessionState): string {
  return JSON.stringify(state);
}

/** Undefined for what another version of us wrote in another form. */
export function parseState(text: string): SessionState | undefined {
  const state: Partial<SessionState> | null = JSON.parse(text);
  if (state === null || !Array.isArray(state.watched) || typeof state.upstreams !== "object")
    return undefined;
  const { serverName, client, watched, upstreams } = state;
  return { serverName, client, watched, upstreams };
}
