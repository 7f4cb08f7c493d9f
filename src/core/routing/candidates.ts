/**
 * Selects one of a rule's servers: available servers, then the sticky server, then the strategy.
 */
import type { BalancingStrategy, HealthStatus } from "../enums.ts";
import { type BalancedServer, type BalancingContext, selectServer } from "./strategies.ts";

export interface Candidate extends BalancedServer {
  readonly health: HealthStatus;
  /** The breaker state in this isolate. "due": the delay is over, and a probe needs a permit from the tenant object. */
  readonly breaker: "closed" | "due" | "open";
  /** Its region is the client's. */
  readonly isNear: boolean;
}

export interface RoutingChoice<S extends Candidate> {
  readonly server: S;
  /** Its breaker allows a probe: get a permit first, and pick again without it if there is none. */
  readonly needsPass: boolean;
  /** The session was bound to another, which cannot serve it any more. */
  readonly moved: boolean;
}

/**
 * `bound` is the sticky server of the session, `tried` the servers that have failed this request. Returns undefined if
 * no candidate is left.
 */
export function pickCandidate<S extends Candidate>(
  candidates: readonly S[],
  strategy: BalancingStrategy,
  context: BalancingContext,
  { bound, tried }: { readonly bound?: string | undefined; readonly tried?: ReadonlySet<string> } = {},
): RoutingChoice<S> | undefined {
  const able = listServing(candidates.filter(({ id }) => tried?.has(id) !== true));
  const kept = bound === undefined ? undefined : able.find(({ id }) => id === bound);
  const near = able.filter(({ isNear }) => isNear);
  const server = kept ?? selectServer(strategy, near.length > 0 ? near : able, context);
  if (server === undefined) return undefined;
  return { server, needsPass: server.breaker === "due", moved: bound !== undefined && server.id !== bound };
}

/**
 * Unhealthy servers are used only if there is no other, because health checks may be wrong. Servers in maintenance or
 * behind an open breaker are never used.
 */
function listServing<S extends Candidate>(candidates: readonly S[]): readonly S[] {
  const open = candidates.filter(({ breaker, health }) => breaker !== "open" && health !== "maintenance");
  const alive = open.filter(({ health }) => health !== "unhealthy");
  return alive.length > 0 ? alive : open;
}
