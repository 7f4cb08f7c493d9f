/** Finds what a plan deletes although items that stay refer to it: groups of rules, limits, budgets and bindings, bound toolsets. */
import type { InputIssue } from "../../core/errors.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import type { PlanStep } from "./plan-step.ts";

const USES = {
  groups: {
    sections: ["accessControls", "rateLimits", "budgets", "toolsetBindings"],
    referenceOf: ({ subjectType, subjectId }: CrudRow) => (subjectType === "group" ? subjectId : undefined),
    reason: "an access rule, a rate limit, a budget or a toolset binding names the group",
  },
  toolsets: {
    sections: ["toolsetBindings"],
    referenceOf: ({ toolsetId }: CrudRow) => toolsetId,
    reason: "a toolset binding names the toolset",
  },
} as const;

export function findUsedItems(
  rows: ReadonlyMap<string, readonly CrudRow[]>,
  steps: readonly PlanStep[],
): InputIssue[] {
  const changed = new Set(steps.filter(({ change }) => change.action !== "create").map(({ id }) => id));
  return Object.entries(USES).flatMap(([kind, { sections, referenceOf, reason }]) => {
    const staying = sections
      .flatMap((name) => rows.get(name) ?? [])
      .filter(({ id }) => !changed.has(String(id)));
    const used = new Set(staying.map((row) => String(referenceOf(row))));
    return steps
      .filter(
        ({ section, change, id }) => section.name === kind && change.action === "delete" && used.has(id),
      )
      .map(({ change }) => ({
        path: `/document/${kind}`,
        message: `must contain ${change.name}: ${reason}`,
      }));
  });
}
