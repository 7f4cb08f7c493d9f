/**
 * Whether to send a request once more. Only what does no harm twice, or was never sent; a little later and not all at
 * the same moment; and only as long as retries stay a small part of all requests, since retries are what turns a
 * server in trouble into one that is down.
 */
export interface Attempt {
  readonly method: string;
  /** Of the tool that is called, as its server declares it. */
  readonly tool?:
    | { readonly readOnlyHint?: boolean | undefined; readonly idempotentHint?: boolean | undefined }
    | undefined;
  /** Nothing of the request has left: the connection was never made, or the breaker was open. */
  readonly neverSent: boolean;
  /** Something of an answer has been passed on. */
  readonly answered: boolean;
}

const SAFE_METHODS = new Set([
  "ping",
  "initialize",
  "server/discover",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "prompts/list",
  "prompts/get",
  "completion/complete",
]);

export function isSafeToRetry({ method, tool, neverSent, answered }: Attempt): boolean {
  if (answered) return false;
  if (neverSent || SAFE_METHODS.has(method)) return true;
  // The specification gives idempotentHint a meaning only for tools that write.
  return method === "tools/call" && (tool?.readOnlyHint === true || tool?.idempotentHint === true);
}

export interface RetryTerms {
  readonly attempts: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

/** "Full jitter": anything from nothing up to a bound that doubles. `retry`: 1 for the first. */
export function backoffMs(retry: number, terms: RetryTerms, random: () => number): number {
  return random() * Math.min(terms.longestMs, terms.firstMs * 2 ** (retry - 1));
}

/** Every request pays a part of a token in, every retry takes one out (as in Finagle and linkerd). */
export interface RetryBudget {
  readonly tokens: number;
  readonly at: number;
}

export interface BudgetTerms {
  /** Retries for each request. */
  readonly ratio: number;
  /** So many a second are free, for those with little traffic. */
  readonly free: number;
  /** What is paid in is gone after this. */
  readonly ttlMs: number;
  readonly most: number;
}

export const BUDGET_TERMS: BudgetTerms = { ratio: 0.1, free: 0.5, ttlMs: 10_000, most: 100 };

export const INITIAL_BUDGET: RetryBudget = { tokens: 1, at: 0 };

/** Old deposits decay rather than being stored one by one. */
function refresh({ tokens, at }: RetryBudget, terms: BudgetTerms, now: number): number {
  const elapsed = Math.max(0, now - at);
  const floor = (terms.free * terms.ttlMs) / 1000;
  const kept = tokens > floor ? floor + (tokens - floor) * Math.exp(-elapsed / terms.ttlMs) : tokens;
  return Math.min(terms.most, Math.max(kept, Math.min(floor, tokens + (terms.free * elapsed) / 1000)));
}

export function deposit(budget: RetryBudget, terms: BudgetTerms, now: number): RetryBudget {
  return { tokens: Math.min(terms.most, refresh(budget, terms, now) + terms.ratio), at: now };
}

/** Undefined: no more retries for now. */
export function withdraw(budget: RetryBudget, terms: BudgetTerms, now: number): RetryBudget | undefined {
  const tokens = refresh(budget, terms, now);
  return tokens >= 1 - 1e-9 ? { tokens: tokens - 1, at: now } : undefined;
}
