import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../src/core/errors.ts";
import { parseConfig } from "../src/env.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const complete = {
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://gateway.example.com/",
  DATABASE_URL: "postgresql://gateway_app:secret@ep-1.eu.aws.neon.tech/gateway",
  BETTER_AUTH_SECRET: "x".repeat(32),
  ENCRYPTION_KEYS: `k2:${KEY}, k1:${KEY}`,
};

function issuesOf(bindings: Record<string, unknown>) {
  try {
    parseConfig(bindings);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.issues;
    throw error;
  }
  return [];
}

describe("parseConfig", () => {
  it("takes a complete configuration and keeps only the origin of the public URL", () => {
    const config = parseConfig(complete);
    expect(config.publicUrl).toBe("https://gateway.example.com");
    expect(config.encryptionKeys.map((key) => key.id)).toEqual(["k2", "k1"]);
    expect(config.database).toEqual({
      main: complete.DATABASE_URL,
      read: undefined,
      analytics: undefined,
      endpoint: undefined,
    });
  });

  it("names every missing variable at once", () => {
    expect(issuesOf({}).map((issue) => `${issue.variable} ${issue.message}`)).toEqual([
      "ENVIRONMENT is missing",
      "PUBLIC_URL is missing",
      "DATABASE_URL is missing",
      "BETTER_AUTH_SECRET is missing",
      "ENCRYPTION_KEYS is missing",
    ]);
  });

  it.each([
    ["DATABASE_URL", "mysql://localhost/gateway"],
    ["DATABASE_READ_URL", "localhost"],
    ["PUBLIC_URL", "http://gateway.example.com"],
    ["PUBLIC_URL", "gateway"],
    ["ENVIRONMENT", "staging"],
    ["BETTER_AUTH_SECRET", "short"],
    ["ENCRYPTION_KEYS", KEY],
    ["ENCRYPTION_KEYS", "k1:c2hvcnQ="],
    ["NEON_ENDPOINT", "http://127.0.0.1:4444"],
  ])("refuses %s = %s in production", (variable, value) => {
    expect(issuesOf({ ...complete, [variable]: value }).map((issue) => issue.variable)).toEqual([variable]);
  });

  it("never repeats a secret in its message", () => {
    const secret = "postgre://user:hunter2@host/db";
    expect(() => parseConfig({ ...complete, DATABASE_URL: secret })).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});
