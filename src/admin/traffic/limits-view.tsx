/** The parts of the page on limits as they stand. */
import { MINUTE_MS } from "../../core/limits/algorithms/samples.ts";
import { BarChart } from "../charts/blocks.tsx";
import { LineChart } from "../charts/over-time.tsx";
import { Button, PostForm } from "../forms/parts.tsx";
import { Badge, Empty, Stats, TableHead, Time, type Tone } from "../ui/parts.tsx";
import type { Bucket, OutlookView, SharesView, TrafficView } from "./limits-now.tsx";
import { perWindow } from "./windows.ts";

const PAST_MINUTES = 180;
/** From then on a limit is worth a look. */
const NEARLY = 0.8;
const FULL = 0.99;

const counted = (count: number) => Math.round(count).toLocaleString("en");

export function Figures({ outlook, traffic }: { outlook: OutlookView; traffic: TrafficView }) {
  const { past, share, expectedPeak, knowsDays } = outlook;
  return (
    <Stats
      stats={[
        {
          label: "Last whole minute",
          value: counted(past.at(-1)?.requests ?? 0),
          note: "requests",
        },
        {
          label: "Fair share just now",
          value: share === null ? "–" : counted(share),
          note:
            share === null
              ? "none is needed while it is quiet"
              : "requests a minute, more while others are quiet",
        },
        {
          label: "Expected at most",
          value: knowsDays ? counted(expectedPeak) : "–",
          note: knowsDays ? "a minute, in the next five" : "known after a whole day",
        },
        { label: "Addresses shut out", value: traffic.bans.length, note: "for a while, by themselves" },
      ]}
    />
  );
}

export function Outlook({ outlook, advice }: { outlook: OutlookView; advice: TrafficView["advice"] }) {
  const past = outlook.past.slice(-PAST_MINUTES);
  const next = outlook.next.filter(({ minute }) => minute > (past.at(-1)?.minute ?? 0));
  if (past.length === 0) {
    return (
      <div class="card">
        <Empty title="No traffic yet">
          <p>Each minute of a day is counted here, with what was expected of it.</p>
        </Empty>
      </div>
    );
  }
  const minutes = [...past, ...next].map(({ minute }) => minute * MINUTE_MS);
  const none = (count: number) => Array<null>(count).fill(null);
  return (
    <section class="card" aria-labelledby="outlook">
      <h2 id="outlook">Forecast against what came</h2>
      <LineChart
        title="Requests a minute, three hours back and one ahead"
        unit=""
        times={minutes}
        series={[
          { label: "came", values: [...past.map(({ requests }) => requests), ...none(next.length)] },
          {
            label: "expected",
            values: [...past.map(({ forecast }) => forecast), ...next.map(({ requests }) => requests)],
          },
        ]}
      />
      {advice.map(({ limit, days, suggestedFactor }) => (
        <p>
          <Badge tone="warn">often hit</Badge> <code>{limit}</code> refused many on {days} days.{" "}
          {suggestedFactor} times as much would have been enough nearly always.
        </p>
      ))}
    </section>
  );
}

const toneOf = (part: number): Tone => (part >= 1 ? "bad" : part >= NEARLY ? "warn" : "plain");

export function Buckets({ buckets }: { buckets: readonly Bucket[] }) {
  if (buckets.length === 0)
    return <p class="card quiet-text">Nothing was asked for in any limit's window.</p>;
  return (
    <section class="scroll" aria-label="Limits in use" tabindex={0}>
      <table>
        <TableHead columns={["Whose", "Limit", "Full", { figure: "Used" }, { figure: "Of" }]} />
        <tbody>
          {buckets.map(({ kind, name, windowSeconds, spent, most }) => {
            const part = most === null || most === 0 ? 0 : spent / most;
            const percent = `${Math.round(part * 100)} %`;
            return (
              <tr>
                <td>{name || "the organisation"}</td>
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

/** `token`: undefined for whoever may not lift any. */
export function Bans({ bans, token }: { bans: TrafficView["bans"]; token: string | undefined }) {
  return (
    <section class="card" aria-labelledby="bans">
      <h2 id="bans">Banned addresses</h2>
      {bans.length === 0 && (
        <p class="quiet-text">
          Nobody is shut out. Who goes on and on after being refused is, for a minute at first, then for
          longer.
        </p>
      )}
      {bans.length > 0 && (
        <section class="scroll" aria-label="Bans" tabindex={0}>
          <table>
            <TableHead columns={["Address", "Until", ...(token !== undefined ? ["Action"] : [])]} />
            <tbody>
              {bans.map(({ place, endsAt }) => (
                <tr>
                  <td>
                    <code>{place}</code>
                  </td>
                  <td>
                    <Time at={endsAt} />
                  </td>
                  {token !== undefined && (
                    <td>
                      <PostForm
                        action="/admin/rate-limits/now/lift"
                        token={token}
                        hidden={{ place }}
                        class="inline"
                      >
                        <Button kind="quiet">Let in again</Button>
                      </PostForm>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

export function Shares({ shares: { capacity, items } }: { shares: SharesView }) {
  return (
    <section class="card" aria-labelledby="shares">
      <div class="row">
        <h2 id="shares">Fair shares of all organisations</h2>
        <span class="quiet-text">{counted(capacity)} requests a minute in all</span>
      </div>
      {items.length === 0 && <p class="quiet-text">No organisation has traffic.</p>}
      {items.length > 0 && (
        <BarChart
          title="May have, requests a minute"
          unit=""
          bars={items.map(({ name, share }) => ({ label: name, value: share }))}
        />
      )}
    </section>
  );
}
