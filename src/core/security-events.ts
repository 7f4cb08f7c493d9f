/** The closed list of security event types with their severities. */
import type { Severity } from "./enums.ts";

export const SECURITY_EVENTS = {
  "login.failed": "low",
  "login.blocked": "medium",
  /** The right password of a banned user. */
  "login.banned": "medium",
  "second-factor.failed": "medium",
  "second-factor.blocked": "high",
  "second-factor.enabled": "info",
  "second-factor.disabled": "medium",
  "second-factor.codes-replaced": "info",
  /** By an admin of the member's organization. */
  "second-factor.reset": "high",
  "passkey.added": "medium",
  "passkey.removed": "medium",
  "account.linked": "medium",
  "account.unlinked": "medium",
  /** The answer of an identity provider was not accepted. */
  "sso.refused": "medium",
  "password.failed": "low",
  "password.blocked": "medium",
  "password.changed": "info",
  "password.reset-requested": "info",
  "password.reset-blocked": "medium",
  "invitation.failed": "low",
  "invitation.blocked": "medium",
  "setup.failed": "medium",
  "setup.blocked": "high",
  "key.blocked": "medium",
  /** A valid key from an address that the key does not allow. */
  "key.address-refused": "medium",
  /** An authenticated caller lacks the permission. */
  "access.denied": "low",
  /** An authenticated caller named an object of another tenant. */
  "access.foreign-object": "high",
  /** An IP rule refused the request. */
  "address.blocked": "low",
  "address.banned": "medium",
  "oauth.code-replayed": "high",
  "oauth.refresh-token-reused": "high",
  "oauth.client-registered": "info",
  "oauth.registration-blocked": "medium",
  "csrf.rejected": "medium",
  "access.configuration-denied": "medium",
  "user.banned": "medium",
  "user.unbanned": "info",
  /** Suspicious text in a definition: a certain finding, and an unusual character or phrase. */
  "definition.suspicious": "high",
  "definition.unusual": "low",
  "tool.changed": "high",
  "tool.restored": "info",
  "tool.approved": "info",
  "tool.rejected": "medium",
  "impersonation.started": "high",
  "impersonation.ended": "info",
} as const satisfies Record<string, Severity>;

export type SecurityEventType = keyof typeof SECURITY_EVENTS;
