/** Which sums answer for a period: fine ones for short periods, and always whole minutes, hours or days of UTC. */
import { GRAIN_MS, GRAINS, type Grain } from "./vocabulary.ts";

export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** More points than this no chart shows and no answer should hold. */
export const MOST_POINTS = 1500;
/** What a chart is easily read with. */
const USUAL_POINTS = 400;

/** From the beginning of its first unit to the end of its last. */
export function wholeUnits({ from, to }: Span, grain: Grain): Span {
  const unit = GRAIN_MS[grain];
  return {
    from: new Date(Math.floor(from.getTime() / unit) * unit),
    to: new Date(Math.ceil(to.getTime() / unit) * unit),
  };
}

export const pointsOf = ({ from, to }: Span, grain: Grain): number =>
  Math.max(0, Math.ceil((to.getTime() - from.getTime()) / GRAIN_MS[grain]));

export function usualGrain(span: Span): Grain {
  return GRAINS.find((grain) => pointsOf(span, grain) <= USUAL_POINTS) ?? "day";
}
