// The findings of `npm run doctor` about wrangler.toml and the variables of an environment.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkConfiguration,
  checkVariables,
  expectedConfiguration,
  readWranglerConfig,
  type WranglerConfig,
} from "../../../scripts/doctor/configuration.ts";
import { projectDir } from "../../../scripts/lib/paths.ts";

const FILE = join(projectDir, "wrangler.toml");
const expected = expectedConfiguration(FILE);
const production = readWranglerConfig(FILE, "production");

/** Production as someone sets it up who follows the guide to the end. */
const READY: WranglerConfig = {
  ...production,
  vars: {
    ...production.vars,
    PUBLIC_URL: "https://gateway.acme.dev",
    MCP_URL: "https://mcp.acme.dev",
    MAIL_FROM: "gateway@acme.dev",
  },
  routes: [{ pattern: "gateway.acme.dev" }, { pattern: "mcp.acme.dev" }],
  send_email: [{ name: "EMAIL" }],
};
const STRONG = {
  DATABASE_URL: "postgresql://gateway_app:secret@ep-1.neon.tech/gateway",
  BETTER_AUTH_SECRET: randomBytes(32).toString("base64"),
  ENCRYPTION_KEYS: `k1:${randomBytes(32).toString("base64")}`,
};

const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);

const found = (config: WranglerConfig) =>
  checkConfiguration(config, "production", expected).filter(({ state }) => state !== "ok");

it.each(["development", "staging", "production"])("%s declares what the code needs", (env) => {
  const checks = checkConfiguration(readWranglerConfig(FILE, env), env, expected);
  const declared = checks.filter(({ name }) => ["Durable Objects", "queues", "schedules"].includes(name));
  expect(declared.map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
});

it("has no finding for a configuration that is complete", () => {
  expect(found(READY)).toEqual([]);
});

describe("names what is wrong, and what mends it", () => {
  const { queues, durable_objects: objects, vars } = READY;
  it.each<[detail: string, fix: string, config: WranglerConfig]>([
    [
      "OUTBOX is not bound",
      "durable_objects.bindings",
      { ...READY, durable_objects: { bindings: objects.bindings.filter(({ name }) => name !== "OUTBOX") } },
    ],
    ["TenantObject has no migration", "[[migrations]]", { ...READY, migrations: [] }],
    ["EVENTS is not bound", "queues.producers", { ...READY, queues: { ...queues, producers: [] } }],
    [
      "mcp-gateway-events has no consumer",
      "queues.consumers",
      { ...READY, queues: { ...queues, consumers: without(queues.consumers, 0) } },
    ],
    [
      "mcp-gateway-events-dead has no consumer",
      "queues.consumers",
      { ...READY, queues: { ...queues, consumers: without(queues.consumers, 1) } },
    ],
    [
      '"17 3 * * *" is missing',
      "[env.production.triggers]",
      { ...READY, triggers: { crons: ["* * * * *"] } },
    ],
    [
      "PUBLIC_URL is not set",
      "[env.production.vars]",
      { ...READY, vars: { ...vars, PUBLIC_URL: undefined } },
    ],
    [
      "https://gateway.example.com is the example's",
      "[env.production.vars]",
      { ...READY, vars: { ...vars, PUBLIC_URL: "https://gateway.example.com" } },
    ],
    [
      "PUBLIC_URL must be HTTPS",
      "[env.production.vars]",
      { ...READY, vars: { ...vars, PUBLIC_URL: "http://gateway.acme.dev" } },
    ],
    ["no route serves gateway.acme.dev", "custom_domain = true", { ...READY, routes: [] }],
    ["share their origin", "MCP_URL", { ...READY, vars: { ...vars, MCP_URL: undefined } }],
    ["no send_email binding", "[[env.production.send_email]]", { ...READY, send_email: [] }],
  ])("%s", (detail, fix, config) => {
    const checks = found(config);
    expect(checks.map((check) => check.detail).join("\n")).toContain(detail);
    expect(checks.map((check) => check.fix).join("\n")).toContain(fix);
  });
});

describe("variables", () => {
  const judge = (environment: Record<string, string>) => checkVariables(READY, environment);

  it("are judged as the Worker judges them", () => {
    expect(judge(STRONG)).toMatchObject({ state: "ok" });
  });

  it("are not judged where there are none", () => {
    expect(judge({})).toMatchObject({ state: "skipped" });
  });

  it.each<[detail: string, environment: Record<string, string>]>([
    ["BETTER_AUTH_SECRET is required", { DATABASE_URL: STRONG.DATABASE_URL }],
    ["BETTER_AUTH_SECRET must have at least 32", { ...STRONG, BETTER_AUTH_SECRET: "short" }],
    ["BETTER_AUTH_SECRET is guessable", { ...STRONG, BETTER_AUTH_SECRET: "a".repeat(40) }],
    ["ENCRYPTION_KEYS must be a list", { ...STRONG, ENCRYPTION_KEYS: "k1:c2hvcnQ=" }],
    [
      "ENCRYPTION_KEYS contains a guessable key",
      { ...STRONG, ENCRYPTION_KEYS: `k1:${btoa("a".repeat(32))}` },
    ],
    ["DATABASE_URL must be a valid URL", { ...STRONG, DATABASE_URL: "mysql://root@localhost/gateway" }],
  ])("are refused: %s", (detail, environment) => {
    const check = judge(environment);
    expect(check).toMatchObject({ state: "failed", detail: expect.stringContaining(detail) });
    for (const secret of Object.values(environment)) expect(JSON.stringify(check)).not.toContain(secret);
  });
});
