/** The two sides of a flag in numbers. */
import { z } from "zod";
import { withUnit } from "../charts/scale.ts";
import { Badge, TableHead, Tabs } from "../ui/components.tsx";

export const side = z.object({
  isOn: z.boolean(),
  subjects: z.number(),
  calls: z.number(),
  errors: z.number(),
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
              { figure: "Avg. duration" },
              { figure: "p95" },
            ]}
          />
          <tbody>
            {sides.map(({ isOn, subjects, calls, errors, avgMs, p95Ms }) => (
              <tr>
                <th scope="row">
                  <Badge tone={isOn ? "good" : "off"}>{isOn ? "on" : "off"}</Badge>
                </th>
                <td class="number">{subjects}</td>
                <td class="number">{calls}</td>
                <td class="number">{share(errors, calls)}</td>
                <td class="number">{ms(avgMs)}</td>
                <td class="number">{ms(p95Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
