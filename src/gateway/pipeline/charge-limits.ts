/**
 * Stage 3: one token of each limit for each operation. The first of a request is charged when the request is admitted
 * (policy/admission.ts), before its body is read; the others of a batch as soon as they are known; those of limits on
 * servers and tools when the server is selected.
 */
import { hasTargetLimits, type LimitTarget } from "../../core/limits/target-limits.ts";
import { chargeLimits, chargeTarget } from "../../policy/admission.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";

export async function chargeBatch(operations: number, context: McpContext): Promise<void> {
  for (let charged = 1; charged < operations; charged += 1) {
    await chargeLimits(context, context.traffic, context.waitUntil);
  }
}

/** The operations name the server's own targets by now. */
export async function chargeTargets(
  server: SnapshotServer,
  operations: readonly OperationRecorder[],
  context: McpContext,
): Promise<void> {
  const { tenant, traffic, waitUntil } = context;
  if (tenant.targetLimits.length === 0) return;
  for (const operation of operations) {
    const target = toLimitTarget(server, operation);
    if (hasTargetLimits(tenant.targetLimits, target)) await chargeTarget(context, target, traffic, waitUntil);
  }
}

function toLimitTarget(
  { id }: SnapshotServer,
  { method, target }: Pick<OperationRecorder, "method" | "target">,
): LimitTarget {
  return { serverId: id, tool: method === "tools/call" ? target : undefined };
}
