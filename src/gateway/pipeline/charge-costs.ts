/**
 * The cost of tool calls: charged once for each operation, when its server is about to be sent the call. What is refused
 * before costs nothing; what is sent costs as much when it fails. The cost goes into the MCP audit log with or without
 * budgets.
 */
import { callCost } from "../../core/limits/call-cost.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";

export async function chargeCosts(
  server: SnapshotServer,
  operations: readonly OperationRecorder[],
  context: McpContext,
): Promise<void> {
  const charged = operations.flatMap((operation) =>
    operation.method === "tools/call" && operation.cost === undefined
      ? [{ operation, cost: callCost(server, operation.target ?? "") }]
      : [],
  );
  const total = charged.reduce((sum, { cost }) => sum + cost, 0);
  const { budgets } = context.tenant;
  if (budgets !== undefined && total > 0) {
    const { chargeBudgets } = await import("../../policy/charge-budgets.ts");
    await chargeBudgets(context, budgets, total);
    context.record.markCharged();
  }
  for (const { operation, cost } of charged) operation.cost = cost;
}
