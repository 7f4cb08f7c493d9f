/** The parts of the page on limits as they stand. */
import { MINUTE_MS } from "../../core/durations.ts";
import { BarChart } from "../charts/blocks.tsx";
import { LineChart } from "../charts/over-time.tsx";
import { Badge, Empty, Stats, TableHead, type Tone } from "../ui/components.tsx";
import type { Bucket, SharesView, TrafficView, UsageView } from "./limits-shapes.ts";
import { perWindow } from "./windows.ts";

const PAST_MINUTES = 180;
/** From then on a limit is worth a look. */
const NEARLY = 0.8;
const FULL = 0.99;

const counted = (count: number) => Math.round(count).toLocaleString("en");

export function Figures({ outlook, traffic }: { outlook: UsageView; traffic: TrafficView }) {
  const { past, share, expectedPeak, knowsDays } = outlook;
  return (
    <Stats
      stats={[
        {
          label: "Last minute",
          value: counted(past.at(-1)?.requests ?? 0),
          note: "requests",
        },
        {
          label: "Capacity share",
          value: share === null ? "–" : counted(share),
          note: share === null ? "no contention" : "requests per minute, more while others are idle",
        },
        {
          label: "Forecast peak",
          value: knowsDays ? counted(expectedPeak) : "–",
          note: knowsDays ? "requests per minute, next 5 min" : "Available after 24 hours",
        },
        { label: "Banned IP addresses", value: traffic.bans.length, note: "temporary" },
      ]}
    />
  );
}

export function TrafficForecastView({
  outlook,
  advice,
}: {
  outlook: UsageView;
  advice: TrafficView["advice"];
}) {
  const past = outlook.past.slice(-PAST_MINUTES);
  const next = outlook.next.filter(({ minute }) => minute > (past.at(-1)?.minute ?? 0));
  if (past.length === 0) {
    return (
      <div class="card">
        <Empty title="No traffic yet">
          <p>Requests per minute over the last 24 hours, with the forecast.</p>
        </Empty>
      </div>
    );
  }
  const minutes = [...past, ...next].map(({ minute }) => minute * MINUTE_MS);
  const none = (count: number) => Array<null>(count).fill(null);
  return (
    <section class="card" aria-labelledby="outlook">
      <h2 id="outlook">Forecast and actual</h2>
      <LineChart
        title="Requests per minute, last 3 hours and next hour"
        unit=""
        times={minutes}
        series={[
          { label: "actual", values: [...past.map(({ requests }) => requests), ...none(next.length)] },
          {
            label: "forecast",
            values: [...past.map(({ forecast }) => forecast), ...next.map(({ requests }) => requests)],
          },
        ]}
      />
      {advice.map(({ limit, days, suggestedFactor }) => (
        <p>
          <Badge tone="warn">Frequently reached</Badge> <code>{limit}</code> rejected many requests on {days}{" "}
          days. {suggestedFactor} × the limit would have covered 90 % of the busiest hours.
        </p>
      ))}
    </section>
  );
}

const toneOf = (part: number): Tone => (part >= 1 ? "bad" : part >= NEARLY ? "warn" : "plain");

export function Buckets({ buckets }: { buckets: readonly Bucket[] }) {
  if (buckets.length === 0) return <p class="card quiet-text">No limits in use.</p>;
  return (
    <section class="scroll" aria-label="Limits in use" tabindex={0}>
      <table>
        <TableHead columns={["Subject", "Limit", "Usage %", { figure: "Used" }, { figure: "Maximum" }]} />
        <tbody>
          {buckets.map(({ kind, name, target, windowSeconds, spent, most }) => {
            const part = most === null || most === 0 ? 0 : spent / most;
            const percent = `${Math.round(part * 100)} %`;
            return (
              <tr>
                <td>
                  {[name || (target === undefined ? "Organization" : ""), target]
                    .filter(Boolean)
                    .join(" at ")}
                </td>
                <td>
                  {kind}, {perWindow(windowSeconds)}
                </td>
                <td>
                  {most === null ? (
                    "–"
                  ) : (
                    <span class="start">
                      <meter
                        min={0}
                        low={NEARLY}
                        high={FULL}
                        max={1}
                        optimum={0}
                        value={Math.min(part, 1)}
                        aria-label={`${name} ${kind}`}
                      >
                        {percent}
                      </meter>
                      <Badge tone={toneOf(part)}>{percent}</Badge>
                    </span>
                  )}
                </td>
                <td class="number">{counted(spent)}</td>
                <td class="number">{most === null ? "–" : counted(most)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

export function Shares({ shares: { capacity, items } }: { shares: SharesView }) {
  return (
    <section class="card" aria-labelledby="shares">
      <div class="row">
        <h2 id="shares">Capacity shares</h2>
        <span class="quiet-text">{counted(capacity)} requests per minute in total</span>
      </div>
      {items.length === 0 && <p class="quiet-text">No traffic.</p>}
      {items.length > 0 && (
        <BarChart
          title="Share (requests/min)"
          unit=""
          bars={items.map(({ name, share }) => ({ label: name, value: share }))}
        />
      )}
    </section>
  );
}
