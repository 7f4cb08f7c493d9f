import { describe, expect, it } from "vitest";
import { BAN_TERMS } from "../../src/core/limits/bans.ts";
import { BREAKER_TERMS } from "../../src/core/resilience/breaker.ts";
import { BUDGET_TERMS } from "../../src/core/resilience/retry.ts";
import { SETTING_KEYS } from "../../src/core/settings/definitions.ts";
import {
  banTerms,
  breakerTerms,
  describeTerms,
  retrySettings,
} from "../../src/core/settings/traffic-terms.ts";
import { readSettings } from "../../src/core/settings/values.ts";
import { readQueueSettings, readServerSettings } from "../../src/policy/server-settings.ts";

const withSettings = (values: Record<string, unknown>) =>
  readSettings(Object.entries(values).map(([key, value]) => ({ key, value, tenantId: "t1" })));

describe("the settings of traffic", () => {
  it("are what the gateway does without them", () => {
    const settings = withSettings({});
    expect(breakerTerms(settings)).toEqual(BREAKER_TERMS);
    expect(banTerms(settings)).toEqual(BAN_TERMS);
    expect(retrySettings(settings)).toEqual({
      attempts: 3,
      firstMs: 50,
      longestMs: 2000,
      budget: BUDGET_TERMS,
    });
    expect(readServerSettings({}, settings)).toMatchObject({
      ...{ firstByteTimeoutMs: 60_000, earlyAnswerMs: 5000, keepAliveMs: 5000, idleTimeoutMs: 300_000 },
      maxResponseBytes: 4 * 1024 * 1024,
    });
    expect(readQueueSettings(settings, null)).toEqual({ maxSize: undefined, maxWaitMs: 10_000 });
  });

  it("are at least forty", () => expect(SETTING_KEYS.length).toBeGreaterThanOrEqual(40));

  it("of a server come before those of its tenant, one by one", () => {
    const settings = withSettings({
      "breaker.error_rate": 0.2,
      "breaker.open_seconds": 60,
      "servers.keep_alive_ms": 90,
    });
    const { breaker, keepAliveMs } = readServerSettings(
      { breaker: { openSeconds: 2, minimumCalls: "many" }, keepAliveMs: 70 },
      settings,
    );
    expect(describeTerms(breaker)).toMatchObject({ errorRate: 0.2, openSeconds: 2, minimumCalls: 10 });
    expect(keepAliveMs).toBe(70);
    expect(readServerSettings({}, settings).keepAliveMs).toBe(90);
  });

  it("never open a breaker for less than its first open time, nor ban for less than the first ban", () => {
    const settings = withSettings({
      ...{ "breaker.open_seconds": 900, "breaker.max_open_seconds": 10 },
      ...{ "bans.first_seconds": 900, "bans.max_seconds": 10 },
    });
    expect(breakerTerms(settings).longestOpenMs).toBe(900_000);
    expect(banTerms(settings)?.longestMs).toBe(900_000);
  });

  it("switch bans and queues off", () => {
    expect(banTerms(withSettings({ "bans.is_enabled": false }))).toBeUndefined();
    expect(readQueueSettings(withSettings({}), { isEnabled: false, maxSize: 10, maxWaitMs: 20 })).toEqual({
      maxSize: 0,
      maxWaitMs: 20,
    });
    expect(readQueueSettings(withSettings({ "queue.max_wait_ms": 30 }), null).maxWaitMs).toBe(30);
  });
});
