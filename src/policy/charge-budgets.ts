/** Takes the cost of calls from the budgets of their caller. Loaded by the first call of a tenant that has budgets. */
import { GatewayError, TooManyRequestsError } from "../core/errors.ts";
import { type BudgetTerms, resolveBudgets } from "../core/limits/budgets.ts";
import { clientPrefix } from "../core/limits/failed-auth-throttle.ts";
import type { LimitDenial } from "../core/limits/lease/client.ts";
import { appendLimitHeaders, retryAfterSeconds } from "../core/limits/ratelimit-headers.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import { type AdmittedPrincipal, buildLimitHeaders, toLimitedPrincipal } from "./admission.ts";
import type { TenantTraffic } from "./traffic.ts";

export interface ChargedCall extends AdmittedPrincipal {
  readonly traffic: TenantTraffic;
  readonly waitUntil: WaitUntil;
  /** Receives what is left of the budgets. */
  readonly answerHeaders: Record<string, string>;
}

export async function chargeBudgets(call: ChargedCall, budgets: BudgetTerms, cost: number): Promise<void> {
  const { principal, tenant, address, traffic, waitUntil } = call;
  const place = address === undefined ? undefined : clientPrefix(address);
  const limits = resolveBudgets(budgets, toLimitedPrincipal(principal, place), new Date());
  if (limits.length === 0) return;
  const share = { weight: tenant.weight, burst: tenant.burst };
  const result = await traffic.tryAcquire(limits, share, waitUntil, cost);
  if (result.kind === "unavailable") {
    throw new GatewayError("limits_unavailable", "Budgets cannot be evaluated. Retry later.");
  }
  const headers = buildLimitHeaders(limits, traffic);
  if (result.kind === "deny") throw budgetExceeded(result, cost, traffic, headers);
  appendLimitHeaders(call.answerHeaders, headers);
}

function budgetExceeded(
  denial: LimitDenial,
  cost: number,
  traffic: TenantTraffic,
  headers: Readonly<Record<string, string>>,
): TooManyRequestsError {
  const { limit } = denial;
  const [quota] = traffic.getQuotas([limit]);
  const restart = new Date(limit.resetsAt ?? 0).toISOString();
  return new TooManyRequestsError(
    `Budget ${limit.name} exceeded: the call costs ${cost}, and ${quota?.remaining ?? 0} of ${limit.count} are left. ` +
      `The next period begins at ${restart}.`,
    retryAfterSeconds(denial),
    headers,
    "budget_exceeded",
  );
}
