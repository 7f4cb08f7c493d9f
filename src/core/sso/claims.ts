/** Reads what single sign-on needs from the claims of an identity provider. */

export interface ClaimNames {
  readonly emailClaim: string;
  readonly nameClaim: string;
  readonly trustedAmr: readonly string[];
  readonly trustedAcr: readonly string[];
}

export interface SsoIdentity {
  readonly subject: string;
  readonly email: string | undefined;
  readonly isEmailVerified: boolean | undefined;
  readonly name: string | undefined;
  /** Whether the provider has checked a second factor, in a way that the organization trusts. */
  readonly isSecondFactorProved: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

const MAX_SUBJECT_LENGTH = 255;
const MAX_NAME_LENGTH = 200;
const EMAIL = /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u;
const MAX_EMAIL_LENGTH = 320;

/** Undefined where the subject cannot be stored. */
export function readIdentity(claims: Claims, names: ClaimNames): SsoIdentity | undefined {
  const subject = claims.sub;
  if (typeof subject !== "string" || subject === "" || subject.length > MAX_SUBJECT_LENGTH) return undefined;
  const email = readText(claims, names.emailClaim)?.toLowerCase();
  const name = readText(claims, names.nameClaim)?.slice(0, MAX_NAME_LENGTH);
  const isEmail = email !== undefined && email.length <= MAX_EMAIL_LENGTH && EMAIL.test(email);
  return {
    subject,
    email: isEmail ? email : undefined,
    isEmailVerified: readFlag(claims.email_verified),
    name,
    isSecondFactorProved: isSecondFactorProved(claims, names),
  };
}

function readText(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? undefined : text;
}

/** Some providers send booleans as text. */
function readFlag(value: unknown): boolean | undefined {
  if (value === true || value === "true") return true;
  return value === undefined || value === null ? undefined : false;
}

function isSecondFactorProved({ amr, acr }: Claims, { trustedAmr, trustedAcr }: ClaimNames): boolean {
  const methods: readonly unknown[] = Array.isArray(amr) ? amr : [amr];
  return (
    methods.some((method) => typeof method === "string" && trustedAmr.includes(method)) ||
    (typeof acr === "string" && trustedAcr.includes(acr))
  );
}
