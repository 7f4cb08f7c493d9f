import { describe, expect, it } from "vitest";
import { normalizeTokenAnswer } from "../../../src/core/oauth-client/token-answer.ts";
import { getLifetime, toAccountTokens } from "../../../src/core/oauth-client/tokens.ts";

const read = (body: unknown, status = 200) => normalizeTokenAnswer({ status, text: JSON.stringify(body) });

describe("normalizeTokenAnswer", () => {
  it("leaves an answer as the specification has it, but for the identity token", () => {
    const answer = {
      access_token: "a",
      token_type: "Bearer",
      expires_in: 60,
      refresh_token: "r",
      scope: "x",
    };
    expect(read({ ...answer, id_token: "i" })).toEqual({ status: 200, body: answer });
  });

  it.each([
    // GitHub
    [{ error: "bad_verification_code", error_uri: "https://x" }, 200, { error: "invalid_grant" }, 400],
    [{ error: "incorrect_client_credentials" }, 200, { error: "invalid_client" }, 400],
    // Slack
    [{ ok: false, error: "invalid_refresh_token" }, 200, { error: "invalid_grant" }, 400],
    // As specified
    [{ error: "invalid_grant", error_description: "secret" }, 400, { error: "invalid_grant" }, 400],
    [{ error: "invalid_client" }, 401, { error: "invalid_client" }, 401],
  ])("names the error of %j", (body, status, normalized, as) => {
    expect(read(body, status)).toEqual({ status: as, body: normalized });
  });

  it("takes a user's token out of what surrounds it", () => {
    const user = { id: "U1", access_token: "xoxp-1", token_type: "user", scope: "a,b" };
    expect(read({ ok: true, authed_user: user }).body).toMatchObject({
      access_token: "xoxp-1",
      token_type: "bearer",
    });
  });

  it.each([
    [{ access_token: "a" }, { access_token: "a", token_type: "bearer" }],
    [
      { access_token: "a", token_type: "bearer", expires_in: "3600", refresh_token: "" },
      { access_token: "a", token_type: "bearer", expires_in: 3600 },
    ],
    [
      { access_token: "a", token_type: "bearer", expires_in: 0, refresh_token: null },
      { access_token: "a", token_type: "bearer" },
    ],
    [
      { access_token: "a", token_type: "mac" },
      { access_token: "a", token_type: "mac" },
    ],
  ])("completes %j", (body, normalized) => {
    expect(read(body).body).toEqual(normalized);
  });

  it.each(["", "<html>", "[1]", "null", '"a"'])("has no body for %j", (text) => {
    expect(normalizeTokenAnswer({ status: 200, text }).body).toBeUndefined();
  });
});

describe("toAccountTokens", () => {
  const source = { issuer: "i", tokenEndpoint: "t", client: { id: "c", method: "none" as const } };

  it("keeps the refresh token and the scopes that the answer does not name", () => {
    const before = { refreshToken: "old", scopes: ["a"] };
    const tokens = toAccountTokens({ access_token: "x", expires_in: 60 }, source, before, 1000);
    expect(tokens).toMatchObject({ refreshToken: "old", scopes: ["a"], obtainedAt: 1000, expiresAt: 61_000 });
    const rotated = toAccountTokens(
      { access_token: "x", refresh_token: "new", scope: "b,c d" },
      source,
      before,
      1000,
    );
    expect(rotated).toMatchObject({ refreshToken: "new", scopes: ["b", "c", "d"] });
    expect(rotated.expiresAt).toBeUndefined();
  });
});

describe("getLifetime", () => {
  it.each([
    [{ obtainedAt: 0, expiresAt: 3_600_000 }, true, { renewAt: 3_540_000, expiresAt: 3_600_000 }],
    [{ obtainedAt: 0, expiresAt: 10_000 }, true, { renewAt: 9000, expiresAt: 10_000 }],
    [{ obtainedAt: 0, expiresAt: 10_000 }, false, { renewAt: 10_000, expiresAt: 10_000 }],
    [{ obtainedAt: 0 }, true, undefined],
  ])("of %j, renewable: %s", (tokens, isRenewable, lifetime) => {
    expect(getLifetime(tokens, isRenewable)).toEqual(lifetime);
  });
});
