/** Routes without a permission, each with its reason. A new one is added here and tested in its category. */

/** Routes without authentication. */
const FOR_ALL = [
  "/",
  "/healthz",
  "/readyz",
  "/sign-in",
  "/sign-in/error",
  "/sign-in/second-factor",
  "/sign-in/sso",
  "/sign-in/passkey",
  "/sign-in/passkey/finish",
  "/sign-in/with/:provider",
  "/assets/:name",
  "/assets/:version/:name",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/invitation",
  "/invitation/new",
  "/invitation/reject",
  "/setup",
  "/dev/mailbox",
  // The gateway as a client of authorization servers, which fetch it.
  "/oauth/client.json",
  // The gateway as an issuer of identity tokens, which servers verify.
  "/identity/jwks.json",
  "/identity/:tenant/.well-known/openid-configuration",
];

/** The description of the interface: it contains nothing of any tenant. */
const DESCRIPTION = ["/api/v1/openapi.json", "/api/v1/docs"];

/** Authenticate in their own way, with permissions by MCP method. */
const FOR_MCP = ["/mcp", "/mcp/:server", "/t/:tenant/mcp", "/t/:tenant/mcp/:server"];

/** Routes of signed-in users about themselves: no role or scope is required. */
const FOR_ONESELF = /^\/(?:account|consent|sign-out)(?:\/|$)/;

/** Authenticated by the provisioning token of a tenant: see tests/api/scim.test.ts. */
const FOR_PROVISIONING = /^\/scim\/v2(?:\/|$)/;

/** better-auth's and OAuth's own, which are tested as a whole. */
const OF_OTHERS = /^\/(?:api\/auth|oauth2|\.well-known)(?:\/|$)/;

export const isDescription = (path: string): boolean => DESCRIPTION.includes(path);

/** Whose registry may be read is decided by the path: see tests/registry/official.test.ts. */
const FOR_REGISTRY_CLIENTS = /^\/r\/:base\/v0\.1\/servers/;

export const isOpen = (path: string): boolean =>
  FOR_REGISTRY_CLIENTS.test(path) ||
  FOR_ALL.includes(path) ||
  isDescription(path) ||
  FOR_MCP.includes(path) ||
  FOR_ONESELF.test(path) ||
  FOR_PROVISIONING.test(path) ||
  OF_OTHERS.test(path);
