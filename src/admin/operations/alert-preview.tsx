/** The preview below the form of an alert rule: the present value, and when the alert would have fired lately. */
import { Hono } from "hono";
import { z } from "zod";
import { formatValue, isMetric, type MetricName } from "../../core/alerts/metrics.ts";
import { TRAFFIC_METRICS } from "../../core/alerts/traffic-metrics.ts";
import { readFields, readTyped } from "../forms/fields.ts";
import { PreviewResult } from "../forms/preview.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { fromForm, RULE_FIELDS } from "./alert-form.ts";

const preview = z.object({
  value: z.number().nullable(),
  highest: z.number().nullable(),
  firings: z.array(z.object({ from: z.string(), to: z.string().nullable() })),
});
type Preview = z.output<typeof preview>;

const SENT = [
  "metric",
  "comparison",
  "threshold",
  "resolveThreshold",
  "windowSeconds",
  "forSeconds",
  "serverId",
] as const;
const SHOWN_FIRINGS = 10;

export const PREVIEW_PATH = "/admin/alerts/rules/preview";

export const alertPreview = new Hono<AdminEnv>().post(
  PREVIEW_PATH,
  requirePagePermission("alerts.list"),
  async (c) => {
    const used = RULE_FIELDS.filter(({ name }) => SENT.some((sent) => sent === name));
    const { body, faults } = readFields(used, readTyped(used, c.get("posted")));
    const { metric } = body;
    const isPreviewable = TRAFFIC_METRICS.some((known) => known === metric);
    const sent =
      faults.length > 0 || !isPreviewable || typeof body.threshold !== "number"
        ? undefined
        : await c.get("rest").send("POST", "/alerts/preview", { json: fromForm(body) });
    return c.html(
      <Page title="Preview" frame={buildFrame(c)}>
        <PreviewResult>
          {sent?.ok === true && typeof metric === "string" && isMetric(metric) ? (
            <Findings metric={metric} found={preview.parse(sent.value)} />
          ) : (
            <p class="quiet-text">
              {isPreviewable
                ? "Enter a valid threshold to see the preview."
                : "There is no preview for this metric: it is not recorded over time."}
            </p>
          )}
        </PreviewResult>
      </Page>,
    );
  },
);

function Findings({ metric, found: { value, highest, firings } }: { metric: MetricName; found: Preview }) {
  const show = (one: number | null) => (one === null ? "no traffic" : formatValue(metric, one));
  const times = firings.length === 1 ? "once" : `${firings.length} times`;
  return (
    <>
      <p>
        Now: <strong>{show(value)}</strong>. Highest in the last 24 hours: <strong>{show(highest)}</strong>.{" "}
        {firings.length === 0
          ? "This rule would not have fired."
          : `This rule would have fired ${times} in the last 24 hours:`}
      </p>
      <ul class="tight">
        {firings.slice(0, SHOWN_FIRINGS).map(({ from, to }) => (
          <li>
            <Time at={from} /> to <Time at={to} none="now" />
          </li>
        ))}
        {firings.length > SHOWN_FIRINGS && <li>and {firings.length - SHOWN_FIRINGS} more</li>}
      </ul>
    </>
  );
}
