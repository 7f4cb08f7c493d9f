/** Alert rules and their notification channels. */
import { z } from "zod";
import { PAGERDUTY_URL, WEBHOOK_FORMATS } from "../../core/alerts/channels.ts";
import { type AlertMetric, isMetric, METRIC_NAMES, METRICS } from "../../core/alerts/metrics.ts";
import { COMPARISONS } from "../../core/alerts/state-machine.ts";
import { ALERT_COMPARISONS, SEVERITIES } from "../../core/enums.ts";
import type { RowOwner } from "../../db/queries/shared/crud.ts";
import { performanceAlerts as table } from "../../db/schema/alerts.ts";
import { checkUrl } from "../../upstream/connection/url-guard.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";
import { prose, title } from "./members.ts";

/** Judged again when something is sent there, by the policy of the place where the gateway runs. */
const webhook = z
  .string()
  .max(500)
  .check((ctx) => {
    const verdict = checkUrl(ctx.value, { allowLoopback: true });
    if (!verdict.ok) ctx.issues.push({ code: "custom", message: verdict.reason, input: ctx.value });
  });

export const channels = z
  .array(
    z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("webhook"),
        url: webhook,
        format: z.enum(WEBHOOK_FORMATS).optional().describe("Default: `json`, signed."),
      }),
      z.strictObject({ type: z.literal("email"), to: z.email().max(320) }),
      z.strictObject({
        type: z.literal("pagerduty"),
        routingKey: z.string().regex(/^[A-Za-z0-9]{32}$/, "must be an integration key of 32 characters"),
        url: webhook.optional().describe(`Default: ${PAGERDUTY_URL}.`),
      }),
    ]),
  )
  .max(20);

const aWeek = 604_800;
const measure = z.number().min(-1e15).max(1e15);

const rule = z.object({
  metric: z.string(),
  comparison: z.enum(ALERT_COMPARISONS).default("gt"),
  threshold: z.number(),
  resolveThreshold: z.number().nullish(),
  serverId: z.string().nullish(),
});

function faultsOf(
  { metric, comparison, threshold, resolveThreshold, serverId }: z.output<typeof rule>,
  owner: RowOwner,
) {
  const { isSystems, isPerServer, takesServer, unit }: AlertMetric = isMetric(metric)
    ? METRICS[metric]
    : METRICS.requests;
  const fault = (path: string, message: string, isOne: boolean) => (isOne ? [{ path, message }] : []);
  // Beyond the threshold: it would be over as soon as it began.
  const ends = resolveThreshold ?? threshold;
  const isBeyond = ends !== threshold && COMPARISONS[comparison](ends, threshold);
  return [
    ...fault("/metric", "requires operator privileges", isSystems === true && owner !== null),
    ...fault("/metric", "can be set only by the organization", isPerServer === true && owner === null),
    ...fault(
      "/serverId",
      "is not supported by this metric",
      takesServer !== true && typeof serverId === "string",
    ),
    ...fault("/threshold", "must be at most 1 (100 %)", unit === "share" && threshold > 1),
    ...fault("/resolveThreshold", "must be on the recovery side of the threshold", isBeyond),
  ];
}

export const alerts = defineResource({
  name: "alerts",
  noun: "alert",
  table,
  fields: {
    name: title,
    description: prose.nullable(),
    metric: z.enum(METRIC_NAMES),
    comparison: z.enum(ALERT_COMPARISONS),
    threshold: measure,
    /** An open alert ends only on the far side of this. Null: of the threshold. */
    resolveThreshold: measure.nullable(),
    windowSeconds: z.number().int().min(1).max(aWeek),
    forSeconds: z.number().int().min(0).max(aWeek),
    severity: z.enum(SEVERITIES),
    /** Null: all servers together. */
    serverId: z.uuid().nullable(),
    channels,
    isActive: z.boolean(),
    /** Until then the rule is evaluated, but no notifications are sent. */
    silencedUntil: moment.nullable(),
  },
  known: { channels },
  faults: async ({ owner }, row) => faultsOf(rule.parse(row), owner),
  sorts: ["name", "metric", "severity", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["metric", "severity", "serverId", "isActive"],
  searched: ["name", "description"],
  example: {
    name: "Too many errors",
    metric: "error_rate",
    comparison: "gt",
    threshold: 0.05,
    resolveThreshold: 0.02,
    severity: "high",
    channels: [{ type: "email", to: "oncall@example.com" }],
  },
});
