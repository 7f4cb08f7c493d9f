/**
 * The one way to an MCP server on behalf of a principal: maintenance, access, routing, concurrency, circuit breaker,
 * send, outcome, record. Every endpoint, era and transport calls it. Limits are charged by charge-limits.ts: the first
 * token of a request before its body is read, because a refusal is cheapest there, and those of limits on servers and
 * tools here, once for each server that is tried. Costs are charged last, once for each operation.
 */
import { isObtained } from "../../core/enums.ts";
import { type GatewayError, toGatewayError } from "../../core/errors.ts";
import type { McpContext } from "../context/context.ts";
import { acquireAttempt } from "./acquire.ts";
import type { UpstreamAttempt } from "./attempt.ts";
import { chargeCosts } from "./charge-costs.ts";
import { chargeTargets } from "./charge-limits.ts";
import { checkAccess, setServer } from "./check-access.ts";
import { checkMaintenance } from "./check-maintenance.ts";
import { sendWithFailover } from "./failover.ts";
import { listCandidates } from "./select-server.ts";
import type { Candidate, UpstreamCall } from "./upstream-call.ts";

export async function callUpstream<C extends Candidate, T>(
  call: UpstreamCall<C, T>,
  context: McpContext,
): Promise<T> {
  try {
    const candidates = checkAccess(
      checkMaintenance(listCandidates(call), context, Date.now()),
      call,
      context,
    );
    const charged = new Set<string>();
    return await sendWithFailover(candidates, call, context, async (candidate) => {
      for (const operation of call.operations) setServer(operation, candidate);
      if (!charged.has(candidate.server.id)) await chargeTargets(candidate.server, call.operations, context);
      charged.add(candidate.server.id);
      return sendOnce(candidate, await acquireAttempt(candidate, call, context), call, context);
    });
  } catch (error) {
    for (const operation of call.operations) operation.fail(toGatewayError(error));
    throw error;
  }
}

async function sendOnce<C extends Candidate, T>(
  candidate: C,
  attempt: UpstreamAttempt,
  call: UpstreamCall<C, T>,
  context: McpContext,
): Promise<T> {
  try {
    await chargeCosts(candidate.server, call.operations, context);
    if (!isObtained(candidate.server.auth.type)) return await call.send(candidate, attempt);
    const { sendWithAccount } = await import("./send-with-account.ts");
    return await sendWithAccount(candidate, attempt, call, context);
  } catch (thrown) {
    throw failAttempt(thrown, attempt, call.signal);
  }
}

/** Settles an attempt that ended without an answer, and returns the error for the caller. */
export function failAttempt(thrown: unknown, attempt: UpstreamAttempt, signal: AbortSignal): GatewayError {
  const error = toGatewayError(thrown);
  const isCanceled = signal.aborted && error.code !== "upstream_timeout";
  if (isCanceled) attempt.cancel(error);
  else attempt.fail(error);
  return error;
}
