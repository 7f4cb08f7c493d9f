/**
 * A key can do no more than whoever makes it: else a narrow key would be the way to a wide one. That holds for what it
 * may do, how often, from where and for how long.
 */
import type { InputIssue } from "../errors.ts";
import { isNetworkInside } from "../net/cidr.ts";
import type { ApiKeyScope, Role } from "../vocabulary.ts";
import { hasScope, SCOPES_OF_ROLE } from "./actions.ts";

export interface KeyTerms {
  readonly scopes: readonly ApiKeyScope[];
  readonly rateLimitPerHour: number;
  readonly rateLimitPerDay: number;
  /** Empty: from anywhere. */
  readonly ipAllowlist: readonly string[];
  /** Null: for ever. */
  readonly expiresAt: Date | null;
}

export interface KeyMaker {
  readonly scopes: readonly ApiKeyScope[];
  /** Of the key that makes it; undefined for a person at the screen. */
  readonly terms: KeyTerms | undefined;
}

/** Where the wanted terms go too far. Only those that are given are looked at: the others stay as they are. */
export function excessOf(wanted: Partial<KeyTerms>, ownerRole: Role, maker: KeyMaker): InputIssue[] {
  return [
    ...(wanted.scopes ?? []).flatMap((scope, at) => scopeExcess(scope, `/scopes/${at}`, ownerRole, maker)),
    ...(maker.terms === undefined ? [] : termExcess(wanted, maker.terms)),
  ];
}

function scopeExcess(scope: ApiKeyScope, path: string, ownerRole: Role, maker: KeyMaker): InputIssue[] {
  if (!hasScope(SCOPES_OF_ROLE[ownerRole], scope)) {
    return [{ path, message: `${scope} is more than the role ${ownerRole} can have` }];
  }
  return hasScope(maker.scopes, scope) ? [] : [{ path, message: `${scope} is more than you have yourself` }];
}

function termExcess(wanted: Partial<KeyTerms>, own: KeyTerms): InputIssue[] {
  const issues: InputIssue[] = [];
  for (const limit of ["rateLimitPerHour", "rateLimitPerDay"] as const) {
    const asked = wanted[limit];
    if (asked !== undefined && asked > own[limit]) {
      issues.push({ path: `/${limit}`, message: `is more than the ${own[limit]} of the key that you use` });
    }
  }
  const { expiresAt, ipAllowlist } = wanted;
  if (
    expiresAt !== undefined &&
    own.expiresAt !== null &&
    (expiresAt === null || expiresAt > own.expiresAt)
  ) {
    issues.push({ path: "/expiresAt", message: "is later than the end of the key that you use" });
  }
  if (ipAllowlist !== undefined && own.ipAllowlist.length > 0) {
    const isInside = (network: string) => isNetworkInside(network, own.ipAllowlist);
    if (ipAllowlist.length === 0 || !ipAllowlist.every(isInside)) {
      issues.push({ path: "/ipAllowlist", message: "reaches further than that of the key that you use" });
    }
  }
  return issues;
}
