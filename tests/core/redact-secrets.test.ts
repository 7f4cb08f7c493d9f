import { describe, expect, it } from "vitest";
import { redactSecrets } from "../../src/core/redact-secrets.ts";

describe("what is written down", () => {
  it("has no member that by its name is a secret, at any depth", () => {
    const known = {
      name: "ci",
      keyHash: "x",
      salt: "x",
      nested: [{ clientSecret: "x", access_token: "x", title: "kept" }],
      authConfig: { type: "bearer", sealed: "x" },
      at: new Date(0),
    };
    expect(redactSecrets(known)).toEqual({
      name: "ci",
      nested: [{ title: "kept" }],
      authConfig: { type: "bearer" },
      at: "1970-01-01T00:00:00.000Z",
    });
    expect(redactSecrets(undefined)).toBeUndefined();
  });
});
