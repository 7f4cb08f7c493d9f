// What one place that sees every request at once would decide: the same gates, without leases, messages or faults.
import {
  countAvailable,
  EMPTY_LIMITER,
  type LimiterState,
  spend,
} from "../../src/core/limits/algorithms/limiter.ts";
import type { Handled } from "./world.ts";

/** In the order of the requests. */
export function exactDecisions(requests: readonly Handled[]): boolean[] {
  const gates = new Map<string, LimiterState>();
  return requests.map(({ stream, at }) => {
    const found = stream.limits.map((limit) => {
      const key = limit.key === "system" ? limit.key : `${stream.tenantId} ${limit.key}`;
      return { key, limit, gate: gates.get(key) ?? EMPTY_LIMITER };
    });
    if (found.some(({ limit, gate }) => countAvailable(gate, limit, at) < 1)) return false;
    for (const { key, limit, gate } of found) gates.set(key, spend(gate, limit, 1, at));
    return true;
  });
}
