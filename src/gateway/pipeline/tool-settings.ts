/** What is set for the tools that operations call. */
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";

/**
 * The time in which calls must be answered; undefined where the server's own timeouts are all. A batch is sent as one
 * and has the longest time of the tools in it.
 */
export function toolTimeoutMs(
  { tools }: SnapshotServer,
  operations: readonly Pick<OperationRecorder, "method" | "target">[],
): number | undefined {
  if (tools.size === 0) return undefined;
  const times = operations.flatMap(({ method, target }) =>
    method === "tools/call" ? (tools.get(target ?? "")?.timeoutMs ?? []) : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}
