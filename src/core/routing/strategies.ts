/**
 * Choosing one of several servers. Each strategy is a function of the servers that could serve, of what the isolate
 * has recorded of them, and of chance; `choose` selects them by name.
 */
import type { BalancingStrategy } from "../enums.ts";
import { hashFraction } from "./hash.ts";
import type { LoadTracker } from "./load.ts";

export interface BalancedServer {
  readonly id: string;
  /** 0: only when there is no other. */
  readonly weight: number;
}

export interface BalancingContext {
  readonly loads: LoadTracker;
  /** Of the rule: rules do not take turns with one another. */
  readonly turns: RoundRobinCounters;
  /** What consistent_hash keeps together. */
  readonly hashKey: string;
  readonly now: number;
  readonly random: () => number;
}

/** How far each server is from its next turn. */
export type RoundRobinCounters = Map<string, number>;

type Strategy = <S extends BalancedServer>(servers: readonly S[], context: BalancingContext) => S | undefined;

/** `servers` in the order of the rule, which is what priority-failover goes by. Undefined only of none. */
export function selectServer<S extends BalancedServer>(
  strategy: BalancingStrategy,
  servers: readonly S[],
  context: BalancingContext,
): S | undefined {
  if (servers.length <= 1 || strategy === "priority-failover") return servers[0];
  const weighty = servers.filter(({ weight }) => weight > 0);
  return STRATEGIES[strategy](weighty.length === 0 ? servers : weighty, context);
}

const STRATEGIES: Record<Exclude<BalancingStrategy, "priority-failover">, Strategy> = {
  round_robin: (servers, { turns }) => roundRobin(servers, () => 1, turns),
  weighted: (servers, { turns }) => roundRobin(servers, serverWeight, turns),
  random: (servers, { random }) => servers[Math.floor(random() * servers.length)],
  least_connections: (servers, { loads, random }) =>
    leastCost(servers, (server) => (loads.running(server.id) + 1) / serverWeight(server), random),
  least_latency: (servers, context) => leastOfTwo(servers, context),
  consistent_hash: (servers, { hashKey }) =>
    leastCost(
      servers,
      (server) => rendezvous(server, hashKey),
      () => 0,
    ),
};

const serverWeight = ({ weight }: BalancedServer) => Math.max(1, weight);

/**
 * Smooth weighted round robin (nginx): in every round each has as many turns as its weight, and they are spread out.
 * It goes on sensibly when servers come and go between two requests.
 */
function roundRobin<S extends BalancedServer>(
  servers: readonly S[],
  weight: (server: S) => number,
  turns: RoundRobinCounters,
): S | undefined {
  let best: S | undefined;
  let bestTurn = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const server of servers) {
    const turn = (turns.get(server.id) ?? 0) + weight(server);
    turns.set(server.id, turn);
    sum += weight(server);
    if (turn > bestTurn) {
      best = server;
      bestTurn = turn;
    }
  }
  if (best !== undefined) turns.set(best.id, bestTurn - sum);
  // Deleted servers must not be kept forever.
  if (turns.size > 4 * servers.length + 16) turns.clear();
  return best;
}

/** The first of a random start, so that equals share. */
function leastCost<S extends BalancedServer>(
  servers: readonly S[],
  cost: (server: S) => number,
  random: () => number,
) {
  const start = Math.floor(random() * servers.length);
  let best: S | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let step = 0; step < servers.length; step += 1) {
    const server = servers[(start + step) % servers.length];
    if (server === undefined) continue;
    const here = cost(server);
    if (here < bestCost || best === undefined) {
      best = server;
      bestCost = here;
    }
  }
  return best;
}

/**
 * Power of two choices: the better of two random servers. Selecting the best of all would send the traffic of every
 * isolate to the same server at once.
 */
function leastOfTwo<S extends BalancedServer>(
  servers: readonly S[],
  { loads, now, random }: BalancingContext,
): S | undefined {
  const first = Math.floor(random() * servers.length);
  const second = (first + 1 + Math.floor(random() * (servers.length - 1))) % servers.length;
  const [one, other] = [servers[first], servers[second]];
  if (one === undefined || other === undefined) return one ?? other;
  const cost = (server: S) => loads.cost(server.id, now) / serverWeight(server);
  return cost(other) < cost(one) ? other : one;
}

/**
 * Weighted rendezvous hashing (Thaler & Ravishankar; the logarithm gives each its weight): when a server goes, only
 * its own keys move.
 */
function rendezvous(server: BalancedServer, key: string): number {
  return -Math.log(hashFraction(`${server.id} ${key}`)) / serverWeight(server);
}
