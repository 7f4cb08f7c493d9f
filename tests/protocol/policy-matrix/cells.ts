/** The cells of the policy matrix: every client revision, server kind, endpoint and policy, and those that cannot exist. */
import { CLIENT_REVISIONS, type ClientRevision } from "../../fixtures/policy-clients.ts";
import { SERVER_KINDS, type ServerKind } from "../../fixtures/policy-servers.ts";

export const ENDPOINTS = ["server endpoint", "aggregated endpoint", "toolset endpoint"] as const;

export interface Cell {
  readonly client: ClientRevision;
  readonly server: ServerKind;
  readonly endpoint: (typeof ENDPOINTS)[number];
}

/** The policies of one group, by name: each checks one cell. */
export type PolicyGroup = Readonly<Record<string, (cell: Cell) => Promise<void>>>;

/** A toolset endpoint differs from the aggregated one before the pipeline only: one kind of server of each era is enough. */
const TOOLSET_SERVERS: readonly ServerKind[] = ["legacy HTTP", "modern HTTP"];

export const COMBINATIONS: readonly Cell[] = CLIENT_REVISIONS.flatMap((client) =>
  SERVER_KINDS.flatMap((server) =>
    ENDPOINTS.filter((endpoint) => endpoint !== "toolset endpoint" || TOOLSET_SERVERS.includes(server)).map(
      (endpoint) => ({ client, server, endpoint }),
    ),
  ),
);

export const ABANDONED_WAITS = "half-open probe after abandoned waits";
const ROUTED = ["round robin", "failover when dead", "failover when 500"];
const BY_STATUS = ["failover when 500", "breaker opens on 5xx"];

/** Why the cell cannot exist; undefined where it exists. */
export function reasonAgainst(policy: string, { client, server, endpoint }: Cell): string | undefined {
  if (ROUTED.includes(policy) && endpoint === "server endpoint") {
    return "the URL names the server, so that no rule, strategy or failover leads to another one";
  }
  if (BY_STATUS.includes(policy) && server === "WebSocket") {
    return "a WebSocket message is answered without an HTTP status";
  }
  if (policy === ABANDONED_WAITS && client !== "2026-07-28") {
    return "a session's request goes on when its connection is closed";
  }
  return undefined;
}

/**
 * Whether the gateway holds the client's session. Otherwise the response is plain HTTP, whose status shows the outcome:
 * for modern clients, and where a session client's requests pass through to a server of its own era.
 */
export function isSessionHeld({ client, server, endpoint }: Cell): boolean {
  if (client === "2026-07-28") return false;
  const isPassThrough = endpoint === "server endpoint" && server === "legacy HTTP" && client !== "2024-11-05";
  return !isPassThrough;
}
