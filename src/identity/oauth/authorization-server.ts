/** The OAuth 2.1 authorization server: better-auth's provider with the gateway's choices. */
import { type OAuthOptions, oauthProvider } from "@better-auth/oauth-provider";
import type { BetterAuthPlugin } from "better-auth";
import type { Database } from "../../db/client.ts";
import { findConsent } from "../../db/queries/access/grants.ts";
import { type ClientMetadataDeps, clientMetadataDiscovery } from "./client-metadata.ts";
import { OAUTH_SCOPES } from "./scopes.ts";

export interface AuthorizationServerDeps {
  readonly database: Database;
  readonly dynamicRegistration: boolean;
  readonly clientDocuments: ClientMetadataDeps;
}

const ACCESS_TOKEN_SECONDS = 3600;
/** A client that lost the response to a refresh may repeat it and gets the same; later the token counts as stolen. */
const REFRESH_RETRY_SECONDS = 10;

export function createAuthorizationServer({
  database,
  dynamicRegistration,
  clientDocuments,
}: AuthorizationServerDeps): BetterAuthPlugin {
  const options: OAuthOptions<string[]> = {
    loginPage: "/sign-in",
    consentPage: "/consent",
    scopes: [...OAUTH_SCOPES],
    // Programs without a user use API keys, which have limits and rights of their own.
    grantTypes: ["authorization_code", "refresh_token"],
    accessTokenExpiresIn: ACCESS_TOKEN_SECONDS,
    refreshTokenExpiresIn: 30 * 86_400,
    refreshTokenReuseInterval: REFRESH_RETRY_SECONDS,
    codeExpiresIn: 300,
    allowDynamicClientRegistration: dynamicRegistration,
    allowUnauthenticatedClientRegistration: dynamicRegistration,
    enforcePerClientResources: false,
    // Clients and resources are created by registration and by metadata URL, not by the signed-in user.
    clientPrivileges: () => false,
    resourcePrivileges: () => false,
    postLogin: {
      page: "/consent",
      shouldRedirect: () => false,
      // The tenant chosen on the consent page is the session's active one (admin/consent.tsx).
      consentReferenceId: ({ session }) => {
        const tenantId = session.activeTenantId;
        return typeof tenantId === "string" ? tenantId : NO_TENANT;
      },
    },
    customAccessTokenClaims: ({ referenceId }) => ({ tenant: referenceId }),
    extensions: [
      {
        clientDiscovery: clientMetadataDiscovery(clientDocuments, () => options),
        claims: { accessToken: (input) => grantClaim(database, input) },
      },
    ],
  };
  return asPlugin(oauthProvider(options));
}

/** Binds a token to the consent of this moment. Without one there is no claim, and the token is good for nothing. */
async function grantClaim(
  database: Database,
  input: {
    readonly user?: { readonly id: string } | null | undefined;
    readonly client: { readonly clientId: string };
    readonly referenceId?: string | undefined;
  },
): Promise<Record<string, unknown>> {
  const { user, client, referenceId: tenantId } = input;
  if (user == null || tenantId === undefined) return {};
  const of = { clientId: client.clientId, userId: user.id, tenantId };
  const [consent] = await findConsent(database.asSystem(), of);
  return consent === undefined ? {} : { grant: consent.id };
}

/** No row has this ID, so a user without a tenant has no earlier consent. */
const NO_TENANT = "none";

/**
 * The provider's own type has "or undefined" in places where better-auth's plugin type has not, which
 * exactOptionalPropertyTypes takes at its word. What the two agree on is checked here while the Worker starts.
 */
function asPlugin(value: unknown): BetterAuthPlugin {
  if (!isPlugin(value)) throw new TypeError("the OAuth provider is no better-auth plugin");
  return value;
}

function isPlugin(value: unknown): value is BetterAuthPlugin {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string";
}
