/**
 * Checks that a new API key does not exceed its creator: not in scopes, rates, IP ranges or lifetime. Otherwise a
 * restricted key could be used to create an unrestricted one.
 */
import type { ApiKeyScope, Role } from "../enums.ts";
import type { InputIssue } from "../errors.ts";
import { isNetworkInside } from "../net/cidr.ts";
import { hasScope, ROLE_SCOPES } from "./permissions.ts";

export interface KeyBounds {
  readonly scopes: readonly ApiKeyScope[];
  readonly rateLimitPerHour: number;
  readonly rateLimitPerDay: number;
  /** The server that a connector with the key may serve; null without scope `connect`. */
  readonly connectServer: string | null;
  /** Empty: from anywhere. */
  readonly ipAllowlist: readonly string[];
  /** Null: for ever. */
  readonly expiresAt: Date | null;
}

export interface KeyCreator {
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  /** Of the key that makes it; undefined for a person at the screen. */
  readonly terms: KeyBounds | undefined;
}

/** Where the requested terms exceed the bounds. Only given ones are checked: the others are unchanged. */
export function checkKeyBounds(
  requested: Partial<KeyBounds>,
  ownerRole: Role,
  creator: KeyCreator,
): InputIssue[] {
  return [
    ...(requested.scopes ?? []).flatMap((scope, at) =>
      checkScope(scope, `/scopes/${at}`, ownerRole, creator),
    ),
    ...(requested.connectServer == null || creator.role === "admin"
      ? []
      : [{ path: "/connectServer", message: "requires an admin" }]),
    ...(creator.terms === undefined ? [] : checkTerms(requested, creator.terms)),
  ];
}

function checkScope(scope: ApiKeyScope, path: string, ownerRole: Role, creator: KeyCreator): InputIssue[] {
  if (!hasScope(ROLE_SCOPES[ownerRole], scope)) {
    return [{ path, message: `exceeds the scopes of role ${ownerRole}: ${scope}` }];
  }
  if (scope === "connect" && creator.role !== "admin")
    return [{ path, message: "requires an admin: connect, because a connector responds as a server" }];
  return hasScope(creator.scopes, scope) ? [] : [{ path, message: `exceeds your own scopes: ${scope}` }];
}

function checkTerms(requested: Partial<KeyBounds>, own: KeyBounds): InputIssue[] {
  const issues: InputIssue[] = [];
  for (const limit of ["rateLimitPerHour", "rateLimitPerDay"] as const) {
    const value = requested[limit];
    if (value !== undefined && value > own[limit]) {
      issues.push({
        path: `/${limit}`,
        message: `exceeds the ${own[limit]} of the key used for this request`,
      });
    }
  }
  const { connectServer } = requested;
  if (connectServer != null && own.connectServer !== null && connectServer !== own.connectServer) {
    const message = `exceeds the key used for this request, which is bound to server ${own.connectServer}`;
    issues.push({ path: "/connectServer", message });
  }
  const { expiresAt, ipAllowlist } = requested;
  if (
    expiresAt !== undefined &&
    own.expiresAt !== null &&
    (expiresAt === null || expiresAt > own.expiresAt)
  ) {
    issues.push({ path: "/expiresAt", message: "is later than the expiry of the key used for this request" });
  }
  if (ipAllowlist !== undefined && own.ipAllowlist.length > 0) {
    const isInside = (network: string) => isNetworkInside(network, own.ipAllowlist);
    if (ipAllowlist.length === 0 || !ipAllowlist.every(isInside)) {
      issues.push({
        path: "/ipAllowlist",
        message: "is broader than the IP ranges of the key used for this request",
      });
    }
  }
  return issues;
}
