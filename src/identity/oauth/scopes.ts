/** What MCP clients may be allowed, in the words of the consent page. The words of API keys, and OpenID's own. */
import { API_KEY_SCOPES, type ApiKeyScope } from "../../core/enums.ts";

export const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"] as const;
export const OAUTH_SCOPES: readonly string[] = [...OPENID_SCOPES, ...API_KEY_SCOPES];

/** What using any MCP endpoint takes; the rest is asked for by those who need it. */
export const MCP_SCOPE: ApiKeyScope = "proxy";

const MEANING: Record<ApiKeyScope | (typeof OPENID_SCOPES)[number], string> = {
  openid: "Know who you are",
  profile: "See your name",
  email: "See your e-mail address",
  offline_access: "Stay connected while you are away",
  read: "See servers, tools and settings",
  write: "Change servers and settings",
  admin: "Administer the organisation",
  proxy: "Use MCP servers and their tools in your name",
  metrics: "See measurements",
  health: "See the health of servers",
};

const isKnown = (scope: string): scope is keyof typeof MEANING => Object.hasOwn(MEANING, scope);

export const meaningOf = (scope: string) => (isKnown(scope) ? MEANING[scope] : scope);

export const isKeyScope = (scope: string): scope is ApiKeyScope =>
  API_KEY_SCOPES.some((known) => known === scope);
