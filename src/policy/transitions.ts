/** Writes down what the breakers of a tenant did: the transitions, the state as admins see it, and a system event. */
import type { Database } from "../db/client.ts";
import { saveTransitions, type TransitionRow } from "../db/queries/servers/breakers.ts";

/** The part of the tenant's object that this takes. */
export interface TransitionsObject {
  listTransitions(): Promise<readonly TransitionRow[]>;
  deleteTransitions(upTo: number): Promise<void>;
}

export async function saveBreakerTransitions(
  database: Database,
  tenantId: string,
  object: TransitionsObject,
): Promise<void> {
  const transitions = await object.listTransitions();
  const last = transitions.at(-1);
  if (last === undefined) return;
  await saveTransitions(database.withTenant(tenantId), tenantId, transitions);
  await object.deleteTransitions(last.id);
}
