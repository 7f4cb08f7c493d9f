/**
 * From a rule's servers to the one that is asked: who can serve at all, who is bound to whom, and then the strategy.
 */
import type { BalancingStrategy, HealthStatus } from "../enums.ts";
import { type BalancedServer, type BalancingContext, selectServer } from "./strategies.ts";

export interface Candidate extends BalancedServer {
  readonly health: HealthStatus;
  /** As the isolate has heard it: "closed" may be asked, "due" may be tried with a pass from the tenant's object. */
  readonly breaker: "closed" | "due" | "open";
  /** Its region is the client's. */
  readonly isNear: boolean;
}

export interface RoutingChoice<S extends Candidate> {
  readonly server: S;
  /** Its breaker wants a probe: get a pass first, and pick again without it if there is none. */
  readonly needsPass: boolean;
  /** The session was bound to another, which cannot serve it any more. */
  readonly moved: boolean;
}

/**
 * `bound`: the server that a session has begun with. `tried`: those that have failed this request already. Undefined
 * when nobody can serve it.
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
 * Servers that health checks found dead are asked only when there is no other: the checks may be wrong, and somebody
 * who is told "no" is no better off. Those in maintenance, or behind an open breaker, never are.
 */
function listServing<S extends Candidate>(candidates: readonly S[]): readonly S[] {
  const open = candidates.filter(({ breaker, health }) => breaker !== "open" && health !== "maintenance");
  const alive = open.filter(({ health }) => health !== "unhealthy");
  return alive.length > 0 ? alive : open;
}
