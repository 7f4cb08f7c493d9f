/** Charts of blocks, drawn by the server: bars by name, heat, spans of a state. */
import type { Tone } from "../ui/components.tsx";
import { Time } from "../ui/components.tsx";
import { Figure, HEIGHT, LEFT, PLOT_HEIGHT, PLOT_WIDTH, RIGHT, TOP, toTime, WIDTH } from "./figure.tsx";
import { round, selectTimeForm, withUnit } from "./scale.ts";

export interface NamedValue {
  readonly label: string;
  readonly value: number;
}

const ROW = 24;
const NAME = 128;
const BARS_WIDTH = 360;

/** The largest first, one below the other. */
export function BarChart({
  title,
  unit,
  bars,
}: {
  title: string;
  unit: string;
  bars: readonly NamedValue[];
}) {
  const most = Math.max(...bars.map(({ value }) => value), 0) || 1;
  const room = BARS_WIDTH - NAME - 54;
  return (
    <Figure
      title={title}
      says={`${bars.length} bars, maximum ${withUnit(most, unit)}.`}
      width={BARS_WIDTH}
      height={bars.length * ROW + 4}
      head={["Name", title]}
      rows={bars.map(({ label, value }) => [label, withUnit(value, unit)])}
    >
      {bars.map(({ label, value }, index) => (
        <g>
          <title>{`${label}: ${withUnit(value, unit)}`}</title>
          <text x={NAME - 8} y={index * ROW + 16} text-anchor="end">
            {label.length > 20 ? `${label.slice(0, 19)}…` : label}
          </text>
          <rect
            class="bar series-1"
            x={NAME}
            y={index * ROW + 4}
            width={(room * value) / most}
            height={ROW - 8}
            rx="2"
          />
          <text x={NAME + (room * value) / most + 6} y={index * ROW + 16}>
            {withUnit(value, unit)}
          </text>
        </g>
      ))}
    </Figure>
  );
}

interface HeatProps {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By row, then column. */
  readonly values: readonly (readonly number[])[];
}

export function HeatMap({ title, unit, rows, columns, values }: HeatProps) {
  const most = Math.max(0, ...values.flat()) || 1;
  const width = PLOT_WIDTH / Math.max(columns.length, 1);
  const every = Math.ceil(columns.length / 12);
  return (
    <Figure
      title={title}
      says={`Maximum ${withUnit(most, unit)}.`}
      height={rows.length * 18 + 26}
      head={["", ...columns]}
      rows={rows.map((row, index) => [row, ...(values[index] ?? []).map((value) => withUnit(value, unit))])}
    >
      {rows.map((row, y) => (
        <>
          <text x={LEFT - 6} y={y * 18 + 13} text-anchor="end">
            {row}
          </text>
          {columns.map((column, x) => {
            const value = values[y]?.[x] ?? 0;
            // In nine steps, so that no style stands in the page.
            const heat = value === 0 ? 0 : Math.max(1, Math.round((value / most) * 8));
            return (
              <rect
                class={`heat heat-${heat}`}
                x={round(LEFT + x * width)}
                y={y * 18}
                width={round(width - 1)}
                height="17"
              >
                <title>{`${row}, ${column}: ${withUnit(value, unit)}`}</title>
              </rect>
            );
          })}
        </>
      ))}
      {columns.map(
        (column, x) =>
          x % every === 0 && (
            <text x={LEFT + (x + 0.5) * width} y={rows.length * 18 + 14} text-anchor="middle">
              {column}
            </text>
          ),
      )}
    </Figure>
  );
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  readonly label: string;
}

/** What something was when, such as a server's health. */
export function Timeline({
  title,
  from,
  to,
  spans,
}: {
  title: string;
  from: number;
  to: number;
  spans: readonly Span[];
}) {
  const length = Math.max(to - from, 1);
  const xOf = (at: number) => LEFT + (PLOT_WIDTH * (Math.min(Math.max(at, from), to) - from)) / length;
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => from + part * length);
  return (
    <Figure
      title={title}
      says={`${spans.length} spans.`}
      height={HEIGHT - PLOT_HEIGHT + 26}
      head={["From", "To", "Status"]}
      rows={spans.map((span) => [
        <Time at={new Date(span.from)} />,
        <Time at={new Date(span.to)} />,
        span.label,
      ])}
    >
      <rect class="span off" x={LEFT} y={TOP} width={WIDTH - LEFT - RIGHT} height="22" rx="3" />
      {spans.map((span) => (
        <rect
          class={`span ${span.tone}`}
          x={round(xOf(span.from))}
          y={TOP}
          width={round(Math.max(xOf(span.to) - xOf(span.from), 1))}
          height="22"
        >
          <title>{`${span.label}\n${toTime(span.from)} to ${toTime(span.to)}`}</title>
        </rect>
      ))}
      {marks.map((at, index) => (
        <text
          x={xOf(at)}
          y={TOP + 40}
          text-anchor={index === 0 ? "start" : index === 4 ? "end" : "middle"}
          data-at={new Date(at).toISOString()}
          data-form={selectTimeForm(from, to)}
        >
          {new Date(at).toISOString().slice(11, 16)}
        </text>
      ))}
    </Figure>
  );
}
