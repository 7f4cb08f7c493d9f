/** What MCP clients may be allowed, in the words of the consent page. The words of API keys, and OpenID's own. */
import { API_KEY_SCOPES, type ApiKeyScope } from "../../core/enums.ts";

const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"] as const;

/** A connector is a program with an API key of its own, bound to one server. */
type OAuthScope = Exclude<ApiKeyScope, "connect">;
const isOAuthScope = (scope: ApiKeyScope): scope is OAuthScope => scope !== "connect";
const KEY_SCOPES = API_KEY_SCOPES.filter(isOAuthScope);

export const OAUTH_SCOPES: readonly string[] = [...OPENID_SCOPES, ...KEY_SCOPES];

/** What using any MCP endpoint takes; clients request the rest when they need it. */
export const MCP_SCOPE: ApiKeyScope = "proxy";

const DESCRIPTIONS: Record<OAuthScope | (typeof OPENID_SCOPES)[number], string> = {
  openid: "Read your user ID",
  profile: "Read your name",
  email: "Read your email address",
  offline_access: "Keep access when you are offline",
  read: "Read servers, tools and settings",
  write: "Modify servers and settings",
  admin: "Administer the organization",
  proxy: "Call MCP servers and tools on your behalf",
  metrics: "Read metrics",
  health: "Read health status",
};

const isKnown = (scope: string): scope is keyof typeof DESCRIPTIONS => Object.hasOwn(DESCRIPTIONS, scope);

export const describeScope = (scope: string) => (isKnown(scope) ? DESCRIPTIONS[scope] : scope);

export const isKeyScope = (scope: string): scope is OAuthScope => KEY_SCOPES.some((known) => known === scope);
