/** Stages 5 and 6: a concurrency slot, and after it the circuit breaker's permit, so that a queued call holds no probe. */
import { permitError } from "../../policy/permit-error.ts";
import type { McpContext } from "../context/context.ts";
import { UpstreamAttempt } from "./attempt.ts";
import type { Candidate, DescribedCall } from "./upstream-call.ts";

export async function acquireAttempt<C extends Candidate>(
  { server }: C,
  call: DescribedCall<C>,
  context: McpContext,
): Promise<UpstreamAttempt> {
  const { traffic, queues, principal, waitUntil } = context;
  const releaseSlot = call.takesSlot ? await queues.acquire(server, principal, call.signal) : () => undefined;
  try {
    const reply = await traffic.acquirePermit(server, waitUntil);
    const { permit } = reply;
    if (permit === undefined) throw permitError(server.name, reply);
    const { method, operations } = call;
    return new UpstreamAttempt({ server, method, operations, permit, releaseSlot }, context);
  } catch (error) {
    releaseSlot();
    throw error;
  }
}
