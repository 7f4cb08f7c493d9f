import { describe, expect, it } from "vitest";
import {
  type AlertChannel,
  describeChannel,
  formatChannel,
  parseChannel,
} from "../../../src/core/alerts/channels.ts";

const KEY = "0123456789abcdef0123456789abcdef";

describe("a line of the channels field", () => {
  it.each<[string, AlertChannel]>([
    ["ops@example.com", { type: "email", to: "ops@example.com" }],
    ["https://hooks.example.com/x", { type: "webhook", url: "https://hooks.example.com/x", format: "json" }],
    [
      "https://hooks.slack.com/services/T/B/x",
      { type: "webhook", url: "https://hooks.slack.com/services/T/B/x", format: "slack" },
    ],
    [
      "https://acme.webhook.office.com/w",
      { type: "webhook", url: "https://acme.webhook.office.com/w", format: "teams" },
    ],
    [
      "slack https://chat.example.com/h",
      { type: "webhook", url: "https://chat.example.com/h", format: "slack" },
    ],
    [`pagerduty ${KEY}`, { type: "pagerduty", routingKey: KEY }],
    [
      `pagerduty ${KEY} https://events.eu.pagerduty.com/v2/enqueue`,
      { type: "pagerduty", routingKey: KEY, url: "https://events.eu.pagerduty.com/v2/enqueue" },
    ],
  ])("%s is read, and written the same", (line, channel) => {
    expect(parseChannel(line)).toEqual(channel);
    expect(formatChannel(channel)).toBe(line);
  });

  it("does not take a similar host for Slack or Teams", () => {
    expect(parseChannel("https://hooks.slack.com.evil.example/x")).toMatchObject({ format: "json" });
    expect(parseChannel("https://nothooks.slack.com/x")).toMatchObject({ format: "json" });
  });

  it("writes a stored webhook without a format as the signed one", () => {
    expect(formatChannel({ type: "webhook", url: "https://hooks.slack.com/x" })).toBe(
      "json https://hooks.slack.com/x",
    );
  });
});

describe("the description of a channel", () => {
  it("does not disclose the secret of its address", () => {
    expect(describeChannel(parseChannel("https://hooks.slack.com/services/T/B/secret"))).toBe(
      "hooks.slack.com",
    );
    expect(describeChannel(parseChannel(`pagerduty ${KEY}`))).toBe("PagerDuty (…cdef)");
  });
});
