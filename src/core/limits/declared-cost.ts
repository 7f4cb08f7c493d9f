/** The cost of a call that a tool declares in its definition. */

/** As high as a cost can be. */
export const MAX_CALL_COST = 1_000_000;

/** In a tool's `_meta`. The member `cost` of its annotations means the same. */
export const COST_META = "mcp-registry-gateway/cost";

/** The cost that a tool's definition declares; undefined where it declares none that could be a cost. */
export function declaredCost(meta: unknown, annotations: unknown): number | undefined {
  const cost = readMember(meta, COST_META) ?? readMember(annotations, "cost");
  return typeof cost === "number" && Number.isInteger(cost) && cost >= 0 && cost <= MAX_CALL_COST
    ? cost
    : undefined;
}

function readMember(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map(Object.entries(value)).get(name);
}
