import { describe, expect, it } from "vitest";
import type { AlertMessage } from "../../../src/core/alerts/messages.ts";
import {
  toPagerDutyEvent,
  toSlackPayload,
  toTeamsPayload,
} from "../../../src/core/alerts/webhook-formats.ts";

const url = "https://gateway.example.com/admin/alerts/e1";
const message = (type: AlertMessage["type"], name = "Too many errors"): AlertMessage => ({
  type,
  timestamp: "2026-03-01T00:00:00.000Z",
  data: {
    alert: { id: "a1", name, metric: "error_rate", severity: "high" },
    eventId: "e1",
    server: { serverId: "s1", name: "weather" },
    value: 0.2,
    threshold: 0.1,
    message: "Error rate is 20 %.",
    url,
  },
});

describe("a Slack message", () => {
  it("links to the alert, and a name cannot mention or link", () => {
    const payload = toSlackPayload(message("alert.firing", "<!channel> & <http://evil|x>"));
    expect(payload.text).toBe("Firing: &lt;!channel&gt; &amp; &lt;http://evil|x&gt;");
    const [attachment] = payload.attachments;
    expect(attachment?.blocks[0]).toEqual({
      type: "section",
      text: { type: "mrkdwn", text: `*<${url}|${payload.text}>*` },
    });
    expect(JSON.stringify(attachment)).toContain("Server: weather");
  });

  it("is green when the alert is resolved", () => {
    const [firing, resolved] = ["alert.firing", "alert.resolved"] as const;
    expect(toSlackPayload(message(resolved)).attachments[0]?.color).not.toBe(
      toSlackPayload(message(firing)).attachments[0]?.color,
    );
  });
});

describe("a Teams message", () => {
  it("is an adaptive card with a button to the alert, whose texts are not read as Markdown", () => {
    const [attachment] = toTeamsPayload(message("alert.firing", "[x](http://evil)")).attachments;
    expect(attachment?.contentType).toBe("application/vnd.microsoft.card.adaptive");
    expect(attachment?.content.body[0]).toMatchObject({
      text: "Firing: \\[x\\]\\(http://evil\\)",
      color: "Attention",
    });
    expect(attachment?.content.actions).toEqual([{ type: "Action.OpenUrl", title: "Open alert", url }]);
  });
});

describe("a PagerDuty event", () => {
  it("opens an incident that the resolution closes", () => {
    const [firing, resolved] = [
      toPagerDutyEvent(message("alert.firing"), "key"),
      toPagerDutyEvent(message("alert.resolved"), "key"),
    ];
    expect(firing).toMatchObject({
      routing_key: "key",
      event_action: "trigger",
      payload: {
        severity: "error",
        source: "weather",
        summary: "Firing: Too many errors. Error rate is 20 %.",
      },
      links: [{ href: url }],
    });
    expect(resolved.event_action).toBe("resolve");
    expect(resolved.dedup_key).toBe(firing.dedup_key);
  });

  it("of a test never touches the incident of the alert", () => {
    const test = toPagerDutyEvent(message("alert.test"), "key");
    expect(test.payload.severity).toBe("info");
    expect(test.dedup_key).not.toBe(toPagerDutyEvent(message("alert.firing"), "key").dedup_key);
  });
});
