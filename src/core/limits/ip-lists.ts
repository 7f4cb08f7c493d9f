/**
 * Who is let in by address alone. The narrowest rule around an address decides, and of two for the same network the
 * one that allows: so a network can be blocked but for one address, and the other way round. Whoever is allowed by a
 * rule is never banned by the machine.
 */
import { compileNetworks } from "../net/cidr.ts";
import type { IP_RULE_KINDS } from "../vocabulary.ts";

export interface IpRule {
  readonly kind: (typeof IP_RULE_KINDS)[number];
  readonly cidr: string;
  readonly reason: string | null;
  /** Imposed by the machine (bans.ts); gives way to any rule that allows. */
  readonly isAutomatic: boolean;
  readonly expiresAt: Date | null;
}

export interface IpVerdict {
  readonly blocked: boolean;
  /** The rule that decided; undefined where none speaks of the address. */
  readonly rule: IpRule | undefined;
}

export type IpLists = (address: string, now: Date) => IpVerdict;

const OPEN: IpVerdict = { blocked: false, rule: undefined };
/** The same few addresses come again and again, and reading one costs more than looking it up. */
const MOST_REMEMBERED = 2000;

export function compileIpLists(rules: readonly IpRule[]): IpLists {
  if (rules.length === 0) return () => OPEN;
  const lookup = compileNetworks([
    ...Map.groupBy(
      rules.filter((rule) => !rule.isAutomatic),
      ({ cidr }) => cidr,
    ),
  ]);
  const automatic = compileNetworks([
    ...Map.groupBy(
      rules.filter((rule) => rule.isAutomatic),
      ({ cidr }) => cidr,
    ),
  ]);
  const remembered = new Map<string, readonly (readonly IpRule[])[]>();
  const rulesAround = (address: string) => {
    let found = remembered.get(address);
    if (found === undefined) {
      found = [lookup(address)?.value ?? [], automatic(address)?.value ?? []];
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(address, found);
    }
    return found;
  };
  return (address, now) => {
    const [own = [], imposed = []] = rulesAround(address);
    const holding = own.filter(({ expiresAt }) => expiresAt === null || now < expiresAt);
    const allow = holding.find(({ kind }) => kind === "allow");
    if (allow !== undefined) return { blocked: false, rule: allow };
    const block = holding[0] ?? imposed.find(({ expiresAt }) => expiresAt === null || now < expiresAt);
    return block === undefined ? OPEN : { blocked: true, rule: block };
  };
}
