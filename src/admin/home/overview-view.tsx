/** The overview's parts. */

import { parseToolMember } from "../../core/analytics/dimensions.ts";
import { classifyError } from "../../core/analytics/error-classes.ts";
import { BarChart } from "../charts/blocks.tsx";
import { LineChart, Sparkline } from "../charts/over-time.tsx";
import { short, withUnit } from "../charts/scale.ts";
import { TrafficBars } from "../charts/traffic.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { Badge, Empty, Stats, Time } from "../ui/components.tsx";
import { Breaker, Health, SeverityBadge } from "../ui/states.tsx";
import { Checklist } from "./onboarding.tsx";
import { type Overview, RANGES } from "./overview-data.ts";

const percent = (part: number) => withUnit(part * 100, "%");
const ms = (value: number | null) => (value === null ? "–" : withUnit(value, "ms"));

interface SituationProps {
  readonly overview: Overview;
  /** Undefined where it is hidden. */
  readonly checklist: Omit<Parameters<typeof Checklist>[0], "facts"> | undefined;
}

export function Situation({ overview, checklist }: SituationProps) {
  const { course, totals } = overview;
  const { times, figures } = course;
  const unit = RANGES[overview.range].grain;
  return (
    <div class="stack">
      {checklist !== undefined && overview.onboarding !== undefined && (
        <Checklist {...checklist} facts={overview.onboarding} />
      )}
      <Numbers overview={overview} />
      <div class="grid">
        <section class="card" aria-label="Requests">
          <TrafficBars title={`Requests per ${unit}`} times={times} slots={figures} />
        </section>
        <section class="card" aria-label="Latency">
          <LineChart
            title="Latency"
            unit="ms"
            times={times}
            series={[
              { label: "p50", values: figures.map(({ p50Ms }) => p50Ms) },
              { label: "p95", values: figures.map(({ p95Ms }) => p95Ms) },
            ]}
          />
        </section>
      </div>
      <div class="grid three">
        <Attention overview={overview} />
        <section class="card" aria-label="Top tools">
          {overview.tools.length === 0 ? (
            <Empty title="No tool calls in this period">
              <p>
                Connect a client: <a href="/admin/connect">Connect</a>
              </p>
            </Empty>
          ) : (
            <BarChart
              title="Top tools"
              unit=""
              bars={overview.tools.map(({ member, requests }) => ({
                label: parseToolMember(member).tool,
                value: requests,
              }))}
            />
          )}
        </section>
        <section class="card" aria-label="Errors by type">
          <h2>Errors by type</h2>
          {overview.failures.length === 0 && <p class="quiet-text">No errors</p>}
          <ul class="plain tight">
            {overview.failures.map(({ member, requests }) => (
              <li class="row">
                <span>{classifyError(member).title}</span>
                <span class="number">{short(requests)}</span>
              </li>
            ))}
          </ul>
          {totals.requests > 0 && (
            <p class="quiet-text">
              {percent(totals.errorRate)} of {short(totals.requests)} requests
            </p>
          )}
        </section>
      </div>
    </div>
  );
}

function Numbers({ overview }: { overview: Overview }) {
  const { servers, totals, course, alerts } = overview;
  const all = servers?.totalServers ?? 0;
  return (
    <Stats
      stats={[
        {
          label: "Requests",
          value: short(totals.requests),
          note: (
            <Sparkline values={course.figures.map(({ requests }) => requests)} label="Requests over time" />
          ),
        },
        {
          label: "Error rate",
          value: percent(totals.errorRate),
          note: `${short(totals.errors)} of ${short(totals.requests)}`,
        },
        { label: "p95 latency", value: ms(totals.p95Ms), note: `p50 ${ms(totals.p50Ms)}` },
        {
          label: "Healthy servers",
          value: `${servers?.healthyServers ?? 0} of ${all}`,
          note: <a href="/admin/servers">{all === 0 ? "Register a server" : "View servers"}</a>,
        },
        {
          label: "Open alerts",
          value: String(alerts.length),
          note: alerts.length === 0 ? "None" : "View alerts",
        },
      ]}
    />
  );
}

function Attention({ overview }: { overview: Overview }) {
  const { alerts, troubled, withheld, resting, keys, advice } = overview;
  const isCalm =
    alerts.length + troubled.length + withheld + resting.length + keys.length + advice.size === 0;
  return (
    <section class="card" aria-label="Needs attention">
      <h2>Needs attention</h2>
      {isCalm && (
        <p>
          <Badge tone="good">No issues</Badge>
        </p>
      )}
      <ul class="plain tight">
        {alerts.map(({ severity, message, openedAt }) => (
          <li>
            <SeverityBadge of={severity} /> {message}{" "}
            <span class="quiet-text">
              since <Time at={openedAt} />
            </span>
          </li>
        ))}
        {troubled.map(({ id, name, healthStatus }) => (
          <li class="row">
            <a href={`/admin/servers/${id}`}>{name}</a>
            <Health of={healthStatus} />
          </li>
        ))}
        {resting.map(({ serverId, server, state }) => (
          <li class="row">
            <span>
              Circuit breaker: <a href={`/admin/servers/${serverId}`}>{server}</a>
            </span>
            <Breaker of={state} />
          </li>
        ))}
        {withheld > 0 && (
          <li class="row">
            <a href="/admin/servers/tool-changes">Tool changes pending approval</a>
            <Badge tone="warn">{withheld}</Badge>
          </li>
        )}
        {keys.map(({ id, name, share, most }) => (
          <li class="row">
            <span>
              API key <a href={`/admin/keys/${id}`}>{name}</a>
            </span>
            <Badge
              tone={share >= 1 ? "bad" : "warn"}
            >{`${percent(share)} of daily quota (${short(most)})`}</Badge>
          </li>
        ))}
        {[...advice].map(([limit, { days }]) => (
          <li class="row">
            <span>
              Rate limit <code>{limit}</code>
            </span>
            <Badge tone="warn">{`reached on ${days} days`}</Badge>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface AnnouncementsProps {
  readonly announcements: readonly {
    readonly id: string;
    readonly title: string;
    readonly body: string;
    readonly severity: string;
    readonly requiresAcknowledgement: boolean;
    readonly acknowledgedAt: Date | string | null;
  }[];
  readonly formToken: string;
}

export function Announcements({ announcements, formToken }: AnnouncementsProps) {
  const open = announcements.filter(({ acknowledgedAt }) => acknowledgedAt === null);
  return (
    <>
      {open.map(({ id, title, body, severity, requiresAcknowledgement }) => (
        <section
          class={severity === "info" || severity === "low" ? "notice plain row" : "notice warn row"}
          aria-label="Announcement"
        >
          <span>
            <strong>{title}</strong> {body}
          </span>
          {requiresAcknowledgement && (
            <PostForm
              action="/admin/overview/acknowledge"
              token={formToken}
              hidden={{ announcement: id }}
              class="inline"
            >
              <Button kind="quiet">Acknowledge</Button>
            </PostForm>
          )}
        </section>
      ))}
    </>
  );
}
