/** Settings of what calls cost. */
import { MAX_CALL_COST } from "../limits/declared-cost.ts";
import type { Setting } from "./setting.ts";

export const BUDGET_SETTINGS = {
  "budgets.default_cost": {
    type: "number",
    label: "Cost of a call",
    description:
      "Cost of a tool call, in any unit, where neither the tool nor its server has one. Budgets are in the same unit.",
    whose: "both",
    fallback: 1,
    min: 0,
    max: MAX_CALL_COST,
    isInteger: true,
  },
  "budgets.declared_costs": {
    type: "switch",
    label: "Use declared costs",
    description: "Use the cost that a tool declares in its definition, where none is set for it.",
    whose: "both",
    fallback: true,
  },
} as const satisfies Record<string, Setting>;
