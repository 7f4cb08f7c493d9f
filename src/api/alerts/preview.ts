/** What an alert rule that is not saved yet would have done in the last 24 hours. */
import { Hono } from "hono";
import { z } from "zod";
import { previewRule } from "../../core/alerts/preview.ts";
import { TRAFFIC_METRICS } from "../../core/alerts/traffic-metrics.ts";
import { DAY_MS } from "../../core/durations.ts";
import { ALERT_COMPARISONS } from "../../core/enums.ts";
import { listTrafficMinutes } from "../../db/queries/logs/alert-readings.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";

const seconds = z.number().int().min(0).max(86_400);

const request = z
  .strictObject({
    metric: z.enum(TRAFFIC_METRICS),
    comparison: z.enum(ALERT_COMPARISONS).default("gt"),
    threshold: z.number(),
    resolveThreshold: z.number().nullable().default(null),
    windowSeconds: seconds.min(1).default(300),
    forSeconds: seconds.default(0),
    serverId: z.uuid().nullable().default(null),
  })
  .meta({ examples: [{ metric: "error_rate", threshold: 0.1 }] });

const shape = z
  .object({
    value: z.number().nullable().describe("Of the last window. Null: nothing was measured."),
    highest: z.number().nullable(),
    firings: z
      .array(
        z.object({
          from: z.iso.datetime(),
          to: z.iso.datetime().nullable().describe("Null: it would still be firing."),
        }),
      )
      .describe("When the alert would have fired in the last 24 hours."),
  })
  .meta({ id: "AlertPreview" });

const isoTime = (at: number) => new Date(at).toISOString();

export const alertPreview = new Hono<AppEnv>().post(
  "/preview",
  requirePermission("alerts.list"),
  body(request),
  responds(shape, "The evaluation of the rule over the traffic of the last 24 hours."),
  async (c) => {
    const { db, principal } = c.var;
    const { serverId, ...rule } = c.req.valid("json");
    const to = Date.now();
    const from = to - DAY_MS;
    const rows = await listTrafficMinutes(db, {
      ...{ tenantId: principal.tenantId, serverId },
      since: new Date(from - rule.windowSeconds * 1000),
    });
    const minutes = rows.map((row) => ({ ...row, at: row.at.getTime() }));
    const { value, highest, firings } = previewRule(rule, minutes, { from, to });
    return c.json({
      ...{ value: value ?? null, highest: highest ?? null },
      firings: firings.map((one) => ({
        from: isoTime(one.from),
        to: one.to === undefined ? null : isoTime(one.to),
      })),
    });
  },
);
