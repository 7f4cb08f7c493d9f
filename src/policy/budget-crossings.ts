/** Writes down the thresholds that budgets have reached: a row of budget_alerts and a system event for each. */
import type { BudgetCrossing } from "../core/limits/budget-keys.ts";
import type { Database } from "../db/client.ts";
import { saveCrossings } from "../db/queries/traffic/budgets.ts";

/** The part of the tenant's object that this takes. */
export interface BudgetObject {
  listBudgetCrossings(): Promise<
    readonly (BudgetCrossing & { readonly id: number; readonly recordId: string })[]
  >;
  markCrossingsWritten(upTo: number): Promise<void>;
}

export async function saveBudgetCrossings(
  database: Database,
  tenantId: string,
  object: BudgetObject,
): Promise<void> {
  const crossings = await object.listBudgetCrossings();
  const last = crossings.at(-1);
  if (last === undefined) return;
  await saveCrossings(database.asSystem(), tenantId, crossings);
  await object.markCrossingsWritten(last.id);
}
