/**
 * RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11: Lists of Strings with parameters, RFC 9651)
 * and Retry-After (RFC 9110 §10.2.3). `q` is what one window may hold at most; `r` what the isolate knows to be left,
 * which others may take meanwhile; `t` when all of it is there again, in
 * seconds, which is never later than one window.
 */
import { mostOf } from "./gate.ts";
import type { Limit } from "./lease.ts";
import type { Denial, Quota } from "./lease-book.ts";
import { isShown } from "./policy.ts";

const seconds = (ms: number) => Math.max(0, Math.ceil(ms / 1000));

/** Names are ours: letters, digits and hyphens, nothing to escape. */
const policyItem = (limit: Limit) => `"${limit.name}";q=${mostOf(limit)};w=${seconds(limit.windowMs)}`;

const policies = new WeakMap<readonly Limit[], string>();

export function policyHeader(limits: readonly Limit[]): string {
  let header = policies.get(limits);
  if (header === undefined) {
    header = limits.filter(isShown).map(policyItem).join(", ");
    policies.set(limits, header);
  }
  return header;
}

export function rateLimitHeader(quotas: readonly Quota[]): string {
  let header = "";
  for (const { limit, remaining, resetMs } of quotas) {
    if (!isShown(limit)) continue;
    header += `${header === "" ? "" : ", "}"${limit.name}";r=${Math.max(0, remaining)};t=${seconds(Math.min(resetMs, limit.windowMs))}`;
  }
  return header;
}

/** A limit of nothing never has a token again; nobody should wait longer than a day to look. */
const MOST_SECONDS = 86_400;

export function retryAfterSeconds({ retryMs }: Pick<Denial, "retryMs">): number {
  return Math.min(MOST_SECONDS, Math.max(1, seconds(retryMs)));
}
