/** Traffic in numbers: over time, in the week, by whom and what, and why it fails; and as files. */
import { type Context, Hono } from "hono";
import { Button, Choice, LinkButton, Notice } from "../forms/controls.tsx";
import { toQuery } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { PeriodField } from "../lists/filters.tsx";
import { PERIODS_TO_A_YEAR } from "../lists/period.ts";
import { may } from "../lists/routes.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { type Analytics, type AnalyticsQuery, loadAnalytics, memberName, parseQuery } from "./data.ts";
import { TRAFFIC_KIND_LABELS, TRAFFIC_KIND_OPTIONS } from "./kinds.ts";
import { buildUrl, Failures, NoData, Numbers, PATH, Tops, TrafficCharts, Week } from "./view.tsx";

/** Of the page of one tool or caller, the member stays. */
function FilterForm({ asked, timeZone }: { asked: AnalyticsQuery; timeZone: string }) {
  const isOfOne = asked.of !== "all";
  return (
    <form class="filters" method="get" action={PATH}>
      <PeriodField
        label="Period"
        query={asked.period}
        timeZone={timeZone}
        options={PERIODS_TO_A_YEAR}
        submits
      />
      {isOfOne ? (
        <>
          <input type="hidden" name="kind" value={asked.kind} />
          <input type="hidden" name="of" value={asked.of} />
          <input type="hidden" name="member" value={asked.member} />
        </>
      ) : (
        <Choice name="kind" label="Traffic" value={asked.kind} options={TRAFFIC_KIND_OPTIONS} submits />
      )}
      <span class="custom-period">
        <Button kind="quiet">Show period</Button>
      </span>
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
    const timeZone = c.get("timeZone");
    const reader = { tenantId: c.get("principal").tenantId, timeZone };
    const analytics = await loadAnalytics(c.get("services"), reader, asked, new Date());
    const isOfOne = asked.of !== "all";
    return c.html(
      <Page
        title={titleOf(analytics)}
        frame={buildFrame(c)}
        crumbs={isOfOne ? [{ label: "Analytics", path: buildUrl(asked, { of: "all", member: "" }) }] : []}
        intro={TRAFFIC_KIND_LABELS[asked.kind]}
      >
        <FilterForm asked={asked} timeZone={timeZone} />
        {analytics.isInvalidPeriod && (
          <Notice bad>
            The period must end after it starts and be at most 3 years. The last 24 hours are shown.
          </Notice>
        )}
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
