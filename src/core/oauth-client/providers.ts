/**
 * Known deviations of authorization servers from the specifications, as data. A provider is known by the host of its
 * issuer, or named in the server's settings (a self-hosted one, for example).
 */

export const PROVIDERS = ["standard", "entra", "github", "google", "slack", "atlassian"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** How an identity is exchanged for a token: by RFC 8693, or as an assertion on behalf of the user (RFC 7523, as Entra has it). */
export const TOKEN_EXCHANGE_FORMS = ["token_exchange", "on_behalf_of"] as const;
export type TokenExchangeForm = (typeof TOKEN_EXCHANGE_FORMS)[number];

export interface ProviderProfile {
  readonly hosts: readonly string[];
  /** It takes the parameter `resource` (RFC 8707); others reject or misread it. */
  readonly takesResource: boolean;
  /** It supports PKCE although its metadata does not declare it. */
  readonly hasUnlistedPkce: boolean;
  /** Its metadata names the issuer with a placeholder for the directory. */
  readonly hasIssuerTemplate: boolean;
  /** The name of the parameter that carries a user's scopes. */
  readonly scopeParameter: "scope" | "user_scope";
  readonly exchangeForm: TokenExchangeForm;
  /** Further parameters of the authorization request. */
  readonly parameters: Readonly<Record<string, string>>;
}

const STANDARD: ProviderProfile = {
  hosts: [],
  takesResource: true,
  hasUnlistedPkce: false,
  hasIssuerTemplate: false,
  scopeParameter: "scope",
  exchangeForm: "token_exchange",
  parameters: {},
};

const PROFILES: Readonly<Record<ProviderName, ProviderProfile>> = {
  standard: STANDARD,
  entra: {
    ...STANDARD,
    hosts: ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"],
    takesResource: false,
    hasUnlistedPkce: true,
    hasIssuerTemplate: true,
    exchangeForm: "on_behalf_of",
  },
  github: { ...STANDARD, hosts: ["github.com"], hasUnlistedPkce: true },
  google: {
    ...STANDARD,
    hosts: ["accounts.google.com"],
    takesResource: false,
    parameters: { access_type: "offline", prompt: "consent" },
  },
  slack: { ...STANDARD, hosts: ["slack.com"], hasUnlistedPkce: true, scopeParameter: "user_scope" },
  atlassian: {
    ...STANDARD,
    hosts: ["auth.atlassian.com"],
    takesResource: false,
    hasUnlistedPkce: true,
    parameters: { audience: "api.atlassian.com", prompt: "consent" },
  },
};

export function findProfile(issuer: string, named: ProviderName | undefined): ProviderProfile {
  if (named !== undefined) return PROFILES[named];
  const host = URL.parse(issuer)?.hostname ?? "";
  return Object.values(PROFILES).find(({ hosts }) => hosts.includes(host)) ?? STANDARD;
}
