import { describe, expect, it } from "vitest";
import { buildIdentityClaims, toIdentityIssuer } from "../../../src/core/identity-token/claims.ts";

const REQUEST = {
  issuer: toIdentityIssuer("https://gateway.example.com", "tenant"),
  ...{ audience: "https://notes.example.com/mcp", tenantId: "tenant", subject: "ann" },
  facts: { email: "ann@example.com", isEmailVerified: true, name: "Ann", groups: ["b", "a"] },
  call: { client: "key", tool: "write", argumentsDigest: "digest" },
  ...{ tokenId: "id", now: 1_500_999 },
};

describe("buildIdentityClaims", () => {
  it("contains the caller, the credential, the tool, and an expiry in one minute", () => {
    expect(buildIdentityClaims(REQUEST)).toEqual({
      iss: "https://gateway.example.com/identity/tenant",
      aud: "https://notes.example.com/mcp",
      ...{ sub: "ann", tenant: "tenant", jti: "id", iat: 1500, exp: 1560 },
      ...{ email: "ann@example.com", email_verified: true, name: "Ann", groups: ["a", "b"] },
      ...{ client: "key", tool: "write", arguments_digest: "digest" },
    });
  });

  it("omits what is not known", () => {
    expect(buildIdentityClaims({ ...REQUEST, facts: undefined, call: {} })).toEqual({
      iss: "https://gateway.example.com/identity/tenant",
      aud: "https://notes.example.com/mcp",
      ...{ sub: "ann", tenant: "tenant", jti: "id", iat: 1500, exp: 1560 },
    });
  });

  it("marks an incomplete list of groups", () => {
    const groups = Array.from({ length: 200 }, (_, number) => `group ${String(number).padStart(20, "0")}`);
    const claims = buildIdentityClaims({ ...REQUEST, facts: { ...REQUEST.facts, groups } });
    expect(claims).toMatchObject({ groups_truncated: true });
    expect(JSON.stringify(claims).length).toBeLessThan(6000);
  });
});
