/** Sends a call to one candidate after the other, as far as that does no harm and the retry budget allows it. */
import { ServerUnavailableError, UpstreamError } from "../../core/errors.ts";
import { backoffMs } from "../../core/resilience/retry.ts";
import type { McpContext } from "../context/context.ts";
import { selectServer } from "./select-server.ts";
import type { Candidate, DescribedCall } from "./upstream-call.ts";

export async function sendWithFailover<C extends Candidate, T>(
  candidates: readonly C[],
  call: DescribedCall<C>,
  context: McpContext,
  send: (candidate: C) => Promise<T>,
): Promise<T> {
  const { retries } = context.tenant;
  context.routing.recordRequest(context.tenant.id, retries.budget, Date.now());
  const tried = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const candidate = selectServer(call, candidates, tried);
    try {
      return await send(candidate);
    } catch (error) {
      tried.add(candidate.server.id);
      const others = candidates.filter(({ server }) => !tried.has(server.id));
      if (attempt >= retries.attempts || !canRetry(error, candidate, others, call, context)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, retries, Math.random)));
  }
}

function canRetry<C extends Candidate>(
  error: unknown,
  candidate: C,
  others: readonly C[],
  { isRepeatable, signal }: DescribedCall<C>,
  { routing, tenant }: McpContext,
): boolean {
  if (!(error instanceof UpstreamError) || isRepeatable === undefined || signal.aborted) return false;
  const isClosed = error instanceof ServerUnavailableError;
  // A server that is closed now is closed a moment later too.
  if (isClosed && others.length === 0) return false;
  return isRepeatable(candidate, isClosed) && routing.canRetry(tenant.id, tenant.retries.budget, Date.now());
}
