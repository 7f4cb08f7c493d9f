/** Reads the `Bearer` challenge of a 401 or 403 (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1). */

export interface BearerChallenge {
  readonly resourceMetadata: string | undefined;
  readonly scope: string | undefined;
  readonly error: string | undefined;
}

const MAX_CHALLENGE_LENGTH = 8192;

/** `name=value` or `name="value"`, or the name of a scheme that starts the next challenge. */
const PART = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

export function parseBearerChallenge(header: string | null | undefined): BearerChallenge | undefined {
  if (header === null || header === undefined || header.length > MAX_CHALLENGE_LENGTH) return undefined;
  let parameters: Map<string, string> | undefined;
  for (const [, name = "", quoted, bare] of header.matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    if (value === undefined) {
      if (parameters !== undefined) break;
      if (name.toLowerCase() === "bearer") parameters = new Map();
    } else parameters?.set(name.toLowerCase(), value);
  }
  return (
    parameters && {
      resourceMetadata: parameters.get("resource_metadata"),
      scope: parameters.get("scope"),
      error: parameters.get("error"),
    }
  );
}

const MAX_MISSING_SCOPES = 50;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** The scopes that a rejected call needs (RFC 6750 §3.1); undefined where more consent would not help. */
export function findMissingScopes(header: string | null | undefined): readonly string[] | undefined {
  const challenge = parseBearerChallenge(header);
  if (challenge?.error !== "insufficient_scope") return undefined;
  const scopes = (challenge.scope ?? "").split(" ").filter((scope) => SCOPE.test(scope));
  return scopes.length > 0 && scopes.length <= MAX_MISSING_SCOPES ? scopes : undefined;
}
