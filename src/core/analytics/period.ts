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

export interface Piece extends Span {
  readonly grain: Grain;
}

const COARSER: Readonly<Partial<Record<Grain, Grain>>> = { minute: "hour", hour: "day" };

/** The same span in as few units as there are: whole hours and days where it holds such, finer ones at its ends. */
export function piecesOf(span: Span, grain: Grain): readonly Piece[] {
  const coarser = COARSER[grain];
  if (coarser === undefined) return [{ ...span, grain }];
  const unit = GRAIN_MS[coarser];
  const from = new Date(Math.ceil(span.from.getTime() / unit) * unit);
  const to = new Date(Math.floor(span.to.getTime() / unit) * unit);
  if (from >= to) return [{ ...span, grain }];
  const ends: readonly Piece[] = [
    { from: span.from, to: from, grain },
    { from: to, to: span.to, grain },
  ];
  return [...ends.filter((end) => end.from < end.to), ...piecesOf({ from, to }, coarser)];
}
