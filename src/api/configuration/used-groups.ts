/** Finds the groups that a plan deletes although rules or limits that stay name them. */
import type { InputIssue } from "../../core/errors.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import type { PlanStep } from "./plan-step.ts";

const NAMING_SECTIONS = ["accessControls", "rateLimits"];

export function findUsedGroups(
  rows: ReadonlyMap<string, readonly CrudRow[]>,
  steps: readonly PlanStep[],
): InputIssue[] {
  const removed = new Set(steps.filter(({ change }) => change.action === "delete").map(({ id }) => id));
  const named = NAMING_SECTIONS.flatMap((name) => rows.get(name) ?? []).filter(
    ({ id, subjectType }) => subjectType === "group" && !removed.has(String(id)),
  );
  const used = new Set(named.map(({ subjectId }) => String(subjectId)));
  return steps
    .filter(({ section, id }) => section.name === "groups" && removed.has(id) && used.has(id))
    .map(({ change }) => ({
      path: "/document/groups",
      message: `must contain ${change.name}: an access rule or a rate limit names the group`,
    }));
}
