/** Formats the messages of alerts: the sentence in lists, the webhook payload and the email. */
import type { Severity } from "../enums.ts";
import { formatValue, METRICS, type MetricName } from "./metrics.ts";
import type { AlertRule } from "./state-machine.ts";

export interface AlertRuleSummary extends AlertRule {
  readonly id: string;
  readonly name: string;
  readonly metric: MetricName;
  readonly severity: Severity;
}

export interface AlertSubject {
  readonly serverId: string;
  readonly name: string;
}

/** Stored with the delivery, so that each attempt sends the same text. */
export interface AlertMessage {
  readonly type: `alert.${"firing" | "flapping" | "resolved" | "test"}`;
  readonly timestamp: string;
  readonly data: {
    readonly alert: {
      readonly id: string;
      readonly name: string;
      readonly metric: string;
      readonly severity: Severity;
    };
    readonly eventId: string | null;
    readonly server: AlertSubject | null;
    readonly value: number | null;
    readonly threshold: number;
    readonly message: string;
    /** The page of the alert; of the rule, for a test. */
    readonly url: string;
  };
}

export interface AlertNotification {
  readonly type: AlertMessage["type"];
  readonly at: Date;
  readonly eventId: string | null;
  readonly subject: AlertSubject | undefined;
  readonly value: number | undefined;
  readonly says: string;
}

export function formatAlertMessage(
  rule: AlertMessage["data"]["alert"] & { readonly threshold: number },
  { type, at, eventId, subject, value, says }: AlertNotification,
  publicUrl: string,
): AlertMessage {
  const { id, name, metric, severity, threshold } = rule;
  const alert = { id, name, metric, severity };
  const page = eventId === null ? `rules/${id}` : eventId;
  const data = {
    ...{ alert, eventId, server: subject ?? null, value: value ?? null, threshold, message: says },
    url: `${publicUrl}/admin/alerts/${page}`,
  };
  return { type, timestamp: at.toISOString(), data };
}

const BOUNDS = { gt: "above", gte: "at or above", lt: "below", lte: "at or below" } as const;

export function formatReading(
  rule: AlertRuleSummary,
  subject: AlertSubject | undefined,
  value: number | undefined,
): string {
  const { metric, comparison, threshold, name } = rule;
  const { says, isPerServer } = METRICS[metric];
  const what = isPerServer ? `${says} of ${subject?.name ?? "a server"}` : says;
  const whose = subject === undefined || isPerServer ? "" : ` of ${subject.name}`;
  const now = value === undefined ? "has no data" : `is ${formatValue(metric, value)}`;
  const bound = isPerServer ? "" : `; threshold: ${BOUNDS[comparison]} ${formatValue(metric, threshold)}`;
  return oneLine(`${name}: ${what}${whose} ${now}${bound}.`).slice(0, 1000);
}

const HEADLINES = { firing: "Firing", flapping: "Flapping", resolved: "Resolved", test: "Test" } as const;

export function formatAlertEmail(to: string, { type, timestamp, data }: AlertMessage) {
  const kind = KINDS[type];
  const { alert, message, url } = data;
  return {
    to,
    subject: `${HEADLINES[kind]}: ${oneLine(alert.name)}`,
    text: `${message}\n\nSeverity: ${alert.severity}\nTime: ${timestamp}\n${url}\n${CLOSING[kind]}`,
  };
}

const KINDS = {
  "alert.firing": "firing",
  "alert.flapping": "flapping",
  "alert.resolved": "resolved",
  "alert.test": "test",
} as const;

const CLOSING = {
  firing: "",
  flapping: "\nThe alert is flapping. Notifications resume when it is stable.\n",
  resolved: "",
  test: "\nThis is a test notification.\n",
} as const;

/** Names are chosen by people; a line break in one would write further headers or further sentences. */
function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, " ");
}
