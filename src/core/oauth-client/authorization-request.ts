/** The authorization request that a member's browser carries to the authorization server (RFC 6749 §4.1.1). */
import type { IssuerMetadata } from "./metadata.ts";

const OFFLINE_ACCESS = "offline_access";

export interface ScopeSources {
  /** What an admin has configured for the server. */
  readonly configured: readonly string[] | undefined;
  /** Of the server's challenge. */
  readonly challenge: string | undefined;
  /** Of the server's metadata. */
  readonly resource: readonly string[] | undefined;
}

/** The configuration comes first, then the challenge, which is about this operation, then the metadata. */
export function selectScopes(
  { configured, challenge, resource }: ScopeSources,
  { scopes_supported: supported }: Pick<IssuerMetadata, "scopes_supported">,
): readonly string[] {
  if (configured !== undefined) return configured;
  const asked = challenge?.split(" ").filter((scope) => scope !== "") ?? resource ?? [];
  // A refresh token is what keeps the member connected, and some servers give none without this scope.
  const refreshes = asked.length > 0 && supported?.includes(OFFLINE_ACCESS) === true;
  return [...new Set(refreshes ? [...asked, OFFLINE_ACCESS] : asked)];
}

export interface AuthorizationRequest {
  readonly endpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly codeChallenge: string;
  readonly scopes: readonly string[];
  /** The server (RFC 8707); undefined for providers that reject the parameter. */
  readonly resource: string | undefined;
  /** The name under which this provider takes scopes of users. */
  readonly scopeParameter: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function buildAuthorizationUrl(request: AuthorizationRequest): string {
  const {
    endpoint,
    clientId,
    redirectUri,
    state,
    codeChallenge,
    scopes,
    resource,
    scopeParameter,
    parameters,
  } = request;
  const url = new URL(endpoint);
  const all: Record<string, string> = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
    ...(scopes.length > 0 && { [scopeParameter]: scopes.join(" ") }),
    ...(resource !== undefined && { resource }),
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url.href;
}
