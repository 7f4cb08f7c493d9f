import { describe, expect, it } from "vitest";
import { findMissingScopes, parseBearerChallenge } from "../../../src/core/oauth-client/challenge.ts";

describe("parseBearerChallenge", () => {
  it.each([
    ['Bearer resource_metadata="https://a.example/m", scope="a b"', "https://a.example/m", "a b", undefined],
    ["bearer scope=a,error=invalid_token", undefined, "a", "invalid_token"],
    ['Basic realm="x", Bearer scope="a\\"b"', undefined, 'a"b', undefined],
    ['Bearer scope="a", DPoP algs="ES256", scope="b"', undefined, "a", undefined],
    ["Bearer", undefined, undefined, undefined],
  ])("reads %s", (header, resourceMetadata, scope, error) => {
    expect(parseBearerChallenge(header)).toEqual({ resourceMetadata, scope, error });
  });

  it.each([null, undefined, "", 'Basic realm="Bearer"', `Bearer ${"a".repeat(10_000)}`])(
    "ignores %j",
    (header) => {
      expect(parseBearerChallenge(header)).toBeUndefined();
    },
  );
});

describe("findMissingScopes", () => {
  it.each([
    ['Bearer error="insufficient_scope", scope="a b"', ["a", "b"]],
    ['Bearer error="insufficient_scope", scope="a", resource_metadata="https://x.example.com/"', ["a"]],
    ['Bearer error="insufficient_scope"', undefined],
    ['Bearer error="insufficient_scope", scope=""', undefined],
    ['Bearer error="insufficient_scope", scope="\\"<script>"', undefined],
    [`Bearer error="insufficient_scope", scope="${"a ".repeat(51)}"`, undefined],
    ['Bearer error="invalid_token", scope="a"', undefined],
    ['Basic error="insufficient_scope", scope="a"', undefined],
    ["", undefined],
    [null, undefined],
  ])("reads %j", (header, scopes) => {
    expect(findMissingScopes(header)).toEqual(scopes);
  });
});
