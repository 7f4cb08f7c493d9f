/** The parts of all charts: title, axes, legend, and the same data as a table for screen readers. */
import type { Child } from "hono/jsx";
import { TableHead, utcText } from "../ui/components.tsx";
import { short, spread, type TimeForm, timeText, withUnit } from "./scale.ts";

export const WIDTH = 560;
export const HEIGHT = 190;
/** Room for the axes' words. */
export const LEFT = 52;
export const RIGHT = 10;
export const TOP = 10;
const BOTTOM = 24;
export const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
export const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;

interface FigureProps {
  readonly title: string;
  /** In a sentence: what is to be seen. */
  readonly says: string;
  readonly width?: number;
  readonly height?: number;
  readonly legend?: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly Child[])[];
  readonly children?: Child;
}

export function Figure(props: FigureProps) {
  const { title, says, width = WIDTH, height = HEIGHT, legend = [], head, rows, children } = props;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <svg
        class={width < WIDTH ? "narrow" : ""}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title}. ${says}`}
      >
        {children}
      </svg>
      {legend.length > 1 && (
        <ul class="legend">
          {legend.map((label, index) => (
            <li>
              <svg viewBox="0 0 24 8" aria-hidden="true">
                <line x1="0" y1="4" x2="24" y2="4" class={`line series-${index + 1}`} />
              </svg>{" "}
              {label}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Show as table</summary>
        <section class="scroll tall" aria-label={`${title}, as table`} tabindex={0}>
          <table>
            <TableHead columns={head} />
            <tbody>
              {rows.map((cells) => (
                <tr>
                  {cells.map((cell) => (
                    <td>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

export function ValueAxis({ ticks, unit }: { ticks: readonly number[]; unit: string }) {
  const most = ticks.at(-1) ?? 1;
  return (
    <>
      {ticks.map((value, index) => {
        const y = TOP + PLOT_HEIGHT * (1 - value / most);
        const isTop = index === ticks.length - 1;
        return (
          <>
            <line class="axis" x1={LEFT} y1={y} x2={WIDTH - RIGHT} y2={y} />
            <text x={LEFT - 6} y={y + 4} text-anchor="end">
              {isTop ? withUnit(value, unit) : short(value)}
            </text>
          </>
        );
      })}
    </>
  );
}

/** In UTC; the script shows this place's time. */
export function TimeAxis({
  times,
  form,
  xOf,
}: {
  times: readonly number[];
  form: TimeForm;
  xOf: (index: number) => number;
}) {
  const marks = spread(times.length, 5);
  return (
    <>
      {marks.map((index, place) => {
        const anchor = place === 0 ? "start" : place === marks.length - 1 ? "end" : "middle";
        const at = times[index] ?? 0;
        return (
          <text
            x={xOf(index)}
            y={HEIGHT - 6}
            text-anchor={marks.length === 1 ? "middle" : anchor}
            data-at={new Date(at).toISOString()}
            data-form={form}
          >
            {timeText(at, form)}
          </text>
        );
      })}
    </>
  );
}

export const toTime = (at: number) => utcText(new Date(at));
