/** Stage 1: marks the candidates that are in a maintenance window. */
import type { MaintenanceError } from "../../core/errors.ts";
import { activeMaintenance } from "../../policy/maintenance.ts";
import type { McpContext } from "../context/context.ts";
import type { Candidate } from "./upstream-call.ts";

export interface CheckedCandidate<C extends Candidate> {
  readonly candidate: C;
  /** Reported only to principals that can use the server, so that its existence is not disclosed. */
  readonly maintenance: MaintenanceError | undefined;
}

export function checkMaintenance<C extends Candidate>(
  candidates: readonly C[],
  { tenant }: Pick<McpContext, "tenant">,
  now: number,
): readonly CheckedCandidate<C>[] {
  return candidates.map((candidate) => ({
    candidate,
    maintenance: activeMaintenance(tenant, candidate.server, now),
  }));
}
