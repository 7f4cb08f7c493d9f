/** Charts over time, drawn by the server: lines, stacked bars, and the hint of a course beside a number. */
import { Time } from "../ui/components.tsx";
import { Figure, LEFT, PLOT_HEIGHT, PLOT_WIDTH, TimeAxis, TOP, toTime, ValueAxis } from "./figure.tsx";
import { round, selectTimeForm, ticksTo, withUnit } from "./scale.ts";

export interface Series {
  readonly label: string;
  /** One for each time; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface TimeChart {
  readonly title: string;
  readonly unit: string;
  /** Milliseconds, rising. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

const valuesOf = (series: readonly Series[]) =>
  series.flatMap(({ values }) => values.flatMap((value) => value ?? []));

function tableOf({ times, series, unit }: TimeChart) {
  return {
    head: ["Time", ...series.map(({ label }) => label)],
    rows: times.map((at, index) => [
      <Time at={new Date(at)} />,
      ...series.map(({ values }) => textOf(values[index], unit)),
    ]),
  };
}

const textOf = (value: number | null | undefined, unit: string) =>
  value === null || value === undefined ? "–" : withUnit(value, unit);

const hint = ({ times, series, unit }: TimeChart, index: number) =>
  [
    toTime(times[index] ?? 0),
    ...series.map(({ label, values }) => `${label}: ${textOf(values[index], unit)}`),
  ].join("\n");

const saysOf = ({ series, unit, times }: TimeChart) => {
  const values = valuesOf(series);
  if (values.length === 0) return "No data";
  const highest = withUnit(Math.max(...values), unit);
  return `${times.length} data points, maximum ${highest}.`;
};

export function LineChart(chart: TimeChart) {
  const { title, unit, times, series } = chart;
  const ticks = ticksTo(Math.max(0, ...valuesOf(series)));
  const most = ticks.at(-1) ?? 1;
  const step = PLOT_WIDTH / Math.max(times.length - 1, 1);
  const xOf = (index: number) => LEFT + index * step;
  const yOf = (value: number) => TOP + PLOT_HEIGHT * (1 - value / most);
  const form = selectTimeForm(times[0] ?? 0, times.at(-1) ?? 0);
  return (
    <Figure title={title} says={saysOf(chart)} legend={series.map(({ label }) => label)} {...tableOf(chart)}>
      <ValueAxis ticks={ticks} unit={unit} />
      <TimeAxis times={times} form={form} xOf={xOf} />
      {series.map(({ values }, index) => (
        <path class={`line series-${index + 1}`} d={pathOf(values, xOf, yOf)} />
      ))}
      {times.map((at, index) => (
        <rect
          class="hover"
          x={xOf(index) - step / 2}
          y={TOP}
          width={step}
          height={PLOT_HEIGHT}
          data-time={at}
        >
          <title>{hint(chart, index)}</title>
        </rect>
      ))}
    </Figure>
  );
}

/** A gap stays a gap; what stands alone becomes a dot. */
function pathOf(
  values: readonly (number | null)[],
  xOf: (index: number) => number,
  yOf: (value: number) => number,
): string {
  let isDrawing = false;
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false;
        return "";
      }
      const point = `${round(xOf(index))} ${round(yOf(value))}`;
      const move = isDrawing ? `L${point}` : `M${point}h0.1`;
      isDrawing = true;
      return move;
    })
    .join("");
}

/** Of each time one bar, its parts on top of each other. */
export function StackedBars(chart: TimeChart) {
  const { title, unit, times, series } = chart;
  const totals = times.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const ticks = ticksTo(Math.max(0, ...totals));
  const most = ticks.at(-1) ?? 1;
  const step = PLOT_WIDTH / Math.max(times.length, 1);
  const xOf = (index: number) => LEFT + (index + 0.5) * step;
  const form = selectTimeForm(times[0] ?? 0, times.at(-1) ?? 0);
  return (
    <Figure title={title} says={saysOf(chart)} legend={series.map(({ label }) => label)} {...tableOf(chart)}>
      <ValueAxis ticks={ticks} unit={unit} />
      <TimeAxis times={times} form={form} xOf={xOf} />
      {times.map((_, index) => {
        let base = TOP + PLOT_HEIGHT;
        return (
          <g>
            {series.map(({ values }, part) => {
              const height = (PLOT_HEIGHT * (values[index] ?? 0)) / most;
              base -= height;
              const x = LEFT + index * step + step * 0.1;
              return (
                <rect
                  class={`bar series-${part + 1}`}
                  x={round(x)}
                  y={round(base)}
                  width={round(step * 0.8)}
                  height={round(height)}
                />
              );
            })}
            <rect class="hover" x={LEFT + index * step} y={TOP} width={step} height={PLOT_HEIGHT}>
              <title>{hint(chart, index)}</title>
            </rect>
          </g>
        );
      })}
    </Figure>
  );
}

/** A hint of a course beside a number. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const most = Math.max(...values, 0) || 1;
  const points = values.map(
    (value, index) =>
      `${round((index * 96) / Math.max(values.length - 1, 1))},${round(22 - (20 * value) / most)}`,
  );
  return (
    <svg class="spark" viewBox="0 0 96 24" role="img" aria-label={label}>
      <polyline class="line series-1" points={points.join(" ")} />
    </svg>
  );
}
