/** What an alert rule would have done on past traffic: the state machine of alerts, run over its minutes. */
import { LATENCY_BOUNDS_MS } from "../analytics/histogram.ts";
import { MINUTE_MS } from "../durations.ts";
import { type AlertRule, INITIAL_STATE, nextState } from "./state-machine.ts";
import { computeTrafficValue, type TrafficMetric, type TrafficSum } from "./traffic-metrics.ts";

export interface TrafficMinute extends TrafficSum {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
}

export interface PreviewedRule extends AlertRule {
  readonly metric: TrafficMetric;
}

export interface AlertPreview {
  /** Of the last window; undefined where there was nothing to measure. */
  readonly value: number | undefined;
  readonly highest: number | undefined;
  /** Each time that the alert would have fired; without an end while it would still be firing. */
  readonly firings: readonly { readonly from: number; readonly to: number | undefined }[];
}

/** `minutes`: those with traffic, in ascending order. Evaluates once a minute, as the gateway does. */
export function previewRule(
  rule: PreviewedRule,
  minutes: readonly TrafficMinute[],
  { from, to }: { readonly from: number; readonly to: number },
): AlertPreview {
  const window = new SlidingWindow(minutes, Math.max(rule.windowSeconds * 1000, MINUTE_MS));
  const firings: { from: number; to: number | undefined }[] = [];
  let state = INITIAL_STATE;
  let value: number | undefined;
  let highest: number | undefined;
  for (let at = Math.ceil(from / MINUTE_MS) * MINUTE_MS; at <= to; at += MINUTE_MS) {
    value = computeTrafficValue(rule.metric, window.moveTo(at));
    highest = value === undefined ? highest : Math.max(value, highest ?? value);
    const step = nextState(rule, state, { value, at, isSilenced: false });
    state = step.state;
    if (step.event === "open") firings.push({ from: at, to: undefined });
    const open = firings.at(-1);
    if (step.event === "resolve" && open !== undefined) open.to = at;
  }
  return { value, highest, firings };
}

/** The sum of the minutes within a window that only moves forward: each is added once and subtracted once. */
class SlidingWindow {
  readonly #minutes: readonly TrafficMinute[];
  readonly #lengthMs: number;
  readonly #histogram = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
  #requests = 0;
  #errors = 0;
  #first = 0;
  #end = 0;

  constructor(minutes: readonly TrafficMinute[], lengthMs: number) {
    this.#minutes = minutes;
    this.#lengthMs = lengthMs;
  }

  moveTo(at: number): TrafficSum {
    for (let next = this.#minutes[this.#end]; next !== undefined && next.at < at; ) {
      this.#add(next, 1);
      this.#end += 1;
      next = this.#minutes[this.#end];
    }
    while (this.#first < this.#end) {
      const oldest = this.#minutes[this.#first];
      if (oldest === undefined || oldest.at >= at - this.#lengthMs) break;
      this.#add(oldest, -1);
      this.#first += 1;
    }
    return { requests: this.#requests, errors: this.#errors, histogram: this.#histogram };
  }

  #add({ requests, errors, histogram }: TrafficMinute, sign: 1 | -1): void {
    this.#requests += sign * requests;
    this.#errors += sign * errors;
    for (const [slot, count] of histogram.entries()) {
      this.#histogram[slot] = (this.#histogram[slot] ?? 0) + sign * count;
    }
  }
}
