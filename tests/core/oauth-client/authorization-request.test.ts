import { describe, expect, it } from "vitest";
import { buildAuthorizationUrl, selectScopes } from "../../../src/core/oauth-client/authorization-request.ts";

const NONE = { configured: undefined, challenge: undefined, resource: undefined };

describe("selectScopes", () => {
  it.each([
    [{ configured: ["a"], challenge: "b", resource: ["c"] }, undefined, ["a"]],
    [{ ...NONE, challenge: "b  c", resource: ["d"] }, undefined, ["b", "c"]],
    [{ ...NONE, resource: ["c"] }, undefined, ["c"]],
    [NONE, ["offline_access"], []],
    [{ ...NONE, resource: ["c"] }, ["offline_access"], ["c", "offline_access"]],
    [{ ...NONE, challenge: "offline_access c" }, ["offline_access"], ["offline_access", "c"]],
    [{ ...NONE, configured: ["a"] }, ["offline_access"], ["a"]],
    [{ ...NONE, configured: [], challenge: "b" }, undefined, []],
  ])("of %j with %j supported", (sources, supported, scopes) => {
    expect(selectScopes(sources, { scopes_supported: supported })).toEqual(scopes);
  });
});

describe("buildAuthorizationUrl", () => {
  it("keeps the endpoint's own query and adds what the provider requires", () => {
    const url = new URL(
      buildAuthorizationUrl({
        ...{
          endpoint: "https://a.example/authorize?tenant=1",
          clientId: "c",
          redirectUri: "https://g.example/cb",
        },
        ...{
          state: "s",
          codeChallenge: "h",
          scopes: ["a", "b"],
          scopeParameter: "user_scope",
          resource: undefined,
        },
        parameters: { prompt: "consent" },
      }),
    );
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{
        tenant: "1",
        response_type: "code",
        client_id: "c",
        redirect_uri: "https://g.example/cb",
        state: "s",
      },
      ...{ code_challenge: "h", code_challenge_method: "S256", user_scope: "a b", prompt: "consent" },
    });
  });
});
