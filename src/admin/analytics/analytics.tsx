/** Traffic in numbers: over time, in the week, by whom and what, and why it fails; and as files. */
import { type Context, Hono } from "hono";
import { Button, Choice, LinkButton } from "../forms/controls.tsx";
import { toQuery } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Tabs } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import {
  ALL_RANGES,
  type Analytics,
  type AnalyticsQuery,
  loadAnalytics,
  memberName,
  parseQuery,
  RANGES,
} from "./data.ts";
import { TRAFFIC_KIND_LABELS, TRAFFIC_KIND_OPTIONS } from "./kinds.ts";
import { buildUrl, Failures, NoData, Numbers, PATH, Tops, TrafficCharts, Week } from "./view.tsx";

function KindForm({ asked }: { asked: AnalyticsQuery }) {
  return (
    <form class="filters" method="get" action={PATH}>
      <input type="hidden" name="range" value={asked.range} />
      <Choice name="kind" label="Traffic" value={asked.kind} options={TRAFFIC_KIND_OPTIONS} submits />
      <noscript>
        <Button kind="quiet">Apply</Button>
      </noscript>
    </form>
  );
}

/** Who it is about, where it is about one. */
function titleOf({ asked: { of, member }, top }: Analytics): string {
  if (member === "" || of === "all" || of === "method" || of === "error") return member || "Analytics";
  return memberName(of, top[of].find((row) => row.member === member) ?? { member, name: null });
}

function Files({ c, analytics: { span, grain } }: { c: Context<AdminEnv>; analytics: Analytics }) {
  const period = { from: span.from.toISOString(), to: span.to.toISOString() };
  const sums = { ...period, grain: grain === "day" ? "day" : "hour" };
  return (
    <section class="card" aria-label="Export">
      <h2>Export</h2>
      <p class="quiet-text">Raw data for the selected period.</p>
      <div class="start">
        <LinkButton kind="quiet" to={`/api/v1/analytics/export${toQuery(sums)}`}>
          Rollups (CSV)
        </LinkButton>
        <LinkButton kind="quiet" to={`/api/v1/request-logs/export${toQuery(period)}`}>
          Requests (CSV)
        </LinkButton>
        <LinkButton
          kind="quiet"
          to={`/api/v1/request-logs/export${toQuery({ ...period, format: "ndjson" })}`}
        >
          Requests (NDJSON)
        </LinkButton>
        {may(c, "system.read") && (
          <LinkButton kind="quiet" to={`/api/v1/system/usage/export${toQuery(period)}`}>
            Usage of all organizations (CSV)
          </LinkButton>
        )}
      </div>
    </section>
  );
}

export const analytics = new Hono<AdminEnv>().get(
  PATH,
  requirePagePermission("analytics.read"),
  async (c) => {
    const asked = parseQuery((name) => c.req.query(name));
    const analytics = await loadAnalytics(c.get("services"), c.get("principal").tenantId, asked, new Date());
    const isOfOne = asked.of !== "all";
    const tabs = ALL_RANGES.map((range) => ({
      label: RANGES[range].label,
      path: buildUrl(asked, { range }),
    }));
    return c.html(
      <Page
        title={titleOf(analytics)}
        frame={buildFrame(c)}
        crumbs={isOfOne ? [{ label: "Analytics", path: buildUrl(asked, { of: "all", member: "" }) }] : []}
        intro={TRAFFIC_KIND_LABELS[asked.kind]}
      >
        <Tabs tabs={tabs} current={buildUrl(asked)} label="Period" />
        {!isOfOne && <KindForm asked={asked} />}
        <Numbers analytics={analytics} />
        {analytics.totals.requests === 0 && <NoData />}
        <TrafficCharts analytics={analytics} />
        {!isOfOne && <Tops analytics={analytics} />}
        <div class="grid">
          <Week analytics={analytics} />
          {!isOfOne && <Failures analytics={analytics} />}
        </div>
        {!isOfOne && <Files c={c} analytics={analytics} />}
      </Page>,
    );
  },
);
