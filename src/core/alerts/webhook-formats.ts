/** The notification of an alert in the formats of Slack, Microsoft Teams and PagerDuty. */
import type { Severity } from "../enums.ts";
import type { AlertMessage } from "./messages.ts";

const STATES = {
  "alert.firing": "Firing",
  "alert.flapping": "Flapping",
  "alert.resolved": "Resolved",
  "alert.test": "Test",
} as const satisfies Record<AlertMessage["type"], string>;

const COLORS: Readonly<Record<Severity, string>> = {
  info: "#3b82f6",
  low: "#3b82f6",
  medium: "#d97706",
  high: "#dc2626",
  critical: "#991b1b",
};
const RESOLVED_COLOR = "#16a34a";

const titleOf = ({ type, data }: AlertMessage) => `${STATES[type]}: ${data.alert.name}`;

function factsOf({ timestamp, data }: AlertMessage): readonly (readonly [title: string, value: string])[] {
  return [
    ["Severity", data.alert.severity],
    ["Metric", data.alert.metric],
    ...(data.server === null ? [] : [["Server", data.server.name] as const]),
    ["Time", timestamp],
  ];
}

/** Slack's three control characters (https://api.slack.com/reference/surfaces/formatting#escaping). */
const escapeSlack = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export function toSlackPayload(message: AlertMessage) {
  const { type, data } = message;
  const title = escapeSlack(titleOf(message));
  return {
    text: title,
    attachments: [
      {
        color: type === "alert.resolved" ? RESOLVED_COLOR : COLORS[data.alert.severity],
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: `*<${data.url}|${title}>*` } },
          { type: "section", text: { type: "plain_text", text: data.message } },
          {
            type: "context",
            elements: factsOf(message).map(([name, value]) => ({
              type: "plain_text",
              text: `${name}: ${value}`,
            })),
          },
        ],
      },
    ],
  };
}

/** An Adaptive Card, as the webhooks of Teams workflows take it. */
export function toTeamsPayload(message: AlertMessage) {
  const { type, data } = message;
  const isBad = data.alert.severity === "high" || data.alert.severity === "critical";
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [
      {
        ...{ type: "TextBlock", text: escapeMarkdown(titleOf(message)), weight: "Bolder", size: "Medium" },
        ...{ wrap: true, color: type === "alert.resolved" ? "Good" : isBad ? "Attention" : "Warning" },
      },
      { type: "TextBlock", text: escapeMarkdown(data.message), wrap: true },
      { type: "FactSet", facts: factsOf(message).map(([title, value]) => ({ title, value })) },
    ],
    actions: [{ type: "Action.OpenUrl", title: "Open alert", url: data.url }],
  };
  const attachment = { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content };
  return { type: "message", attachments: [attachment] };
}

/** Text blocks are Markdown: a name must not become a link. */
const escapeMarkdown = (text: string) => text.replace(/[\\`*_[\]()#<>]/g, "\\$&");

const PAGERDUTY_SEVERITIES = {
  info: "info",
  low: "info",
  medium: "warning",
  high: "error",
  critical: "critical",
} as const satisfies Record<Severity, string>;

/** An alert and its resolution have the same key, so that the incident closes with the alert. */
export function toPagerDutyEvent(message: AlertMessage, routingKey: string) {
  const { type, timestamp, data } = message;
  const isTest = type === "alert.test";
  const { alert, server } = data;
  return {
    routing_key: routingKey,
    event_action: type === "alert.resolved" ? "resolve" : "trigger",
    dedup_key: [isTest ? "test" : "alert", alert.id, server?.serverId].filter(Boolean).join(":"),
    payload: {
      summary: `${titleOf(message)}. ${data.message}`.slice(0, 1024),
      source: server?.name ?? "MCP Registry Gateway",
      severity: isTest ? "info" : PAGERDUTY_SEVERITIES[alert.severity],
      timestamp,
      class: alert.metric,
      custom_details: { value: data.value, threshold: data.threshold, eventId: data.eventId },
    },
    links: [{ href: data.url, text: "Open alert" }],
  };
}
