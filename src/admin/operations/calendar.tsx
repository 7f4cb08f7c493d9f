/** A month as a table: weeks below each other, what is on in each day. */
import { DAY_MS } from "../../core/durations.ts";
import { TableHead } from "../ui/components.tsx";

interface Neighbour {
  /** As an address has it: 2026-11. */
  readonly key: string;
  readonly name: string;
}

export interface Month {
  readonly name: string;
  readonly before: Neighbour;
  readonly after: Neighbour;
  /** With the days of neighbours that fill the first and the last week. */
  readonly from: string;
  readonly to: string;
  readonly days: readonly { readonly at: number; readonly isInside: boolean }[];
}

export interface Entry {
  readonly title: string;
  readonly path: string;
  readonly note: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NAMES = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

const keyOf = (date: Date) => date.toISOString().slice(0, 7);
const neighbour = (date: Date): Neighbour => ({ key: keyOf(date), name: NAMES.format(date) });

/** An invalid value means the current month. */
export function parseMonth(text: string | undefined, now: Date): Month {
  const asked = /^(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])$/.test(text ?? "") ? `${text}` : keyOf(now);
  const first = new Date(`${asked}-01T00:00:00Z`);
  const at = (months: number) => new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + months, 1));
  const next = at(1).getTime();
  const from = first.getTime() - weekdayOf(first) * DAY_MS;
  const to = next + ((7 - weekdayOf(new Date(next))) % 7) * DAY_MS;
  return {
    name: NAMES.format(first),
    before: neighbour(at(-1)),
    after: neighbour(at(1)),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    days: Array.from({ length: (to - from) / DAY_MS }, (_, index) => {
      const day = from + index * DAY_MS;
      return { at: day, isInside: day >= first.getTime() && day < next };
    }),
  };
}

/** Monday is 0. */
const weekdayOf = (date: Date) => (date.getUTCDay() + 6) % 7;

export function MonthTable({ month, entries }: { month: Month; entries: readonly Entry[] }) {
  const weeks = Array.from({ length: month.days.length / 7 }, (_, week) =>
    month.days.slice(week * 7, week * 7 + 7),
  );
  const on = (day: number) =>
    entries.filter(({ startsAt, endsAt }) => Date.parse(startsAt) < day + DAY_MS && Date.parse(endsAt) > day);
  return (
    <section class="scroll" aria-label={`Calendar for ${month.name}`} tabindex={0}>
      <table class="month">
        <TableHead columns={WEEKDAYS} />
        <tbody>
          {weeks.map((days) => (
            <tr>
              {days.map(({ at, isInside }) => (
                <td class={isInside ? "" : "outside"}>
                  <span class="day">{new Date(at).getUTCDate()}</span>
                  {on(at).map(({ path, title, note, startsAt }) => (
                    <a class="entry" href={path} title={note}>
                      {Date.parse(startsAt) >= at && `${startsAt.slice(11, 16)} `}
                      {title}
                    </a>
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
