/** The form of an alert rule. */
import { formatChannel, parseChannel } from "../../core/alerts/channels.ts";
import { isMetric, METRIC_NAMES, METRICS } from "../../core/alerts/metrics.ts";
import { capitalize } from "../../core/capitalize.ts";
import { SEVERITIES } from "../../core/enums.ts";
import type { FieldSpec } from "../forms/fields.ts";
import { optionsFrom } from "../lists/spec.ts";
import { serverOptions } from "../lookups/choices.ts";
import { channelShape } from "./channel-shape.ts";

/** The metrics that an organization can watch. */
export const OWN_METRICS = METRIC_NAMES.filter((name) => METRICS[name].isSystems !== true);
const metricOptions = OWN_METRICS.map((value) => {
  const { says, unit, isPerServer } = METRICS[value];
  const values = {
    health: "1 = degraded, 2 = unhealthy",
    breaker: "1 = half-open, 2 = open",
    share: "%",
    ms: "ms",
    count: "",
  };
  const note = values[unit];
  return {
    value,
    label: `${capitalize(says)}${isPerServer ? " per server" : ""}${note === "" ? "" : ` (${note})`}`,
  };
});

/** Rates are percentages in the form and shares in the API. */
function scaleThresholds(row: Record<string, unknown>, factor: number): Record<string, unknown> {
  const { metric } = row;
  if (typeof metric !== "string" || !isMetric(metric) || METRICS[metric].unit !== "share") return row;
  const scaled = ["threshold", "resolveThreshold"].flatMap((name) => {
    const value = row[name];
    return typeof value === "number" ? [[name, Number((value * factor).toPrecision(12))]] : [];
  });
  return { ...row, ...Object.fromEntries(scaled) };
}

export const toForm = (row: Record<string, unknown>) => scaleThresholds(row, 100);
export const fromForm = (body: Record<string, unknown>) => scaleThresholds(body, 0.01);

export const RULE_FIELDS: readonly FieldSpec[] = [
  { name: "name", label: "Name", kind: "text", maxlength: 200 },
  { name: "description", label: "Description", kind: "long", optional: true },
  { name: "metric", label: "Metric", kind: "choice", options: metricOptions, initial: "error_rate" },
  {
    name: "serverId",
    label: "Server",
    kind: "choice",
    options: serverOptions,
    optional: true,
    hint: "Optional. Default: all servers.",
  },
  {
    name: "comparison",
    label: "Condition",
    kind: "choice",
    options: [
      { value: "gt", label: "above" },
      { value: "gte", label: "at or above" },
      { value: "lt", label: "below" },
      { value: "lte", label: "at or below" },
    ],
    initial: "gt",
  },
  {
    name: "threshold",
    label: "Threshold",
    kind: "number",
    hint: "Rates in percent, durations in milliseconds.",
  },
  {
    name: "resolveThreshold",
    label: "Recovery threshold",
    kind: "number",
    optional: true,
    hint: "Prevents flapping. Optional. Default: the threshold.",
  },
  {
    name: "windowSeconds",
    label: "Evaluation window (s)",
    kind: "number",
    min: 1,
    max: 604_800,
    initial: "300",
  },
  {
    name: "forSeconds",
    label: "Pending for (s)",
    kind: "number",
    min: 0,
    max: 604_800,
    initial: "0",
    hint: "The condition must hold this long before the alert fires.",
  },
  {
    name: "severity",
    label: "Severity",
    kind: "choice",
    options: optionsFrom(SEVERITIES),
    initial: "medium",
  },
  {
    name: "channels",
    label: "Channels",
    kind: "lines",
    optional: true,
    hint: "One per line: an email address, the HTTPS URL of a webhook (Slack and Teams are recognized; otherwise write slack or teams before it), or pagerduty and an integration key.",
    read: parseChannel,
    write: (value) => {
      const parsed = channelShape.safeParse(value);
      return parsed.success ? formatChannel(parsed.data) : "";
    },
  },
  { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  {
    name: "silencedUntil",
    label: "Silenced until",
    kind: "moment",
    optional: true,
    hint: "Evaluated, but no notifications are sent.",
  },
];
