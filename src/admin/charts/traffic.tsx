/** The chart of requests and failed requests per time slot, used by every page that shows traffic. */
import { StackedBars } from "./over-time.tsx";

interface Slot {
  readonly requests: number;
  readonly errors: number;
}

export interface TrafficBarsProps {
  readonly title: string;
  readonly times: readonly number[];
  /** In the order of times; undefined where nothing came. */
  readonly slots: readonly (Slot | undefined)[];
  /** What those that did not fail are called. */
  readonly good?: string;
}

export function TrafficBars({ title, times, slots, good = "Success" }: TrafficBarsProps) {
  return (
    <StackedBars
      title={title}
      unit=""
      times={times}
      series={[
        { label: good, values: slots.map((slot) => (slot?.requests ?? 0) - (slot?.errors ?? 0)) },
        { label: "Errors", values: slots.map((slot) => slot?.errors ?? 0) },
      ]}
    />
  );
}
