/**
 * What the gateway asserts to a server about a caller: the claims of a token that it signs for one minute, in place of a credential
 * of the server's. No credential of the caller is part of it.
 */

const IDENTITY_TOKEN_TTL_SECONDS = 60;
/** In place of a user, where the gateway acts for itself: capability discovery and health checks. */
export const GATEWAY_SUBJECT = "gateway";

const ISSUER_PATH = "/identity";
export const IDENTITY_KEYS_PATH = `${ISSUER_PATH}/jwks.json`;

/**
 * Each organization has an issuer of its own, so that a server which trusts one of them is never shown a user of another one
 * by a gateway that serves both.
 */
export const toIdentityIssuer = (publicUrl: string, tenantId: string): string =>
  `${publicUrl}${ISSUER_PATH}/${tenantId}`;

/** A user as the database has them. */
export interface SubjectFacts {
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is known of the call that the token is signed for. */
export interface CallFacts {
  /** The OAuth client or the API key by which the user calls. */
  readonly client?: string | undefined;
  readonly tool?: string | undefined;
  /** SHA-256 of the arguments in canonical JSON (RFC 8785), in hex. */
  readonly argumentsDigest?: string | undefined;
}

export interface IdentityRequest {
  readonly issuer: string;
  readonly audience: string;
  readonly tenantId: string;
  readonly subject: string;
  /** Undefined for the gateway itself and for keys without a user. */
  readonly facts: SubjectFacts | undefined;
  readonly call: CallFacts;
  readonly tokenId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A token goes into a header, so groups have a limit. */
const MAX_GROUPS_CHARACTERS = 3000;

export function buildIdentityClaims(request: IdentityRequest): Readonly<Record<string, unknown>> {
  const { issuer, audience, tenantId, subject, facts, call, tokenId, now } = request;
  const issuedAt = Math.floor(now / 1000);
  return {
    ...{ iss: issuer, aud: audience, sub: subject, tenant: tenantId, jti: tokenId },
    ...{ iat: issuedAt, exp: issuedAt + IDENTITY_TOKEN_TTL_SECONDS },
    ...(facts !== undefined && {
      ...{ email: facts.email, email_verified: facts.isEmailVerified, name: facts.name },
      ...selectGroups(facts.groups),
    }),
    ...(call.client !== undefined && { client: call.client }),
    ...(call.tool !== undefined && { tool: call.tool }),
    ...(call.argumentsDigest !== undefined && { arguments_digest: call.argumentsDigest }),
  };
}

/** An incomplete list is marked, because a server may deny what a group denies. */
function selectGroups(names: readonly string[]) {
  const groups: string[] = [];
  let characters = 0;
  for (const name of names.toSorted()) {
    characters += name.length;
    if (characters > MAX_GROUPS_CHARACTERS) return { groups, groups_truncated: true };
    groups.push(name);
  }
  return { groups };
}
