import { describe, expect, it } from "vitest";
import { readIdentity } from "../../../src/core/sso/claims.ts";
import { hasProof } from "../../../src/core/sso/domain-proof.ts";
import { readEmailDomain } from "../../../src/core/sso/email-domain.ts";

const names = { emailClaim: "email", nameClaim: "name", trustedAmr: ["mfa"], trustedAcr: ["gold"] };

describe("readIdentity", () => {
  it("reads claims by the names of the provider, and flags that were sent as text", () => {
    const claims = { sub: "s", upn: " A@Example.com ", email_verified: "true", name: "A" };
    expect(readIdentity(claims, { ...names, emailClaim: "upn" })).toEqual({
      ...{ subject: "s", email: "a@example.com", isEmailVerified: true, name: "A" },
      isSecondFactorProved: false,
    });
  });

  it.each<[object, boolean]>([
    [{ amr: ["pwd", "mfa"] }, true],
    [{ amr: "mfa" }, true],
    [{ amr: ["pwd"] }, false],
    [{ acr: "gold" }, true],
    [{ acr: ["gold"] }, false],
    [{ amr: { mfa: true } }, false],
  ])("judges the second factor of %j", (claims, isProved) => {
    expect(readIdentity({ sub: "s", ...claims }, names)?.isSecondFactorProved).toBe(isProved);
  });

  it.each([{}, { sub: "" }, { sub: 1 }, { sub: "x".repeat(256) }])("finds no subject in %j", (claims) => {
    expect(readIdentity(claims, names)).toBeUndefined();
  });

  it.each(["a", "a@b@c.example", "a b@c.example", 1, ["a@example.com"], null])(
    "finds no email in %j",
    (email) => {
      const found = readIdentity({ sub: "s", email }, names)?.email;
      expect(found === undefined || readEmailDomain(found) === undefined).toBe(true);
    },
  );
});

describe("readEmailDomain", () => {
  it.each([
    ["A@Example.COM", "example.com"],
    ["a@b.c-d.example", "b.c-d.example"],
    ["a@localhost", undefined],
    ["@example.com", undefined],
    ['"x@evil.example"@example.com', undefined],
    ["a@example.com.", undefined],
    ["a@-x.example", undefined],
    ["a@exämple.com", undefined],
  ])("reads %s as %s", (email, domain) => {
    expect(readEmailDomain(email)).toBe(domain);
  });
});

describe("hasProof", () => {
  it.each([
    [['"mcp-gateway-verification=t"'], true],
    [["mcp-gateway-verification=t"], true],
    [['"mcp-gateway-" "verification=t"'], true],
    [['"v=spf1 -all"', '"mcp-gateway-verification=t"'], true],
    [['"mcp-gateway-verification=tt"'], false],
    [[], false],
  ])("finds the proof in %j: %s", (records, isThere) => {
    expect(hasProof(records, "t")).toBe(isThere);
  });
});
