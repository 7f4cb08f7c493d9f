/** One step of a plan. */
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import type { PlannedChange } from "./document.ts";
import type { Section } from "./section.ts";

/** With what its statement needs. */
export interface PlanStep {
  readonly section: Section;
  readonly change: PlannedChange;
  readonly id: string;
  readonly values: CrudRow;
  readonly before: CrudRow | undefined;
}
