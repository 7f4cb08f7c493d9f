/** The database report for operators: connections of a day, waiting queries and recommendations. */
import { Hono } from "hono";
import { z } from "zod";
import { LineChart } from "../charts/over-time.tsx";
import { withUnit } from "../charts/scale.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Badge, Empty, Stats, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SeverityBadge } from "../ui/states.tsx";

const sample = z.object({
  at: z.string(),
  active: z.number(),
  idle: z.number(),
  waiting: z.number(),
  connections: z.number(),
  maxConnections: z.number(),
  longestQueryMs: z.number(),
});

type Sample = z.output<typeof sample>;

const report = z.object({
  samples: z.array(sample),
  targets: z.array(
    z.object({
      name: z.string(),
      queries: z.number(),
      errors: z.number(),
      avgMs: z.number(),
      p95Ms: z.number().nullable(),
    }),
  ),
  forecast: z
    .object({ connectionsPerHour: z.number(), fit: z.number(), exhaustedAt: z.string().nullable() })
    .nullable(),
  slow: z.array(
    z.object({
      query: z.string(),
      durationMs: z.number(),
      state: z.string(),
      waitsFor: z.string().nullable(),
    }),
  ),
  advice: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(["info", "medium", "high"]),
      title: z.string(),
      says: z.string(),
    }),
  ),
});

type Report = z.output<typeof report>;

/** A point in the chart stands for that many minutes: the busiest of them. */
const MINUTES_A_POINT = 10;

function points(samples: readonly Sample[]): readonly Sample[] {
  const groups = Map.groupBy(samples, ({ at }) => Math.floor(Date.parse(at) / (MINUTES_A_POINT * 60_000)));
  return [...groups.values()]
    .flatMap((group) => group.toSorted((one, other) => other.connections - one.connections)[0] ?? [])
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

const ms = (value: number) => withUnit(Math.round(value * 10) / 10, "ms");

function Now({ samples: [now] }: { samples: readonly Sample[] }) {
  if (now === undefined) return null;
  const share = now.connections / Math.max(1, now.maxConnections);
  return (
    <Stats
      stats={[
        {
          label: "Connections",
          value: `${now.connections} of ${now.maxConnections}`,
          note: `${Math.round(share * 100)} % used`,
        },
        { label: "Active", value: String(now.active), note: `${now.idle} idle` },
        { label: "Waiting for a lock", value: String(now.waiting) },
        { label: "Longest running query", value: ms(now.longestQueryMs), note: <Time at={now.at} /> },
      ]}
    />
  );
}

function Forecast({ forecast }: Pick<Report, "forecast">) {
  if (forecast === null) return null;
  const { connectionsPerHour, fit, exhaustedAt } = forecast;
  return (
    <Stats
      stats={[
        {
          label: "Trend",
          value: `${connectionsPerHour >= 0 ? "+" : ""}${connectionsPerHour.toFixed(2)} connections/h`,
          note: `last 24 hours, fit ${Math.round(fit * 100)} %`,
        },
        {
          label: "Limit reached",
          value: exhaustedAt === null ? "Not within 7 days" : <Time at={exhaustedAt} />,
          note: exhaustedAt === null ? "no rising trend" : "if the trend continues",
        },
      ]}
    />
  );
}

function Recommendations({ advice }: Pick<Report, "advice">) {
  return (
    <section class="card" aria-labelledby="advice">
      <h2 id="advice">Recommendations</h2>
      {advice.length === 0 && (
        <p>
          <Badge tone="good">No issues</Badge>
        </p>
      )}
      <ul class="plain">
        {advice.map(({ severity, title, says }) => (
          <li>
            <SeverityBadge of={severity} /> <strong>{title}.</strong> {says}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Targets({ targets }: Pick<Report, "targets">) {
  return (
    <section class="card" aria-labelledby="targets">
      <h2 id="targets">Query latency</h2>
      <p class="quiet-text">Last 24 hours, all isolates.</p>
      {targets.length === 0 && <p>No data yet.</p>}
      {targets.length > 0 && (
        <div class="scroll">
          <table aria-label="Query latency by connection string">
            <TableHead
              columns={[
                "Connection",
                { figure: "Queries" },
                { figure: "Errors" },
                { figure: "Avg." },
                { figure: "p95" },
              ]}
            />
            <tbody>
              {targets.map(({ name, queries, errors, avgMs, p95Ms }) => (
                <tr>
                  <th scope="row">{name}</th>
                  <td class="number">{queries}</td>
                  <td class="number">{errors}</td>
                  <td class="number">{ms(avgMs)}</td>
                  <td class="number">{p95Ms === null ? "more than 10 s" : ms(p95Ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Slow({ slow }: Pick<Report, "slow">) {
  return (
    <section class="card" aria-labelledby="slow">
      <h2 id="slow">Slow queries (&gt; 1 s)</h2>
      {slow.length === 0 && <p class="quiet-text">None</p>}
      <ul class="plain">
        {slow.map(({ query, durationMs, state, waitsFor }) => (
          <li>
            <p class="row">
              <span>{state}</span>
              <span>
                {waitsFor !== null && <Badge tone="warn">{`waiting for ${waitsFor}`}</Badge>} {ms(durationMs)}
              </span>
            </p>
            <pre>{query}</pre>
          </li>
        ))}
      </ul>
    </section>
  );
}

const PATH = "/admin/system/database";

export const databasePages = new Hono<AdminEnv>().get(
  PATH,
  requirePagePermission("system.read"),
  async (c) => {
    const { value } = await c.get("rest").read("/system/database", report);
    const course = points(value.samples);
    return c.html(
      <Page title="Database" intro="Sampled every minute." frame={buildFrame(c)}>
        {course.length === 0 ? (
          <div class="card">
            <Empty title="No samples yet">
              <p>The first sample appears within one minute.</p>
            </Empty>
          </div>
        ) : (
          <>
            <Now samples={value.samples} />
            <Forecast forecast={value.forecast} />
            <section class="card" aria-label="Connections">
              <LineChart
                title={`Peak connections per ${MINUTES_A_POINT} minutes`}
                unit=""
                times={course.map(({ at }) => Date.parse(at))}
                series={[
                  { label: "open", values: course.map(({ connections }) => connections) },
                  { label: "active", values: course.map(({ active }) => active) },
                  { label: "waiting for a lock", values: course.map(({ waiting }) => waiting) },
                ]}
              />
            </section>
          </>
        )}
        <Recommendations advice={value.advice} />
        <div class="grid">
          <Targets targets={value.targets} />
          <Slow slow={value.slow} />
        </div>
      </Page>,
    );
  },
);
