/**
 * Formats RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11: Lists of Strings with parameters,
 * RFC 9651) and Retry-After (RFC 9110 §10.2.3). `q` is the maximum per window, `r` the remaining tokens according to
 * this isolate, which other isolates may spend, and `t` the seconds until all tokens are available, at most one window.
 */

import type { Limit } from "./algorithms/limit.ts";
import { maxTokens } from "./algorithms/limiter.ts";
import type { LimitDenial, Quota } from "./lease/client.ts";
import { isReported } from "./resolve-limits.ts";

const seconds = (ms: number) => Math.max(0, Math.ceil(ms / 1000));

/** Names are ours: letters, digits and hyphens, nothing to escape. */
const policyItem = (limit: Limit) => `"${limit.name}";q=${maxTokens(limit)};w=${seconds(limit.windowMs)}`;

const policies = new WeakMap<readonly Limit[], string>();

export function formatPolicyHeader(limits: readonly Limit[]): string {
  let header = policies.get(limits);
  if (header === undefined) {
    header = limits.filter(isReported).map(policyItem).join(", ");
    policies.set(limits, header);
  }
  return header;
}

export function formatRateLimitHeader(quotas: readonly Quota[]): string {
  let header = "";
  for (const { limit, remaining, resetMs } of quotas) {
    if (!isReported(limit)) continue;
    header += `${header === "" ? "" : ", "}"${limit.name}";r=${Math.max(0, remaining)};t=${seconds(Math.min(resetMs, limit.windowMs))}`;
  }
  return header;
}

/** Adds the items of further limits to headers that list others already. */
export function appendLimitHeaders(
  headers: Record<string, string>,
  added: Readonly<Record<string, string>>,
): void {
  for (const [name, items] of Object.entries(added)) {
    const known = headers[name];
    headers[name] = known === undefined ? items : `${known}, ${items}`;
  }
}

/** A limit of 0 never has tokens again; the client retries after a day at the latest. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

export function retryAfterSeconds({ retryMs }: Pick<LimitDenial, "retryMs">): number {
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, seconds(retryMs)));
}
