/** Which sums answer for a period: fine ones for short periods, and always whole minutes, hours or days of UTC. */
import { GRAIN_MS, GRAINS, type Grain } from "./dimensions.ts";

export interface TimeSpan {
  readonly from: Date;
  readonly to: Date;
}

/** More points than this no chart shows and no answer should hold. */
export const MAX_POINTS = 1500;
/** What a chart is easily read with. */
const DEFAULT_POINTS = 400;

/** From the beginning of its first unit to the end of its last. */
export function alignToGrain({ from, to }: TimeSpan, grain: Grain): TimeSpan {
  const unit = GRAIN_MS[grain];
  return {
    from: new Date(Math.floor(from.getTime() / unit) * unit),
    to: new Date(Math.ceil(to.getTime() / unit) * unit),
  };
}

export const listBuckets = ({ from, to }: TimeSpan, grain: Grain): number =>
  Math.max(0, Math.ceil((to.getTime() - from.getTime()) / GRAIN_MS[grain]));

export function defaultGrain(span: TimeSpan): Grain {
  return GRAINS.find((grain) => listBuckets(span, grain) <= DEFAULT_POINTS) ?? "day";
}

export interface RollupPiece extends TimeSpan {
  readonly grain: Grain;
}

const COARSER: Readonly<Partial<Record<Grain, Grain>>> = { minute: "hour", hour: "day" };

/** The same span in as few units as there are: whole hours and days where it holds such, finer ones at its ends. */
export function splitByRollup(span: TimeSpan, grain: Grain): readonly RollupPiece[] {
  const coarser = COARSER[grain];
  if (coarser === undefined) return [{ ...span, grain }];
  const unit = GRAIN_MS[coarser];
  const from = new Date(Math.ceil(span.from.getTime() / unit) * unit);
  const to = new Date(Math.floor(span.to.getTime() / unit) * unit);
  if (from >= to) return [{ ...span, grain }];
  const ends: readonly RollupPiece[] = [
    { from: span.from, to: from, grain },
    { from: to, to: span.to, grain },
  ];
  return [...ends.filter((end) => end.from < end.to), ...splitByRollup({ from, to }, coarser)];
}
