import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../src/core/errors.ts";
import { parseConfig } from "../src/env.ts";

const KEY = "p1Zk0yq9n3bH5uVd2cXo8tRw6sLf4gJm7eAiQhTzUxE=";
const SECRET = "mZ0v3Qk9yB7xT1fLcW5pJ8rN2dHsG6aE4uKoRiVtX0g=";

const object = {};
const bindings = {
  ...{
    TENANTS: object,
    SESSIONS: object,
    BRIDGES: object,
    CONNECTORS: object,
    ACCOUNTS: object,
    GLOBAL: object,
  },
  ...{ OUTBOX: object, EVENTS: object, REGISTRY_JOBS: object, ALERTS: object },
};

const complete = {
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://gateway.example.com/",
  DATABASE_URL: "postgresql://gateway_app:secret@ep-1.eu.aws.neon.tech/gateway",
  BETTER_AUTH_SECRET: SECRET,
  ENCRYPTION_KEYS: `k2:${KEY}, k1:${KEY}`,
  ...bindings,
};

const development = {
  ...complete,
  ENVIRONMENT: "development",
  PUBLIC_URL: "http://localhost:8787",
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
      "ENVIRONMENT is required",
      "PUBLIC_URL is required",
      "DATABASE_URL is required",
      "BETTER_AUTH_SECRET is required",
      "ENCRYPTION_KEYS is required",
    ]);
  });

  it.each([
    ["DATABASE_URL", "mysql://localhost/gateway"],
    ["DATABASE_READ_URL", "localhost"],
    ["DATABASE_WRITE_URL", "localhost"],
    ["PUBLIC_URL", "http://gateway.example.com"],
    ["PUBLIC_URL", "gateway"],
    ["ENVIRONMENT", "staging"],
    ["BETTER_AUTH_SECRET", "short"],
    ["BETTER_AUTH_SECRET", "x".repeat(32)],
    ["BETTER_AUTH_SECRET", "only-for-tests-only-for-tests-only-for-tests"],
    ["ENCRYPTION_KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
    ["ENCRYPTION_KEYS", `k1:${"A".repeat(43)}=`],
    ["ENCRYPTION_KEYS", KEY],
    ["ENCRYPTION_KEYS", "k1:c2hvcnQ="],
    ["NEON_ENDPOINT", "http://127.0.0.1:4444"],
  ])("refuses %s = %s in production", (variable, value) => {
    expect(issuesOf({ ...complete, [variable]: value }).map((issue) => issue.variable)).toEqual([variable]);
  });

  it("names every binding that is missing in production", () => {
    const { TENANTS: _, ALERTS: __, ...rest } = complete;
    expect(issuesOf(rest).map(({ variable }) => variable)).toEqual(["TENANTS", "ALERTS"]);
  });

  it.each(["https://gateway.example.com", "http://192.168.1.7:8787", "http://localhost.example.com"])(
    "refuses development at %s, where others reach the mails that it shows",
    (PUBLIC_URL) => {
      expect(issuesOf({ ...development, PUBLIC_URL }).map(({ variable }) => variable)).toEqual([
        "PUBLIC_URL",
      ]);
    },
  );

  it.each(["http://localhost:8787", "http://127.0.0.1:9000", "http://[::1]:9000", "http://gw.localhost"])(
    "takes development at %s",
    (PUBLIC_URL) => {
      expect(issuesOf({ ...development, PUBLIC_URL })).toEqual([]);
    },
  );

  it("never repeats a secret in its message", () => {
    const secret = "postgre://user:hunter2@host/db";
    expect(() => parseConfig({ ...complete, DATABASE_URL: secret })).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});
