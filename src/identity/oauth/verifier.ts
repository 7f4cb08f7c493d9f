/** Proof by OAuth access token: what looks like a signed token is taken for one, and for the endpoint it is shown to. */
import { ACCESS_TOKEN } from "../credential-kinds.ts";
import type { CredentialVerifier } from "../credentials.ts";
import type { AccessTokens } from "./access-tokens.ts";

export const accessTokenVerifier = (accessTokens: AccessTokens): CredentialVerifier => ({
  ...ACCESS_TOKEN,
  async verify(text) {
    const at = text.lastIndexOf(" ");
    const proved = await accessTokens.verify(text.slice(at + 1), text.slice(0, at));
    if (proved === undefined) return { value: undefined, tenantId: undefined };
    return { value: { ...proved, ipAllowlist: [] }, tenantId: proved.principal.tenantId };
  },
});
