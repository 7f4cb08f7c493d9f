/**
 * The kinds of credentials, each with how to recognize one in a request. What verifies them is loaded when a credential of
 * the kind is first seen.
 */
import type { CredentialVerifier } from "./credentials.ts";

export type CredentialKind = Pick<CredentialVerifier, "name" | "find">;

export const API_KEY: CredentialKind = {
  name: "api_key",
  find: ({ token }) => (token !== undefined && isApiKeyText(token) ? token : undefined),
};

/** For the endpoint that it is shown to; the path has no space. */
export const ACCESS_TOKEN: CredentialKind = {
  name: "oauth",
  find: ({ path, token }) => (token !== undefined && looksLikeJwt(token) ? `${path} ${token}` : undefined),
};

/** Legacy keys are arbitrary texts, so this kind comes after those with a recognizable format. */
export const LEGACY_KEY: CredentialKind = {
  name: "legacy_api_key",
  find: ({ token }) => (token !== undefined && isLegacyText(token) ? token : undefined),
};

export const looksLikeJwt = (text: string) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** The old backend's keys can begin like ours, and none of them is as long. */
const isApiKeyText = (token: string) => token.length === 80 && token.startsWith("mcp_");

/** Longer than an ordinary word and short enough to bound the hashing cost. */
const isLegacyText = (token: string) => token.length >= 16 && token.length <= 512 && !isApiKeyText(token);

/** A verifier whose code is loaded by the first credential that it has to verify. */
export const deferVerifier = (
  kind: CredentialKind,
  load: () => Promise<Pick<CredentialVerifier, "verify">>,
): CredentialVerifier => ({
  ...kind,
  verify: async (text, now) => (await load()).verify(text, now),
});
