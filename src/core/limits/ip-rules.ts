/**
 * IP rules. The narrowest rule that contains an address applies, and of two rules for the same network the allowing
 * one. A network can therefore be blocked except for one address, and the reverse. An address with an allow rule is
 * never banned automatically. Bans are rows too, and are enforced by the tenant's object (bans.ts).
 */

import { BoundedMap } from "../bounded-map.ts";
import type { IP_RULE_KINDS } from "../enums.ts";
import { compileNetworks } from "../net/cidr.ts";

export interface IpRule {
  readonly kind: (typeof IP_RULE_KINDS)[number];
  readonly cidr: string;
  readonly reason: string | null;
  readonly expiresAt: Date | null;
}

export interface IpDecision {
  readonly blocked: boolean;
  /** The rule that decided; undefined where none matches the address. */
  readonly rule: IpRule | undefined;
}

export type CompiledIpRules = (address: string, now: Date) => IpDecision;

const NOT_BLOCKED: IpDecision = { blocked: false, rule: undefined };
/** The same few addresses come again and again, and reading one costs more than looking it up. */
const MAX_ENTRIES = 2000;

export function compileIpRules(rules: readonly IpRule[]): CompiledIpRules {
  if (rules.length === 0) return () => NOT_BLOCKED;
  const lookup = compileNetworks([...Map.groupBy(rules, ({ cidr }) => cidr)]);
  const cache = new BoundedMap<string, readonly IpRule[]>(MAX_ENTRIES);
  const findRules = (address: string) => {
    let found = cache.get(address);
    if (found === undefined) {
      found = lookup(address)?.value ?? [];
      cache.set(address, found);
    }
    return found;
  };
  return (address, now) => {
    const active = findRules(address).filter(({ expiresAt }) => expiresAt === null || now < expiresAt);
    const allow = active.find(({ kind }) => kind === "allow");
    if (allow !== undefined) return { blocked: false, rule: allow };
    const [block] = active;
    return block === undefined ? NOT_BLOCKED : { blocked: true, rule: block };
  };
}
