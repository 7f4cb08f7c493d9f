/** The two sides of a flag in numbers. */
import { z } from "zod";
import { withUnit } from "../charts/scale.ts";
import { Badge, TableHead, Tabs } from "../ui/components.tsx";

const interval = z.object({ low: z.number(), high: z.number() });

export const side = z.object({
  isOn: z.boolean(),
  subjects: z.number(),
  calls: z.number(),
  errors: z.number(),
  errorRateInterval: interval.nullable(),
  difference: interval.extend({ value: z.number() }).nullable(),
  avgMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
});

const PERIODS = [
  { label: "Last 24 hours", hours: 24 },
  { label: "Last 7 days", hours: 168 },
  { label: "Last 30 days", hours: 720 },
];

const ms = (value: number | null) => (value === null ? "–" : withUnit(value, "ms"));
const share = (errors: number, calls: number) => (calls === 0 ? "–" : withUnit((100 * errors) / calls, "%"));

const percent = (fraction: number) => withUnit(100 * fraction, "%");
const range = (of: z.output<typeof interval> | null) =>
  of === null ? "–" : `${percent(of.low)} to ${percent(of.high)}`;

/** What can be concluded from the difference of the two error rates. */
function Conclusion({ sides }: Pick<ResultsProps, "sides">) {
  const difference = sides.find(({ isOn }) => isOn)?.difference ?? null;
  if (difference === null) return <p>A comparison needs calls of both variants.</p>;
  const isCertain = difference.low > 0 || difference.high < 0;
  const points = (value: number) => `${value > 0 ? "+" : ""}${withUnit(100 * value, "percentage points")}`;
  return (
    <p>
      Error rate with the flag on: {points(difference.value)} (95 % confidence interval{" "}
      {points(difference.low)} to {points(difference.high)}).{" "}
      {isCertain ? "The variants differ." : "The variants may not differ: more calls narrow the interval."}
    </p>
  );
}

interface ResultsProps {
  readonly id: string;
  readonly hours: number;
  readonly sides: readonly z.output<typeof side>[];
}

export function FlagResults({ id, hours, sides }: ResultsProps) {
  const addressOf = (period: number) => `/admin/settings/flags/${id}/results?hours=${period}`;
  const tabs = PERIODS.map(({ label, hours: period }) => ({ label, path: addressOf(period) }));
  return (
    <>
      <Tabs tabs={tabs} current={addressOf(hours)} label="Period" />
      <div class="scroll">
        <table aria-label="Outcomes by variant">
          <TableHead
            columns={[
              "Variant",
              { figure: "Users and API keys" },
              { figure: "Calls" },
              { figure: "Error rate" },
              { figure: "95 % confidence interval" },
              { figure: "Avg. duration" },
              { figure: "p95" },
            ]}
          />
          <tbody>
            {sides.map(({ isOn, subjects, calls, errors, errorRateInterval, avgMs, p95Ms }) => (
              <tr>
                <th scope="row">
                  <Badge tone={isOn ? "good" : "off"}>{isOn ? "on" : "off"}</Badge>
                </th>
                <td class="number">{subjects}</td>
                <td class="number">{calls}</td>
                <td class="number">{share(errors, calls)}</td>
                <td class="number">{range(errorRateInterval)}</td>
                <td class="number">{ms(avgMs)}</td>
                <td class="number">{ms(p95Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Conclusion sides={sides} />
    </>
  );
}
