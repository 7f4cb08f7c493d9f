import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isCustomKey,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
} from "../../../src/core/settings/definitions.ts";
import { isSampled, payloadPolicy, selectPayload } from "../../../src/core/settings/payloads.ts";
import { readSettings, validateSetting } from "../../../src/core/settings/values.ts";

const TENANT = "0199aaaa-0000-7000-8000-000000000001";
const own = (key: string, value: unknown) => ({ key, value, tenantId: TENANT });
const shared = (key: string, value: unknown) => ({ key, value, tenantId: null });

describe("a value", () => {
  it.each<[SettingKey, unknown, boolean]>([
    ["logging.payloads.sample", 0, true],
    ["logging.payloads.sample", 1, true],
    ["logging.payloads.sample", 1.01, false],
    ["logging.payloads.sample", Number.NaN, false],
    ["logging.payloads.sample", "1", false],
    ["logging.payloads.results", true, true],
    ["logging.payloads.results", "true", false],
    ["logging.payloads.fields", ["ssn", "Full name"], true],
    ["logging.payloads.fields", [""], false],
    ["logging.payloads.fields", "ssn", false],
    ["logging.payloads.fields", Array.from({ length: 101 }, () => "x"), false],
    ["mcp.instructions", "x".repeat(4000), true],
    ["mcp.instructions", "x".repeat(4001), false],
    ["telemetry.otlp.endpoint", "", true],
    ["telemetry.otlp.endpoint", "https://collector.example.com", true],
    ["telemetry.otlp.endpoint", "http://localhost:4318", true],
    ["telemetry.otlp.endpoint", "http://collector.example.com", false],
    ["telemetry.otlp.endpoint", "https://ada:x@collector.example.com", false],
    ["telemetry.otlp.endpoint", "javascript:alert(1)", false],
    ["telemetry.otlp.authorization", "Bearer x", true],
    ["telemetry.otlp.authorization", "", false],
  ])("of %s: %j fits: %s", (key, value, fits) => {
    expect(validateSetting(SETTINGS[key], value) === undefined).toBe(fits);
  });
});

describe("what holds", () => {
  it("is the tenant's own value, or else the whole system's, or else the default of the table", () => {
    const of = (...rows: Parameters<typeof readSettings>[0]) => readSettings(rows)["telemetry.traces.sample"];
    expect(of()).toBe(1);
    expect(of(shared("telemetry.traces.sample", 0.5))).toBe(0.5);
    expect(of(shared("telemetry.traces.sample", 0.5), own("telemetry.traces.sample", 0.1))).toBe(0.1);
    expect(of(own("telemetry.traces.sample", 0.1), shared("telemetry.traces.sample", 0.5))).toBe(0.1);
    expect(of(shared("telemetry.traces.sample", 0.5), own("telemetry.traces.sample", 7))).toBe(0.5);
  });

  it("is set by those only who may", () => {
    expect(readSettings([shared("logging.payloads.sample", 1)])).toEqual(readSettings([]));
  });

  it("always fits, whatever is stored", () => {
    const row = fc.record({
      key: fc.oneof(fc.constantFrom(...SETTING_KEYS), fc.string()),
      value: fc.oneof(fc.jsonValue(), fc.double(), fc.boolean()),
      tenantId: fc.constantFrom(null, TENANT),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const settings = readSettings(rows);
        for (const key of SETTING_KEYS) {
          const setting = SETTINGS[key];
          if (setting.type !== "secret") expect(validateSetting(setting, settings[key])).toBeUndefined();
        }
      }),
    );
  });

  it("detects keys that can only be an error", () => {
    expect(isCustomKey("logging.payload.sample")).toBe(true);
    expect(isCustomKey("billing.address")).toBe(false);
  });
});

describe("payloads", () => {
  const terms = payloadPolicy(readSettings([own("logging.payloads.sample", 0.25)]));

  it("are kept where the tenant's setting enables it, the server's own first", () => {
    expect(payloadPolicy(readSettings([]))).toBeUndefined();
    expect(payloadPolicy(readSettings([]), 0.5)?.sample).toBe(0.5);
    expect(payloadPolicy(readSettings([own("logging.payloads.sample", 1)]), 0)).toBeUndefined();
  });

  it("of about the requested share, and of one request always the same", () => {
    const ids = Array.from({ length: 20_000 }, () => crypto.randomUUID());
    const sampled = ids.filter((id) => terms !== undefined && isSampled(id, terms));
    expect(sampled.length / ids.length).toBeCloseTo(0.25, 1);
    expect(sampled.every((id) => terms !== undefined && isSampled(id, terms))).toBe(true);
  });

  it.each<[string, string[], unknown]>([
    ['{"params":{"name":"x","token":"y"}}', ["params"], { name: "x", token: "[redacted]" }],
    ['{"result":[1,2]}', ["result", "error"], { value: [1, 2] }],
    ['{"error":{"code":1}}', ["result", "error"], { code: 1 }],
    ['{"jsonrpc":"2.0"}', ["params"], undefined],
    ["not json", ["params"], undefined],
    [`{"params":"${"x".repeat(300_000)}"}`, ["params"], { cut: true }],
  ])("of %.40s the members %j are kept as %j", (text, members, kept) => {
    expect(terms && selectPayload(text, members, terms)).toEqual(kept);
  });
});
