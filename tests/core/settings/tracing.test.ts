import { expect, it } from "vitest";
import { resolveTracing } from "../../../src/core/settings/tracing.ts";

const TENANT = "0199aaaa-0000-7000-8000-000000000001";
const row = (key: string, value: unknown, tenantId: string | null = null) => ({ key, value, tenantId });
const ENDPOINT = "telemetry.otlp.endpoint";
const SECRET = "telemetry.otlp.authorization";

it("is off until a collector is set", () => {
  expect(resolveTracing([])).toBeUndefined();
  expect(resolveTracing([row(SECRET, { sealed: "k.x" }), row("telemetry.traces.sample", 1)])).toBeUndefined();
  expect(resolveTracing([row(ENDPOINT, "https://c.example/")])).toEqual({
    endpoint: "https://c.example",
    owner: null,
    authorization: undefined,
    sample: 1,
  });
});

it("sends the secret only to its owner's collector", () => {
  const shared = [row(ENDPOINT, "https://c.example"), row(SECRET, { sealed: "k.shared" })];
  expect(resolveTracing(shared)?.authorization).toEqual({ sealed: "k.shared" });
  const elsewhere = [...shared, row(ENDPOINT, "https://evil.example", TENANT)];
  expect(resolveTracing(elsewhere)).toMatchObject({ endpoint: "https://evil.example", owner: TENANT });
  expect(resolveTracing(elsewhere)?.authorization).toBeUndefined();
  const own = [...elsewhere, row(SECRET, { sealed: "k.own" }, TENANT)];
  expect(resolveTracing(own)?.authorization).toEqual({ sealed: "k.own" });
  const secretOnly = [...shared, row(SECRET, { sealed: "k.own" }, TENANT)];
  expect(resolveTracing(secretOnly)).toMatchObject({ owner: null, authorization: undefined });
});
