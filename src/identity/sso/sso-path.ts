/** The endpoint that identity providers redirect to, as better-auth names it. */
export const SSO_CALLBACK = "/sso/callback/:providerId";

/** The path of its redirect URIs, without the id of the provider. */
export const SSO_CALLBACK_PATH = "/api/auth/sso/callback";
