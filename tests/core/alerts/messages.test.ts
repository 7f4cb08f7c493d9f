/** The messages of alerts for people and programs. */
import { describe, expect, it } from "vitest";
import {
  type AlertRuleSummary,
  formatAlertEmail,
  formatAlertMessage,
  formatReading,
} from "../../../src/core/alerts/messages.ts";
import { METRIC_NAMES, METRICS } from "../../../src/core/alerts/metrics.ts";
import { createSigningSecret, signatureHeaders } from "../../../src/core/alerts/signature.ts";

const rule: AlertRuleSummary = {
  ...{
    id: "r",
    name: "Too many errors",
    metric: "error_rate",
    severity: "high",
    comparison: "gt",
    threshold: 0.05,
  },
  ...{ resolveThreshold: null, windowSeconds: 300, forSeconds: 0 },
};
const weather = { serverId: "s", name: "weather" };

describe("the sentence", () => {
  it.each<[Partial<AlertRuleSummary>, typeof weather | undefined, number | undefined, string]>([
    [{}, undefined, 0.1234, "error rate is 12.3 %; threshold: above 5 %."],
    [{}, weather, 0.5, "error rate of weather is 50 %; threshold: above 5 %."],
    [{}, undefined, undefined, "error rate has no data; threshold: above 5 %."],
    [{ metric: "server_health" }, weather, 2, "health of weather is unhealthy."],
    [{ metric: "server_breaker" }, weather, 1, "circuit breaker of weather is half-open."],
    [
      { metric: "latency_p95", comparison: "gte", threshold: 800 },
      undefined,
      1234.5,
      "p95 latency is 1230 ms; threshold: at or above 800 ms.",
    ],
  ])("%o of %o at %s", (changes, subject, value, expected) => {
    expect(formatReading({ ...rule, ...changes }, subject, value)).toBe(`Too many errors: ${expected}`);
  });

  it("is one line, whatever people call things", () => {
    expect(formatReading({ ...rule, name: "a\r\nBcc: b" }, undefined, 1)).toMatch(/^a Bcc: b: .+$/);
  });

  it("is there for every metric", () => {
    for (const metric of METRIC_NAMES) {
      expect(formatReading({ ...rule, metric }, weather, 1)).toContain(METRICS[metric].says);
    }
  });
});

describe("the letter", () => {
  it("has a subject of one line that names the alert", () => {
    const telling = { at: new Date(0), eventId: null, subject: undefined, value: 1, says: "It is so." };
    const letter = formatAlertEmail(
      "a@example.com",
      formatAlertMessage(
        { ...rule, name: "a\nb" },
        { type: "alert.resolved", ...telling },
        "https://gateway.example.com",
      ),
    );
    expect(letter).toEqual({
      to: "a@example.com",
      subject: "Resolved: a b",
      text: `It is so.\n\nSeverity: high\nTime: 1970-01-01T00:00:00.000Z\nhttps://gateway.example.com/admin/alerts/rules/${rule.id}\n`,
    });
  });
});

describe("the signature", () => {
  it("is as Standard Webhooks reckons it: its own example", async () => {
    const message = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
    };
    expect(await signatureHeaders(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], message)).toEqual({
      "webhook-id": message.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("stands once for each secret that counts", async () => {
    const secrets = [createSigningSecret(), createSigningSecret()];
    const headers = await signatureHeaders(secrets, { id: "x", at: new Date(), body: "{}" });
    expect(headers["webhook-signature"]).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
    expect(secrets[0]).toMatch(/^whsec_[\w+/]{43}=$/);
  });
});
