/**
 * How the gateway becomes a client of an authorization server: by what an admin has registered, by its own metadata
 * document, or by dynamic registration (RFC 7591).
 */
import { isLoopbackUrl } from "../net/origin.ts";
import type { IssuerMetadata } from "./metadata.ts";

export const CLIENT_DOCUMENT_PATH = "/oauth/client.json";
export const CALLBACK_PATH = "/oauth/upstream/callback";

/** In the order of preference; other methods of authentication take keys that the gateway does not share. */
const SECRET_METHODS = ["client_secret_basic", "client_secret_post"] as const;
export const TOKEN_AUTH_METHODS = ["none", ...SECRET_METHODS] as const;
export type TokenAuthMethod = (typeof TOKEN_AUTH_METHODS)[number];

/** Of private keys with which a client authenticates (RFC 7523). */
export const CLIENT_KEY_ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"] as const;
export type ClientKeyAlgorithm = (typeof CLIENT_KEY_ALGORITHMS)[number];

export interface OAuthClient {
  readonly id: string;
  readonly secret?: string | undefined;
  readonly method: TokenAuthMethod;
}

export type RegistrationPlan =
  | { readonly kind: "client"; readonly client: OAuthClient }
  | { readonly kind: "dynamic" }
  | { readonly kind: "impossible" };

interface StaticClient {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}

export function planRegistration(
  metadata: IssuerMetadata,
  { clientId, clientSecret }: StaticClient,
  publicUrl: string,
): RegistrationPlan {
  if (clientId !== undefined) {
    const method = chooseAuthMethod(metadata, clientSecret !== undefined);
    return { kind: "client", client: { id: clientId, secret: clientSecret, method } };
  }
  const canRead = publicUrl.startsWith("https:") || isLoopbackUrl(metadata.issuer);
  if (metadata.client_id_metadata_document_supported === true && canRead) {
    return { kind: "client", client: { id: publicUrl + CLIENT_DOCUMENT_PATH, method: "none" } };
  }
  return metadata.registration_endpoint === undefined ? { kind: "impossible" } : { kind: "dynamic" };
}

/** Without a list, servers take HTTP Basic (RFC 8414 §2). */
export function chooseAuthMethod(
  { token_endpoint_auth_methods_supported: supported = ["client_secret_basic"] }: IssuerMetadata,
  hasSecret: boolean,
): TokenAuthMethod {
  if (!hasSecret) return "none";
  return SECRET_METHODS.find((method) => supported.includes(method)) ?? "client_secret_basic";
}

/** The document that describes the gateway as a client, also sent for dynamic registration. */
export function createClientMetadata(publicUrl: string) {
  return {
    client_name: "MCP Registry Gateway",
    client_uri: publicUrl,
    redirect_uris: [publicUrl + CALLBACK_PATH],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "web",
    token_endpoint_auth_method: "none",
  };
}
