/** The analytics page's parts. */

import type { Dimension } from "../../core/analytics/dimensions.ts";
import { classifyError } from "../../core/analytics/error-classes.ts";
import { HeatMap } from "../charts/blocks.tsx";
import { LineChart } from "../charts/over-time.tsx";
import { short, withUnit } from "../charts/scale.ts";
import { TrafficBars } from "../charts/traffic.tsx";
import { toQuery } from "../http/api-client.ts";
import { Empty, Stats, TableHead } from "../ui/components.tsx";
import { type Analytics, type AnalyticsQuery, memberName, type Top } from "./data.ts";

export const PATH = "/admin/analytics";

export const buildUrl = (asked: AnalyticsQuery, change: Partial<AnalyticsQuery> = {}) => {
  const { period, kind, of, member } = { ...asked, ...change };
  return PATH + toQuery({ ...period, kind: kind === "call" ? "" : kind, of: of === "all" ? "" : of, member });
};

const percent = (part: number) => withUnit(part * 100, "%");
const ms = (value: number | null) => (value === null ? "–" : withUnit(value, "ms"));

export function Numbers({ analytics: { totals } }: { analytics: Analytics }) {
  return (
    <Stats
      stats={[
        { label: "Requests", value: short(totals.requests) },
        { label: "Error rate", value: percent(totals.errorRate), note: short(totals.errors) },
        { label: "p50 latency", value: ms(totals.p50Ms), note: `${ms(totals.avgMs)} avg` },
        { label: "p95 latency", value: ms(totals.p95Ms) },
        { label: "p99 latency", value: ms(totals.p99Ms) },
        ...(totals.cost > 0 ? [{ label: "Cost", value: short(totals.cost) }] : []),
      ]}
    />
  );
}

export function TrafficCharts({ analytics: { course, grain } }: { analytics: Analytics }) {
  const { times, figures } = course;
  return (
    <div class="grid">
      <section class="card" aria-label="Requests">
        <TrafficBars title={`Requests per ${grain}`} times={times} slots={figures} good="Success" />
      </section>
      <section class="card" aria-label="Latency">
        <LineChart
          title="Response time"
          unit="ms"
          times={times}
          series={[
            { label: "p50", values: figures.map(({ p50Ms }) => p50Ms) },
            { label: "p95", values: figures.map(({ p95Ms }) => p95Ms) },
            { label: "p99", values: figures.map(({ p99Ms }) => p99Ms) },
          ]}
        />
      </section>
    </div>
  );
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);

export function Week({ analytics: { heat } }: { analytics: Analytics }) {
  const values = WEEKDAYS.map((_, day) =>
    heat.cells.filter(({ weekday }) => weekday === day + 1).map(({ requests }) => requests),
  );
  return (
    <section class="card" aria-label="Traffic by hour of week">
      <HeatMap
        title={`Requests by hour of week, last 4 weeks (${heat.timeZone})`}
        unit=""
        rows={WEEKDAYS}
        columns={HOURS}
        values={values}
      />
    </section>
  );
}

const TITLES: Readonly<Record<keyof Analytics["top"], string>> = {
  tool: "Tools",
  server: "Servers",
  user: "Users",
  key: "API keys",
  client: "Clients",
};

interface TopProps {
  readonly of: Dimension;
  readonly title: string;
  readonly rows: readonly Top[];
  readonly asked: AnalyticsQuery;
}

function TopList({ of, title, rows, asked }: TopProps) {
  const hasCost = rows.some(({ cost }) => cost > 0);
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <section class="scroll" aria-label={`Top ${title.toLowerCase()}`} tabindex={0}>
        <table>
          <TableHead
            columns={[
              ...["Name", { figure: "Requests" }, { figure: "Error rate" }, { figure: "Avg. duration" }],
              ...(hasCost ? [{ figure: "Cost" }] : []),
            ]}
          />
          <tbody>
            {rows.map((row) => (
              <tr>
                <td>
                  <a href={buildUrl(asked, { of, member: row.member })}>{memberName(of, row)}</a>
                </td>
                <td class="number">{short(row.requests)}</td>
                <td class="number">{percent(row.errors / row.requests)}</td>
                <td class="number">{ms(row.timed === 0 ? null : row.durationMs / row.timed)}</td>
                {hasCost && <td class="number">{short(row.cost)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

export function Tops({ analytics: { top, asked } }: { analytics: Analytics }) {
  const dimensions = ["tool", "server", "user", "key", "client"] as const;
  return (
    <div class="grid">
      {dimensions
        .filter((of) => top[of].length > 0)
        .map((of) => (
          <TopList of={of} title={TITLES[of]} rows={top[of]} asked={asked} />
        ))}
    </div>
  );
}

export function Failures({ analytics: { errors } }: { analytics: Analytics }) {
  if (errors.length === 0) return null;
  const all = errors.reduce((sum, { requests }) => sum + requests, 0);
  return (
    <section class="card" aria-label="Errors by type">
      <h2>Errors by type</h2>
      <section class="scroll" aria-label="Errors" tabindex={0}>
        <table>
          <TableHead columns={["Error", "Source", { figure: "Requests" }, { figure: "Share" }]} />
          <tbody>
            {errors.map(({ member, requests }) => {
              const { title, class: kind } = classifyError(member);
              return (
                <tr>
                  <td>{title}</td>
                  <td>{kind}</td>
                  <td class="number">{short(requests)}</td>
                  <td class="number">{percent(requests / all)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

export function NoData() {
  return (
    <div class="card">
      <Empty title="No data in this period">
        <p>
          Choose a longer period or connect a client: <a href="/admin/connect">Connect</a>
        </p>
      </Empty>
    </div>
  );
}
