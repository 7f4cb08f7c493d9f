/**
 * Finds where members of a server authorize the gateway: from the server's challenge to its resource metadata (RFC 9728),
 * and from there to the metadata of the authorization server (RFC 8414, OpenID Connect Discovery).
 */
import type { z } from "zod";
import { UpstreamError } from "../core/errors.ts";
import { LATEST_LEGACY } from "../core/mcp/revisions.ts";
import { selectScopes } from "../core/oauth-client/authorization-request.ts";
import { type BearerChallenge, parseBearerChallenge } from "../core/oauth-client/challenge.ts";
import {
  type IssuerMetadata,
  isSameIssuer,
  issuerMetadata,
  resourceMetadata,
} from "../core/oauth-client/metadata.ts";
import { findProfile, type ProviderProfile } from "../core/oauth-client/providers.ts";
import {
  coversServer,
  listIssuerMetadataUrls,
  listResourceMetadataUrls,
  toResource,
} from "../core/oauth-client/well-known.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { checkUrl, type UrlPolicy } from "../upstream/connection/url-guard.ts";
import { type OAuthFetch, OAuthRequestError } from "./oauth-fetch.ts";

export interface OAuthServer {
  readonly name: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
}

export interface AuthorizationTarget {
  readonly metadata: IssuerMetadata;
  readonly profile: ProviderProfile;
  /** The parameter `resource`; undefined for providers that do not take it. */
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
}

export async function discoverAuthorization(
  server: OAuthServer,
  fetch: OAuthFetch,
): Promise<AuthorizationTarget> {
  const { name, auth } = server;
  const url = toHttpUrl(server);
  const challenge = await readChallenge(url, fetch);
  const found = await findResourceMetadata(server, url, challenge, fetch);
  const issuer = auth.issuer ?? found?.authorization_servers?.[0] ?? new URL(url).origin;
  const profile = findProfile(issuer, auth.provider);
  const metadata = await findIssuerMetadata(name, issuer, profile, fetch);
  const sources = {
    configured: auth.scopes,
    challenge: challenge?.scope,
    resource: found?.scopes_supported,
  };
  const resource = found?.resource ?? toResource(url);
  return {
    ...{ metadata, profile },
    resource: profile.takesResource ? resource : undefined,
    scopes: selectScopes(sources, metadata),
  };
}

/** Metadata of a WebSocket server is read over HTTP. */
function toHttpUrl({ name, endpointUrl }: OAuthServer): string {
  const url = URL.parse(endpointUrl);
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) {
    throw failure(name, "has no URL at which it could be authorized");
  }
  url.protocol = url.protocol.replace(/^ws/, "http");
  url.hash = "";
  return url.href;
}

const PROBE = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: {
    protocolVersion: LATEST_LEGACY,
    capabilities: {},
    clientInfo: { name: "mcp-registry-gateway", version: "1" },
  },
};

/** What the server answers to a request without a credential. A server that does not respond may have metadata all the same. */
async function readChallenge(url: string, fetch: OAuthFetch): Promise<BearerChallenge | undefined> {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(PROBE) }).catch(
    onlyRequestErrors,
  );
  return answer?.status === 401 ? parseBearerChallenge(answer.headers.get("www-authenticate")) : undefined;
}

async function findResourceMetadata(
  { name, auth }: OAuthServer,
  url: string,
  challenge: BearerChallenge | undefined,
  fetch: OAuthFetch,
) {
  const fromChallenge = URL.canParse(challenge?.resourceMetadata ?? "")
    ? challenge?.resourceMetadata
    : undefined;
  for (const address of listResourceMetadataUrls(url, fromChallenge)) {
    const found = await readJson(address, resourceMetadata, fetch);
    if (found === undefined) continue;
    if (coversServer(found.resource, url)) return found;
    // With an issuer of the admin's choice the metadata only fills in what is not configured.
    if (auth.issuer === undefined) {
      throw failure(name, `publishes metadata of another resource (${found.resource.slice(0, 200)})`);
    }
  }
  return undefined;
}

export async function findIssuerMetadata(
  server: string,
  issuer: string,
  profile: ProviderProfile,
  fetch: OAuthFetch,
): Promise<IssuerMetadata> {
  if (!URL.canParse(issuer)) throw failure(server, "names an authorization server that is not a URL");
  for (const address of listIssuerMetadataUrls(issuer)) {
    const metadata = await readJson(address, issuerMetadata, fetch);
    if (metadata === undefined) continue;
    if (!isSameIssuer(metadata.issuer, issuer) && !profile.hasIssuerTemplate) {
      throw failure(server, `has an authorization server whose metadata names another issuer than ${issuer}`);
    }
    return metadata;
  }
  throw failure(server, `has no authorization server with metadata at ${new URL(issuer).origin}`);
}

/**
 * The endpoint that members are sent to: a public one, of a server that can protect the code on its way back (RFC 7636).
 */
export function requireAuthorizationEndpoint(
  server: string,
  { metadata, profile }: AuthorizationTarget,
  policy: UrlPolicy,
): string {
  const { authorization_endpoint: endpoint, code_challenge_methods_supported: methods } = metadata;
  if (endpoint === undefined)
    throw failure(server, "has an authorization server without an authorization endpoint");
  const decision = checkUrl(endpoint, policy);
  if (!decision.ok)
    throw failure(server, `has an authorization endpoint that is not allowed: it ${decision.reason}`);
  if (profile.hasUnlistedPkce || methods?.includes("S256") === true) return endpoint;
  throw failure(server, "has an authorization server without PKCE (S256)");
}

async function readJson<S extends z.ZodType>(
  url: string,
  schema: S,
  fetch: OAuthFetch,
): Promise<z.output<S> | undefined> {
  const answer = await fetch(url).catch(onlyRequestErrors);
  if (answer?.status !== 200) return undefined;
  try {
    return schema.safeParse(JSON.parse(answer.text)).data;
  } catch {
    return undefined;
  }
}

function onlyRequestErrors(error: unknown): undefined {
  if (!(error instanceof OAuthRequestError)) throw error;
  return undefined;
}

const failure = (server: string, what: string) =>
  new UpstreamError(
    "upstream_invalid",
    server,
    `Server ${server} ${what}. Contact its owner, or set the issuer in its credentials.`,
  );
