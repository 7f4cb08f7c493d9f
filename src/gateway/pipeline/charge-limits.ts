/**
 * Stage 3: one token of each limit for each operation. The first of a request is charged when the request is admitted
 * (policy/admission.ts), before its body is read; the others of a batch as soon as they are known.
 */
import { chargeLimits } from "../../policy/admission.ts";
import type { McpContext } from "../context/context.ts";

export async function chargeBatch(operations: number, context: McpContext): Promise<void> {
  for (let charged = 1; charged < operations; charged += 1) {
    await chargeLimits(context, context.traffic, context.waitUntil);
  }
}
