/**
 * Decides which account a sign-in through an identity provider enters. Accounts are known by the provider's own name
 * for the subject; an email address connects one only where the organization has proved that the domain is its own.
 */

/** Why a sign-in is not accepted. */
export type SsoErrorCode =
  | "sso_account_conflict"
  | "sso_domain_unverified"
  | "sso_email_missing"
  | "sso_email_unverified"
  | "sso_failed"
  | "sso_former_member"
  | "sso_member_limit"
  | "sso_not_member"
  | "sso_operator"
  | "sso_provider_unavailable"
  | "sso_state_invalid";

/** A person as far as the decision needs them. */
export interface KnownUser {
  readonly userId: string;
  readonly isOperator: boolean;
  readonly isMember: boolean;
  readonly isFormerMember: boolean;
}

export interface SsoSignInFacts {
  /** The user that an earlier sign-in of the same subject has connected. */
  readonly linked: KnownUser | undefined;
  /** The address that the provider states. */
  readonly email: string | undefined;
  /** The provider's claim about the address; undefined without one. */
  readonly isEmailVerified: boolean | undefined;
  /** Whether the address is in a verified domain of the provider's tenant. */
  readonly isDomainVerified: boolean;
  /** The user with that address. */
  readonly byEmail: (KnownUser & { readonly hasOtherSubject: boolean }) | undefined;
  readonly isJitEnabled: boolean;
}

export type SsoSignInDecision =
  | { readonly kind: "refused"; readonly code: SsoErrorCode }
  | { readonly kind: "enter"; readonly userId: string }
  /** `joins`: they become a member with it. */
  | { readonly kind: "link"; readonly userId: string; readonly joins: boolean }
  | { readonly kind: "create"; readonly email: string };

const refuse = (code: SsoErrorCode): SsoSignInDecision => ({ kind: "refused", code });

export function decideSsoSignIn(facts: SsoSignInFacts): SsoSignInDecision {
  const { linked, email, isEmailVerified, isDomainVerified, byEmail, isJitEnabled } = facts;
  if (linked !== undefined) {
    // An organization's provider must not be a way to the rights over all organizations.
    if (linked.isOperator) return refuse("sso_operator");
    // The subject was known, so the membership has ended since: only an admin gives it back.
    return linked.isMember ? { kind: "enter", userId: linked.userId } : refuse("sso_former_member");
  }
  if (email === undefined) return refuse("sso_email_missing");
  if (isEmailVerified === false) return refuse("sso_email_unverified");
  if (!isDomainVerified) return refuse("sso_domain_unverified");
  if (byEmail === undefined) return isJitEnabled ? { kind: "create", email } : refuse("sso_not_member");
  if (byEmail.isOperator) return refuse("sso_operator");
  // An address that was given to another person does not give them the account.
  if (byEmail.hasOtherSubject) return refuse("sso_account_conflict");
  if (byEmail.isMember) return { kind: "link", userId: byEmail.userId, joins: false };
  if (byEmail.isFormerMember) return refuse("sso_former_member");
  return isJitEnabled ? { kind: "link", userId: byEmail.userId, joins: true } : refuse("sso_not_member");
}
