/**
 * Weighted max-min fairness by water filling: the capacity is distributed in proportion to the weights, and a demand
 * that is satisfied leaves the distribution. No share can grow without reducing a share that is not larger in
 * proportion to its weight.
 */
export interface WeightedDemand {
  readonly weight: number;
  readonly demand: number;
}

/**
 * How high the water stands, per unit of weight: each gets the lesser of its demand and its weight times this.
 * Infinite where there is enough for all. Exact: the demands are processed in the order in which they are met.
 */
export function waterLevel(demands: readonly WeightedDemand[], capacity: number): number {
  const inOrder = demands
    .filter(({ demand, weight }) => demand > 0 && weight > 0)
    .sort((one, other) => one.demand / one.weight - other.demand / other.weight);
  let weights = inOrder.reduce((sum, { weight }) => sum + weight, 0);
  let left = capacity;
  for (const { weight, demand } of inOrder) {
    if (demand * weights > left * weight) return Math.max(0, left / weights);
    left -= demand;
    weights -= weight;
  }
  return Number.POSITIVE_INFINITY;
}

export function allocateMaxMin(demands: readonly WeightedDemand[], capacity: number): number[] {
  const level = waterLevel(demands, capacity);
  return demands.map(({ weight, demand }) => (weight > 0 ? Math.min(demand, weight * level) : 0));
}
